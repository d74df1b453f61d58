//! One operation of the core a hundred times, for callgrind to count: `make instructions`.
//!
//! Usage: instructions OPERATION, or without an argument: prints the operations.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program that measures"
)]

mod sample;

use std::hint::black_box;

use bytes::Bytes;
use flask_session_core::{
    Base, Commit, Edit, Encoding, Entry, Format, Key, Loaded, OnConflict, Outcome, Record, Reply,
    Revision, Saved, SessionId, Signer, Step, Target, candidates,
};

use sample::session;

type Call = Box<dyn FnMut()>;
type Operation = (&'static str, Call);

const CALLS: usize = 100;
const ID: &str = "7B3dcwy83YF8PXgNLcUIYJA2-qEOvY7BlEaFdqyRaAk";
const HEADER: &str = "_ga=GA1.2.1234567890.1700000000; theme=dark; consent=all; \
    session=7B3dcwy83YF8PXgNLcUIYJA2-qEOvY7BlEaFdqyRaAk; locale=en_GB";

/// What callgrind counts: whatever is called below it.
#[inline(never)]
fn counted(calls: usize, call: &mut dyn FnMut()) {
    for _ in 0..calls {
        call();
    }
}

/// Counts `call`, after a first one that fills what is made once.
fn count(mut call: impl FnMut() + 'static) -> Call {
    Box::new(move || {
        call();
        counted(black_box(CALLS), &mut call);
    })
}

fn operations() -> Vec<Operation> {
    let mut found: Vec<Operation> = vec![
        (
            "find the cookie in its header",
            count(|| {
                black_box(candidates(black_box(HEADER), "session", 3).next());
            }),
        ),
        (
            "check an id",
            count(|| {
                black_box(SessionId::parse(black_box(ID)));
            }),
        ),
    ];
    found.extend(signing());
    for format in [Format::Msgpack, Format::Json] {
        found.extend(codec(format));
    }
    found.push(("open: bytes to a record", opening()));
    found.push(("commit: nothing changed", committing(None)));
    found.push(("commit: one key changed", committing(Some(18))));
    found
}

fn signing() -> [Operation; 2] {
    let signer = Signer::new(b"a secret key", &[] as &[&str]).unwrap();
    let cookie = signer.sign(ID);
    let verifier = signer.clone();
    [
        (
            "sign an id",
            count(move || {
                black_box(signer.sign(black_box(ID)));
            }),
        ),
        (
            "unsign an id",
            count(move || {
                black_box(verifier.unsign(black_box(&cookie)).unwrap());
            }),
        ),
    ]
}

fn codec(format: Format) -> [Operation; 4] {
    let data = session(false);
    let record = Record::from_data(&data, format).unwrap();
    let payload = record.write(true);
    let decoded = record.clone();
    let names = match format {
        Format::Msgpack => [
            "split MessagePack into entries",
            "join entries to MessagePack",
            "MessagePack to values",
            "values to MessagePack",
        ],
        Format::Json => [
            "split JSON into entries",
            "join entries to JSON",
            "JSON to values",
            "values to JSON",
        ],
    };
    let calls = [
        count(move || {
            black_box(Record::read(black_box(&payload), format, true).unwrap());
        }),
        count(move || {
            black_box(black_box(&record).write(true));
        }),
        count(move || {
            black_box(black_box(&decoded).to_data().unwrap());
        }),
        count(move || {
            black_box(Record::from_data(black_box(&data), format).unwrap());
        }),
    ];
    let mut calls = calls.into_iter();
    names.map(|name| (name, calls.next().unwrap()))
}

fn payload() -> Bytes {
    Record::from_data(&session(false), Format::Msgpack)
        .unwrap()
        .write(true)
}

fn base(payload: Bytes) -> Base {
    let loaded = Loaded {
        payload,
        revision: Revision::of_number(1),
        remaining: None,
    };
    Base::read(loaded, Encoding::default()).unwrap().unwrap()
}

fn opening() -> Call {
    let payload = payload();
    count(move || {
        black_box(base(payload.clone()));
    })
}

/// A commit of a session of which the number of visits has been set, or nothing.
fn committing(visits: Option<i32>) -> Call {
    let mut data = session(false);
    if let Some(visits) = visits {
        data.insert("visits", visits);
    }
    let changed = Record::from_data(&data, Format::Msgpack).unwrap();
    // Made beforehand: a host has them, and gives them away.
    let entries: Vec<Entry> = changed.entries().to_vec();
    let mut requests: Vec<(Base, Edit)> = (0..=CALLS)
        .map(|_| {
            let edit = Edit {
                entries: entries.clone(),
                ..Edit::default()
            };
            (base(payload()), edit)
        })
        .collect();
    count(move || {
        let (base, edit) = requests.pop().unwrap();
        let target = Target::Same(Key::from_text(ID));
        let encoding = Encoding::default();
        let mut commit =
            Commit::new(target, Some(base), edit, encoding, OnConflict::Merge).unwrap();
        let mut step = commit.start().unwrap();
        if visits.is_some() {
            assert!(matches!(step, Step::Ask(_)));
            let saved = Reply::Saved(Saved::Stored(Revision::of_number(2)));
            step = commit.resume(saved).unwrap();
            assert!(matches!(step, Step::Done(Outcome::Stored(_))));
        } else {
            assert_eq!(step, Step::Done(Outcome::Unchanged));
        }
        let _ = black_box(step);
    })
}

fn main() {
    let wanted = std::env::args().nth(1).filter(|word| word != "--bench");
    for (name, mut run) in operations() {
        match &wanted {
            None => println!("{name}"),
            Some(wanted) if wanted == name => run(),
            Some(_) => {}
        }
    }
}
