//! What is stored, what is read of what others stored, and what it costs.

use std::thread;
use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{Clock, Deleted, ErrorKind, Expect, Saved, SystemClock, drive};
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, DateTime, doc};

use super::collection::Behind;
use super::open;
use flask_session_testkit::blocking::{
    LIFE, bytes, delete, key, load, refresh, save, stored, touch,
};

fn binary(payload: &Bytes) -> Binary {
    Binary {
        subtype: BinarySubtype::Generic,
        bytes: payload.to_vec(),
    }
}

fn now() -> i64 {
    i64::try_from(SystemClock.now().0).unwrap()
}

#[test]
fn a_session_is_stored_as_flask_session_writes_it() {
    let behind = Behind::new();
    let store = open(&behind.url);
    stored(save(&*store, &key("a"), &bytes(1, 10), Expect::Absent));
    let documents = behind.documents();
    let [document] = documents.as_slice() else {
        panic!("{} documents", documents.len())
    };
    let mut fields: Vec<_> = document.keys().cloned().collect();
    fields.sort();
    assert_eq!(fields, ["_id", "expiration", "id", "val"]);
    assert!(document.get_object_id("_id").is_ok());
    assert_eq!(document.get_str("id").unwrap(), "session:a");
    assert_eq!(
        document.get("val"),
        Some(&Bson::Binary(binary(&bytes(1, 10))))
    );
    let expiration = document.get_datetime("expiration").unwrap();
    let left = expiration.timestamp_millis() - now();
    let life = i64::try_from(LIFE.as_millis()).unwrap();
    assert!((life - 60_000..=life).contains(&left), "{left} ms");
}

#[test]
fn each_operation_is_one_command() {
    let behind = Behind::new();
    let (store, first, key) = (open(&behind.url), key("first"), key("a"));
    // Makes the indexes.
    stored(save(&*store, &first, &bytes(1, 10), Expect::Absent));
    behind.watch();
    let revision = stored(save(&*store, &key, &bytes(1, 10), Expect::Absent));
    load(&*store, &key).unwrap().unwrap();
    refresh(&*store, &key).unwrap().unwrap();
    assert!(touch(&*store, &key).unwrap());
    let revision = stored(save(
        &*store,
        &key,
        &bytes(2, 10),
        Expect::Revision(revision),
    ));
    let removed = delete(&*store, &key, Expect::Revision(revision)).unwrap();
    assert_eq!(removed, Deleted::Removed);
    let commands = behind.commands();
    assert_eq!(
        commands,
        [
            "update",
            "find",
            "findAndModify",
            "update",
            "update",
            "delete"
        ]
    );
}

#[test]
fn a_request_costs_the_same_with_many_sessions() {
    let behind = Behind::new();
    let (store, key) = (open(&behind.url), key("a"));
    let mut revision = stored(save(&*store, &key, &bytes(1, 10), Expect::Absent));
    let mut median = || {
        let mut times: Vec<_> = (0..21u8)
            .map(|round| {
                let begin = SystemClock.ticks();
                for _ in 0..5 {
                    load(&*store, &key).unwrap().unwrap();
                }
                let expect = Expect::Revision(revision.clone());
                revision = stored(save(&*store, &key, &bytes(round, 10), expect));
                SystemClock.ticks() - begin
            })
            .collect();
        times.sort_unstable();
        times[times.len() / 2]
    };
    let with_one = median();
    for number in 0..4000 {
        let name = format!("session:other-{number}");
        behind.insert(
            doc! { "id": name, "val": binary(&bytes(1, 10)), "expiration": DateTime::now() },
        );
    }
    let with_many = median();
    // Looking at each document in turn takes ten times as long at least.
    let (few, many) = (with_one.max(5), with_many);
    assert!(
        many < few * 4,
        "{with_many} ms with 4,000 sessions, {with_one} ms with one"
    );
}

#[test]
fn sessions_without_a_date_never_expire_and_get_one() {
    let behind = Behind::new();
    let (store, empty, missing) = (open(&behind.url), key("null"), key("none"));
    let payload = bytes(7, 10);
    behind.insert(doc! { "id": empty.as_str(), "val": binary(&payload), "expiration": Bson::Null });
    behind.insert(doc! { "id": missing.as_str(), "val": binary(&payload) });
    for key in [empty, missing] {
        let loaded = load(&*store, &key).unwrap().unwrap();
        assert_eq!(loaded.payload, payload);
        assert_eq!(loaded.remaining, None);
        let conflict = save(&*store, &key, &bytes(8, 10), Expect::Absent).unwrap();
        assert_eq!(conflict, Saved::Conflict);
        stored(save(
            &*store,
            &key,
            &bytes(8, 10),
            Expect::Revision(loaded.revision),
        ));
        assert!(load(&*store, &key).unwrap().unwrap().remaining.is_some());
    }
}

#[test]
fn an_expired_session_that_still_lies_there_is_absent_and_its_document_is_taken() {
    let behind = Behind::new();
    let (store, key) = (open(&behind.url), key("a"));
    let past = DateTime::from_millis(now() - 1000);
    behind.insert(doc! { "id": key.as_str(), "val": binary(&bytes(1, 10)), "expiration": past });
    let id = behind.documents()[0].get_object_id("_id").unwrap();
    assert!(load(&*store, &key).unwrap().is_none());
    assert!(refresh(&*store, &key).unwrap().is_none());
    assert!(!touch(&*store, &key).unwrap());
    let revision = flask_session_core::Revision::of_payload(bytes(1, 10));
    let conflict = save(
        &*store,
        &key,
        &bytes(2, 10),
        Expect::Revision(revision.clone()),
    );
    assert_eq!(conflict.unwrap(), Saved::Conflict);
    let absent = delete(&*store, &key, Expect::Revision(revision)).unwrap();
    assert_eq!(absent, Deleted::Absent);
    stored(save(&*store, &key, &bytes(3, 10), Expect::Absent));
    assert_eq!(load(&*store, &key).unwrap().unwrap().payload, bytes(3, 10));
    let documents = behind.documents();
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0].get_object_id("_id").unwrap(), id);
}

#[test]
fn what_an_applications_serializer_wrote_as_text_is_read_and_replaced() {
    let behind = Behind::new();
    let (store, key) = (open(&behind.url), key("a"));
    behind.insert(doc! { "id": key.as_str(), "val": "{\"a\":1}", "expiration": Bson::Null });
    let loaded = load(&*store, &key).unwrap().unwrap();
    assert_eq!(loaded.payload, "{\"a\":1}");
    stored(save(
        &*store,
        &key,
        &bytes(1, 10),
        Expect::Revision(loaded.revision),
    ));
    assert_eq!(load(&*store, &key).unwrap().unwrap().payload, bytes(1, 10));
}

#[test]
fn what_is_no_session_is_corrupt_and_may_be_overwritten() {
    let behind = Behind::new();
    let (store, key) = (open(&behind.url), key("a"));
    behind.insert(doc! { "id": key.as_str(), "val": 5 });
    for error in [
        load(&*store, &key).unwrap_err(),
        refresh(&*store, &key).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }
    stored(save(&*store, &key, &bytes(1, 10), Expect::Anything));
    assert_eq!(load(&*store, &key).unwrap().unwrap().payload, bytes(1, 10));
}

#[test]
fn for_ever_is_a_date_that_python_can_read() {
    let behind = Behind::new();
    let (store, key) = (open(&behind.url), key("a"));
    let save = store.save(&key, bytes(1, 10), Duration::MAX, Expect::Absent);
    stored(drive(save));
    assert!(load(&*store, &key).unwrap().is_some());
    let documents = behind.documents();
    let expiration = documents[0].get_datetime("expiration").unwrap();
    assert!(
        expiration
            .try_to_rfc3339_string()
            .unwrap()
            .starts_with("9998-")
    );
}

#[test]
fn eight_threads_see_only_their_own_records() {
    let store = open(&Behind::new().url);
    thread::scope(|scope| {
        for thread in 0..8u8 {
            let store = &store;
            scope.spawn(move || {
                let key = key(&thread.to_string());
                let mut revision = None;
                for round in 0..20usize {
                    let payload = bytes(thread, 100 + round * 40);
                    let expect = revision.map_or(Expect::Absent, Expect::Revision);
                    revision = Some(stored(save(&**store, &key, &payload, expect)));
                    assert!(load(&**store, &key).unwrap().unwrap().payload == payload);
                }
            });
        }
    });
}
