//! What fuzzers start from: the vectors that every reader must know, attacks that are known, a few lines for
//! what has no vectors, and every input that once failed.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use crate::gadgets;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The seeds of a target.
#[must_use]
pub fn seeds(name: &str) -> Vec<Vec<u8>> {
    let mut seeds = made(name);
    let lines = root().join("seeds").join(name).with_extension("txt");
    if let Ok(text) = std::fs::read_to_string(lines) {
        seeds.extend(text.lines().map(|line| line.as_bytes().to_vec()));
    }
    seeds.extend(found(name));
    seeds
}

/// The inputs that once failed, in the order of their names.
fn found(name: &str) -> Vec<Vec<u8>> {
    let Ok(folder) = std::fs::read_dir(root().join("seeds").join(name)) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect()
}

fn made(name: &str) -> Vec<Vec<u8>> {
    match name {
        "msgpack" => records("msgpack"),
        "json" => records("json"),
        "notes" => [notes("msgpack"), notes("json")].concat(),
        "pickle" => pickles()
            .into_iter()
            .chain(gadgets().into_iter().map(|(_, pickle)| pickle))
            .collect(),
        "files" => files(),
        _ => Vec::new(),
    }
}

/// Every session and every value of the vectors, and what is no session.
fn records(format: &str) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for vector in vectors("sessions") {
        seeds.extend(encoded(&vector, format));
    }
    for vector in vectors("foreign") {
        if text(&vector, "format") == Some(format) {
            seeds.extend(bytes_of(format, text(&vector, "payload")));
        }
    }
    for vector in vectors("values") {
        let Some(value) = encoded(&vector, format) else {
            continue;
        };
        let around: [&[u8]; 2] = match format {
            "json" => [b"{\"v\":", b"}"],
            _ => [b"\x81\xa1v", b""],
        };
        seeds.push([around[0], &value, around[1]].concat());
    }
    for vector in vectors("corrupt") {
        seeds.extend(text(&vector, "base64").map(|text| STANDARD.decode(text).unwrap()));
    }
    seeds
}

fn notes(format: &str) -> Vec<Vec<u8>> {
    let noted = |vector: &Json| {
        let notes = text(vector, &format!("{format}_notes"))?.as_bytes();
        Some([notes, b"\xff", &encoded(vector, format)?].concat())
    };
    vectors("values").iter().filter_map(noted).collect()
}

/// The pickles of the vectors: every type that is read, protocols 0 to 5, of Python 2 and 3.
fn pickles() -> Vec<Vec<u8>> {
    let vectors = vectors("pickles");
    let pickles = vectors.iter().map(|vector| text(vector, "pickle"));
    pickles.map(|digits| hexadecimal(digits.unwrap())).collect()
}

/// Pickles behind each of cachelib's headers, and records of ours.
fn files() -> Vec<Vec<u8>> {
    let heads: [&[u8]; 6] = [
        b"\0\0\0\0",
        b"\xff\xff\xff\x7f",
        b"J\xff\xff\xff\x7f.",
        b"K\x00.",
        b"L4000000000L\n.",
        b"\x80\x05\x95\x06\0\0\0\0\0\0\0J\xff\xff\xff\x7f.",
    ];
    let mut seeds = Vec::new();
    let pickles = pickles();
    for (number, pickle) in pickles.iter().enumerate().step_by(7) {
        let kind = u8::try_from(number % 2).unwrap();
        seeds.push([&[kind][..], heads[number % heads.len()], pickle].concat());
    }
    let key = b"session:a-session-in-a-file";
    for payload in records("msgpack") {
        let mut record = b"\x03FSRS\x01\0".to_vec();
        record.extend(u16::try_from(key.len()).unwrap().to_le_bytes());
        record.extend(u64::MAX.to_le_bytes());
        record.extend([7; 8]);
        record.extend([0; 4]);
        record.extend([key, &*payload].concat());
        seeds.push(record);
    }
    seeds
}

fn vectors(name: &str) -> Vec<Json> {
    let path = root()
        .join("../../vectors")
        .join(name)
        .with_extension("json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn text<'a>(vector: &'a Json, field: &str) -> Option<&'a str> {
    vector[field].as_str()
}

fn encoded(vector: &Json, format: &str) -> Option<Vec<u8>> {
    bytes_of(format, text(vector, format))
}

/// MessagePack is in hexadecimal there, JSON is itself.
fn bytes_of(format: &str, text: Option<&str>) -> Option<Vec<u8>> {
    match format {
        "json" => text.map(|text| text.as_bytes().to_vec()),
        _ => text.map(hexadecimal),
    }
}

fn hexadecimal(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().as_chunks::<2>().0.iter();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16);
    pairs.map(|pair| byte(pair).unwrap()).collect()
}
