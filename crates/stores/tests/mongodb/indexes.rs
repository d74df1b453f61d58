//! The indexes that are made, and what is done where they can't be.

use std::thread;

use flask_session_core::{Deleted, Expect, Guarantee, Saved, drive};
use mongodb::bson::doc;

use super::collection::Behind;
use super::open;
use flask_session_testkit::blocking::{bytes, delete, key, load, save, stored};

fn made() -> Vec<(String, bool, Option<u64>)> {
    vec![
        ("_id_".to_owned(), false, None),
        ("expiration_1".to_owned(), false, Some(0)),
        ("id_1".to_owned(), true, None),
    ]
}

#[test]
fn the_first_write_makes_them_and_a_read_makes_none() {
    let behind = Behind::new();
    let store = open(&behind.url);
    assert!(load(&*store, &key("a")).unwrap().is_none());
    assert_eq!(behind.indexes(), []);
    stored(save(&*store, &key("a"), &bytes(1, 10), Expect::Absent));
    assert_eq!(behind.indexes(), made());
    assert_eq!(store.take_notices(), []);
    assert_eq!(store.capability().guarantee, Guarantee::Merge);
}

#[test]
fn workers_that_start_together_make_them_once() {
    let behind = Behind::new();
    thread::scope(|scope| {
        for number in 0..4u8 {
            let url = &behind.url;
            scope.spawn(move || {
                let store = open(url);
                stored(save(
                    &*store,
                    &key(&number.to_string()),
                    &bytes(1, 10),
                    Expect::Absent,
                ));
                assert_eq!(store.take_notices(), []);
            });
        }
    });
    assert_eq!(behind.indexes(), made());
    assert_eq!(behind.documents().len(), 4);
}

#[test]
fn duplicates_do_not_stop_the_application_and_one_notice_says_how_to_repair_it() {
    let behind = Behind::new();
    for _ in 0..2 {
        behind.insert(doc! { "id": "session:double", "val": "x" });
    }
    let store = open(&behind.url);
    let revision = stored(save(&*store, &key("a"), &bytes(1, 10), Expect::Absent));
    assert_eq!(store.capability().guarantee, Guarantee::Overwrite);
    let notices = store.take_notices();
    let [notice] = notices.as_slice() else {
        panic!("{notices:?}")
    };
    assert!(notice.is_warning() && notice.text().contains("drop the index id_1"));
    assert!(!notice.text().contains("double"));
    // Looking up is still fast, and what has a revision is still compared.
    assert!(behind.indexes().contains(&("id_1".to_owned(), false, None)));
    stored(save(
        &*store,
        &key("a"),
        &bytes(2, 10),
        Expect::Revision(revision.clone()),
    ));
    let conflict = save(
        &*store,
        &key("a"),
        &bytes(3, 10),
        Expect::Revision(revision),
    )
    .unwrap();
    assert_eq!(conflict, Saved::Conflict);
    assert_eq!(store.take_notices(), []);
    // As the notice says.
    behind.remove(doc! { "id": "session:double" });
    behind.drop_index("id_1");
    let store = open(&behind.url);
    stored(save(&*store, &key("b"), &bytes(1, 10), Expect::Absent));
    assert_eq!(store.capability().guarantee, Guarantee::Merge);
    assert_eq!(behind.indexes(), made());
}

#[test]
fn a_log_out_removes_every_duplicate() {
    let behind = Behind::new();
    for _ in 0..3 {
        behind.insert(doc! { "id": "session:double", "val": "x" });
    }
    let store = open(&behind.url);
    let loaded = load(&*store, &key("double")).unwrap().unwrap();
    let removed = delete(&*store, &key("double"), Expect::Revision(loaded.revision)).unwrap();
    assert_eq!(removed, Deleted::Removed);
    assert!(load(&*store, &key("double")).unwrap().is_none());
    assert_eq!(behind.documents(), []);
}

#[test]
fn other_indexes_on_the_fields_stay_and_a_notice_says_what_they_cost() {
    let behind = Behind::new();
    behind.create_index(doc! { "id": 1 });
    behind.create_index(doc! { "expiration": 1 });
    let store = open(&behind.url);
    stored(save(&*store, &key("a"), &bytes(1, 10), Expect::Absent));
    let capability = store.capability();
    assert_eq!(capability.guarantee, Guarantee::Overwrite);
    assert!(!capability.expires);
    let notices = store.take_notices();
    assert_eq!(notices.len(), 2, "{notices:?}");
    assert!(notices[1].text().contains("session_cleanup"));
    let dead = mongodb::bson::DateTime::from_millis(1000);
    behind.insert(doc! { "id": "session:dead", "val": "x", "expiration": dead });
    assert_eq!(drive(store.sweep(10)).unwrap(), 1);
    assert_eq!(behind.documents().len(), 1);
}
