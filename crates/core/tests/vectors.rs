//! The bytes in `vectors/`, which the Python tests read too.
#![expect(
    clippy::unwrap_used,
    reason = "a vector that has not the documented form fails the test"
)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flask_session_core::{Data, Entry, ErrorKind, Format, Note, Record, Value};
use serde_json::Value as Json;

fn vectors(name: &str) -> Vec<Json> {
    let path = format!("{}/../../vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let vectors: Vec<Json> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert!(!vectors.is_empty());
    vectors
}

fn text<'a>(vector: &'a Json, field: &str) -> &'a str {
    vector[field].as_str().unwrap()
}

fn hex(text: &str) -> Bytes {
    let digit = |digit: u8| u8::try_from(char::from(digit).to_digit(16).unwrap()).unwrap();
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    assert!(rest.is_empty());
    let bytes: Vec<u8> = pairs
        .iter()
        .map(|[high, low]| digit(*high) << 4 | digit(*low))
        .collect();
    bytes.into()
}

/// A record with one entry, the vector's value under the key `v`; `None` where the format can't hold it.
fn record(vector: &Json, format: Format) -> Option<Record> {
    let (value, notes) = match format {
        Format::Msgpack => (hex(text(vector, "msgpack")), text(vector, "msgpack_notes")),
        Format::Json => (
            vector["json"].as_str()?.to_owned().into(),
            text(vector, "json_notes"),
        ),
    };
    let note = (!notes.is_empty()).then(|| Note::new(crc32fast::hash(&value), notes.to_owned()));
    let key = format.encode_key("v").into();
    Some(Record::new(format, vec![Entry { key, value, note }]))
}

fn assert_same(found: &Record, expected: &Record, name: &str) {
    let (found, expected) = (&found.entries()[0], &expected.entries()[0]);
    let show = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(show(&found.value), show(&expected.value), "{name}");
    assert_eq!(found.value, expected.value, "{name}");
    let notes = |entry: &Entry| entry.note.as_ref().map(|note| note.text().to_owned());
    assert_eq!(notes(found), notes(expected), "{name}");
    assert_eq!(found, expected, "{name}");
}

#[test]
fn every_value_is_read_and_written_unchanged_in_both_formats() {
    for vector in vectors("values") {
        let name = text(&vector, "name");
        for format in [Format::Msgpack, Format::Json] {
            let Some(record) = record(&vector, format) else {
                continue;
            };
            let again = Record::from_data(&record.to_data().unwrap(), format).unwrap();
            assert_same(&again, &record, name);
            let payload = record.write(true);
            let read = Record::read(&payload, format, false).unwrap().unwrap();
            assert_eq!(read, record, "{name}");
        }
    }
}

#[test]
fn a_value_stored_as_json_is_the_one_that_is_stored_as_messagepack() {
    for vector in vectors("values") {
        if let Some(json) = record(&vector, Format::Json) {
            let expected = record(&vector, Format::Msgpack).unwrap();
            let found = Record::read(&json.write(true), Format::Msgpack, false);
            assert_same(&found.unwrap().unwrap(), &expected, text(&vector, "name"));
        }
    }
}

#[test]
fn every_session_is_read_and_written_unchanged() {
    for vector in vectors("sessions") {
        let name = text(&vector, "name");
        let msgpack = (
            hex(text(&vector, "msgpack")),
            hex(text(&vector, "msgpack_plain")),
        );
        let text = |field| Bytes::from(text(&vector, field).to_owned());
        let json = (text("json"), text("json_plain"));
        for (format, (payload, plain)) in [(Format::Msgpack, msgpack), (Format::Json, json)] {
            let record = Record::read(&payload, format, false).unwrap().unwrap();
            assert_eq!(record.write(true), payload, "{name}");
            assert_eq!(record.write(false), plain, "{name}");
            let data = record.to_data().unwrap();
            let again = Record::from_data(&data, format).unwrap();
            assert_eq!(again.write(true), payload, "{name}");
            let moved = Record::read(&payload, format.other(), false)
                .unwrap()
                .unwrap();
            assert_eq!(moved.to_data().unwrap(), data, "{name}");
        }
    }
}

#[test]
fn every_pickle_holds_the_value_of_its_name() {
    let values = vectors("values");
    for vector in vectors("pickles") {
        let name = text(&vector, "name");
        let about = format!(
            "{name}, Python {}, protocol {}",
            vector["python"], vector["protocol"]
        );
        let pickle = hex(text(&vector, "pickle"));
        let read = Record::read(&pickle, Format::Msgpack, true);
        let read = read
            .unwrap_or_else(|error| panic!("{about}: {error}"))
            .unwrap();
        if name == "session" {
            assert_eq!(read.write(true), hex(text(&vector, "msgpack")), "{about}");
            continue;
        }
        let value = values.iter().find(|value| value["name"] == name).unwrap();
        let expected = record(value, Format::Msgpack).unwrap();
        let entry = read.get(&expected.entries()[0].key).unwrap().clone();
        assert_same(
            &Record::new(Format::Msgpack, vec![entry]),
            &expected,
            &about,
        );
        let off = Record::read(&pickle, Format::Msgpack, false).unwrap_err();
        assert!(off.to_string().contains("SESSION_LEGACY_PICKLE"), "{about}");
    }
}

#[test]
fn what_another_writer_wrote_is_read_and_written_afresh_as_ours() {
    for vector in vectors("foreign") {
        let (format, payload, canonical) = match text(&vector, "format") {
            "msgpack" => (
                Format::Msgpack,
                hex(text(&vector, "payload")),
                hex(text(&vector, "canonical")),
            ),
            _ => (
                Format::Json,
                text(&vector, "payload").to_owned().into(),
                text(&vector, "canonical").to_owned().into(),
            ),
        };
        let record = Record::read(&payload, format, false).unwrap().unwrap();
        let fresh = record.entries().iter();
        let fresh = fresh.map(|entry| flask_session_core::canonical(entry, format).unwrap());
        let fresh = Record::new(format, fresh.collect());
        assert_eq!(fresh.write(true), canonical, "{}", text(&vector, "name"));
    }
}

#[test]
fn what_is_no_session_is_refused_in_every_setting() {
    for vector in vectors("corrupt") {
        let payload = Bytes::from(STANDARD.decode(text(&vector, "base64")).unwrap());
        for format in [Format::Msgpack, Format::Json] {
            for legacy_pickle in [true, false] {
                let error = Record::read(&payload, format, legacy_pickle).unwrap_err();
                assert_eq!(
                    error.kind(),
                    ErrorKind::Corrupt,
                    "{}",
                    text(&vector, "name")
                );
            }
        }
    }
}

#[test]
fn the_vectors_cover_every_type() {
    let mut found: Vec<&str> = Vec::new();
    for vector in vectors("values") {
        let data: Data = record(&vector, Format::Msgpack).unwrap().to_data().unwrap();
        found.push(data.get("v").map_or("", Value::type_name));
    }
    for name in [
        "None",
        "bool",
        "int",
        "float",
        "str",
        "bytes",
        "bytearray",
        "list",
        "tuple",
        "set",
        "frozenset",
        "deque",
        "dict",
        "OrderedDict",
        "datetime",
        "date",
        "time",
        "timedelta",
        "Decimal",
        "UUID",
        "Markup",
        "MessagePack extension",
    ] {
        assert!(found.contains(&name), "{name}");
    }
}
