//! What the changes of a request make of a newer record.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

fn entry(key: &'static str, value: &'static str) -> Entry {
    Entry {
        key: Bytes::from_static(key.as_bytes()),
        value: Bytes::from_static(value.as_bytes()),
        note: None,
    }
}

fn record(entries: &[(&'static str, &'static str)]) -> Record {
    Record::new(
        Format::Json,
        entries
            .iter()
            .map(|(key, value)| entry(key, value))
            .collect(),
    )
}

fn edit(entries: &[(&'static str, &'static str)]) -> Edit {
    Edit {
        entries: record(entries).entries().to_vec(),
        ..Edit::default()
    }
}

#[test]
fn an_equal_session_writes_nothing() {
    let base = record(&[("\"a\"", "1"), ("\"b\"", "[1]")]);
    let changes = Changes::between(&base, &edit(&[("\"b\"", "[1]"), ("\"a\"", "1")]));
    assert!(!changes.writes());
}

#[test]
fn a_value_that_is_only_written_differently_is_no_change() {
    let base = record(&[("\"a\"", "[ 1, 2.50 ]")]);
    assert!(!Changes::between(&base, &edit(&[("\"a\"", "[1,2.5]")])).writes());
}

#[test]
fn a_change_inside_a_value_is_a_change() {
    let base = record(&[("\"cart\"", "[1]")]);
    let changes = Changes::between(&base, &edit(&[("\"cart\"", "[1,2]")]));
    assert!(changes.writes());
    let theirs = record(&[("\"cart\"", "[1]"), ("\"b\"", "2")]);
    assert_eq!(
        changes.replay(&theirs),
        record(&[("\"cart\"", "[1,2]"), ("\"b\"", "2")])
    );
}

#[test]
fn an_equal_assignment_is_replayed_though_it_needs_no_write() {
    let base = record(&[("\"user\"", "1")]);
    let mut edit = edit(&[("\"user\"", "1")]);
    edit.assigned.insert("\"user\"".into());
    let changes = Changes::between(&base, &edit);
    assert!(!changes.writes());
    let theirs = record(&[("\"user\"", "2")]);
    assert_eq!(changes.replay(&theirs), record(&[("\"user\"", "1")]));
}

#[test]
fn only_what_the_request_deleted_is_deleted() {
    let base = record(&[("\"a\"", "1"), ("\"b\"", "2")]);
    let changes = Changes::between(&base, &edit(&[("\"b\"", "2")]));
    let theirs = record(&[("\"a\"", "1"), ("\"b\"", "3"), ("\"c\"", "4")]);
    assert_eq!(
        changes.replay(&theirs),
        record(&[("\"b\"", "3"), ("\"c\"", "4")])
    );
}

#[test]
fn deleting_a_key_that_only_the_others_have_set_deletes_it() {
    let mut edit = edit(&[]);
    edit.deleted.insert("\"a\"".into());
    let changes = Changes::between(&record(&[]), &edit);
    assert_eq!(changes.replay(&record(&[("\"a\"", "1")])), record(&[]));
}

#[test]
fn after_a_clear_nothing_older_survives() {
    let base = record(&[("\"a\"", "1")]);
    let mut edit = edit(&[("\"b\"", "2")]);
    edit.cleared = true;
    let changes = Changes::between(&base, &edit);
    let theirs = record(&[("\"a\"", "5"), ("\"c\"", "3")]);
    assert_eq!(changes.replay(&theirs), record(&[("\"b\"", "2")]));
}

type Map = BTreeMap<u8, u8>;

/// What a view does to one key, or to all.
#[derive(Clone, Copy, Debug)]
enum Act {
    Assign(u8, u8),
    /// Inside the value: nobody names the key.
    Alter(u8, u8),
    Delete(u8),
    Clear,
}

fn maps() -> impl Strategy<Value = Map> {
    btree_map(0..5u8, 0..3u8, 0..5)
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => (0..5u8, 0..3u8).prop_map(|(key, value)| Act::Assign(key, value)),
        3 => (0..5u8, 0..3u8).prop_map(|(key, value)| Act::Alter(key, value)),
        3 => (0..5u8).prop_map(Act::Delete),
        1 => Just(Act::Clear),
    ];
    vec(act, 0..6)
}

fn entry_of(key: u8, value: u8) -> Entry {
    Entry {
        key: format!("\"{key}\"").into(),
        value: value.to_string().into(),
        note: None,
    }
}

fn record_of(map: &Map) -> Record {
    let entries = map.iter().map(|(key, value)| entry_of(*key, *value));
    Record::new(Format::Json, entries.collect())
}

fn map_of(record: &Record) -> Map {
    let number = |text: &Bytes| {
        let text = std::str::from_utf8(text).unwrap();
        text.trim_matches('"').parse().unwrap()
    };
    let entries = record.entries().iter();
    entries
        .map(|entry| (number(&entry.key), number(&entry.value)))
        .collect()
}

/// Performs the acts on the session, and on its edit as a host would tell it.
fn performed(base: &Map, acts: &[Act]) -> (Map, Edit) {
    let (mut session, mut edit) = (base.clone(), Edit::default());
    for act in acts {
        match *act {
            Act::Assign(key, value) => {
                session.insert(key, value);
                edit.deleted.remove(&entry_of(key, value).key);
                edit.assigned.insert(entry_of(key, value).key);
            }
            Act::Alter(key, value) => {
                session.entry(key).and_modify(|held| *held = value);
            }
            Act::Delete(key) => {
                if session.remove(&key).is_some() {
                    edit.assigned.remove(&entry_of(key, 0).key);
                    edit.deleted.insert(entry_of(key, 0).key);
                }
            }
            Act::Clear => {
                session.clear();
                edit = Edit {
                    cleared: true,
                    ..Edit::default()
                };
            }
        }
    }
    edit.entries = record_of(&session).entries().to_vec();
    (session, edit)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_replay_writes_what_the_request_did_and_nothing_else(
        base in maps(),
        theirs in maps(),
        acts in acts(),
    ) {
        let (session, edit) = performed(&base, &acts);
        let changes = Changes::between(&record_of(&base), &edit);

        prop_assert_eq!(map_of(&changes.replay(&record_of(&base))), session.clone());
        prop_assert!(changes.writes() || base == session, "a change must be written");

        let replayed = changes.replay(&record_of(&theirs));
        let merged = map_of(&replayed);
        if edit.cleared {
            prop_assert_eq!(&merged, &session);
        } else {
            for key in 0..5u8 {
                let name = entry_of(key, 0).key;
                let mine = edit.assigned.contains(&name)
                    || edit.deleted.contains(&name)
                    || base.get(&key) != session.get(&key);
                let expected = if mine { session.get(&key) } else { theirs.get(&key) };
                prop_assert_eq!(merged.get(&key), expected, "key {}", key);
            }
        }
        // An answer that was lost may lead to the same once more.
        prop_assert_eq!(changes.replay(&replayed), replayed);
    }
}
