//! What a request changed, and replaying it onto a newer record.

use std::collections::{BTreeSet, HashMap, HashSet};

use bytes::Bytes;

use crate::record::{Entry, Format, Record, canonical};

/// What a request did to a session, as encoded keys and values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Edit {
    /// What the session holds now, in its owner's order. A value that nobody looked at is the
    /// base's entry as it lies.
    pub entries: Vec<Entry>,
    /// Keys that the request assigned by name, even to an equal value.
    pub assigned: BTreeSet<Bytes>,
    /// Keys that the request deleted by name.
    pub deleted: BTreeSet<Bytes>,
    /// The request cleared the session, and maybe assigned keys afterwards.
    pub cleared: bool,
}

/// The difference that an [`Edit`] makes to the record that it started from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Changes {
    cleared: bool,
    set: Vec<Entry>,
    /// In order.
    /// Sorted.
    removed: Vec<Bytes>,
    writes: bool,
}

impl Changes {
    /// Compares `edit` with `base` key by key. This sees changes inside a value, too.
    pub(crate) fn between(base: &Record, edit: &Edit) -> Self {
        let untouched = edit.assigned.is_empty() && edit.deleted.is_empty() && !edit.cleared;
        if untouched && edit.entries == base.entries() {
            return Self::default();
        }
        let mut before: HashMap<&Bytes, &Entry> = base
            .entries()
            .iter()
            .map(|entry| (&entry.key, entry))
            .collect();
        let mut changes = Self {
            cleared: edit.cleared,
            ..Self::default()
        };
        for entry in &edit.entries {
            let same = match before.remove(&entry.key) {
                Some(old) => is_same(old, entry, base.format()),
                None => false,
            };
            changes.writes |= !same;
            if !same || edit.cleared || edit.assigned.contains(&entry.key) {
                changes.set.push(entry.clone());
            }
        }
        changes.writes |= !before.is_empty();
        let present: HashSet<&Bytes> = edit.entries.iter().map(|entry| &entry.key).collect();
        let missing = before.into_keys().chain(&edit.deleted);
        let removed: BTreeSet<Bytes> = missing
            .filter(|key| !present.contains(key))
            .cloned()
            .collect();
        changes.removed = removed.into_iter().collect();
        changes
    }

    /// Whether the record must be written at all. Assigning an equal value is no reason to.
    pub(crate) fn writes(&self) -> bool {
        self.writes
    }

    /// The record that results when this request's changes come after another request's.
    pub(crate) fn replay(&self, theirs: &Record) -> Record {
        if self.cleared {
            return theirs.with_entries(self.set.clone());
        }
        let mut mine: HashMap<&Bytes, &Entry> =
            self.set.iter().map(|entry| (&entry.key, entry)).collect();
        let mut entries: Vec<Entry> = theirs
            .entries()
            .iter()
            .filter(|entry| self.removed.binary_search(&entry.key).is_err())
            .map(|entry| mine.remove(&entry.key).unwrap_or(entry).clone())
            .collect();
        let added = self
            .set
            .iter()
            .filter(|entry| mine.contains_key(&entry.key));
        entries.extend(added.cloned());
        theirs.with_entries(entries)
    }
}

/// Other writers may have used other widths of integers or other white space: only what differs
/// after encoding the old value afresh is a change.
fn is_same(old: &Entry, new: &Entry, format: Format) -> bool {
    old == new || canonical(old, format).is_ok_and(|old| old == *new)
}

#[cfg(test)]
mod tests {
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
}
