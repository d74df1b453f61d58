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
    /// Sorted.
    removed: Vec<Bytes>,
    writes: bool,
}

impl Changes {
    /// Compares `edit` with `base` key by key. This sees changes inside a value, too.
    pub(crate) fn between(base: &Record, edit: &Edit) -> Self {
        let untouched = edit.assigned.is_empty() && edit.deleted.is_empty() && !edit.cleared;
        if untouched && are_same(&edit.entries, base.entries()) {
            return Self::default();
        }
        // Most requests assign keys that are there, or add some: then nothing has to be hashed.
        let in_place = begins_with_keys_of(&edit.entries, base.entries());
        let mut before: HashMap<&Bytes, &Entry> = if in_place {
            HashMap::new()
        } else {
            let entries = base.entries().iter();
            entries.map(|entry| (&entry.key, entry)).collect()
        };
        let mut changes = Self {
            cleared: edit.cleared,
            ..Self::default()
        };
        for (place, entry) in edit.entries.iter().enumerate() {
            let old = if in_place {
                base.entries().get(place)
            } else {
                before.remove(&entry.key)
            };
            let same = old.is_some_and(|old| is_same(old, entry, base.format()));
            changes.writes |= !same;
            if !same || edit.cleared || edit.assigned.contains(&entry.key) {
                changes.set.push(entry.clone());
            }
        }
        changes.writes |= !before.is_empty();
        if before.is_empty() && edit.deleted.is_empty() {
            return changes;
        }
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

/// Whether the first keys of `entries` are those of `base`, in their order.
fn begins_with_keys_of(entries: &[Entry], base: &[Entry]) -> bool {
    let mut pairs = entries.iter().zip(base);
    entries.len() >= base.len() && pairs.all(|(entry, old)| entry.key == old.key)
}

fn are_same(entries: &[Entry], base: &[Entry]) -> bool {
    let mut pairs = entries.iter().zip(base);
    entries.len() == base.len() && pairs.all(|(entry, old)| is_equal(entry, old))
}

/// What nobody looked at is the very bytes of the base: not compared, which takes as long as
/// copying them.
fn is_equal(entry: &Entry, old: &Entry) -> bool {
    let lies_there = |mine: &Bytes, theirs: &Bytes| {
        mine.len() == theirs.len() && (mine.as_ptr() == theirs.as_ptr() || mine == theirs)
    };
    lies_there(&entry.key, &old.key)
        && lies_there(&entry.value, &old.value)
        && entry.note == old.note
}

/// Other writers may have used other widths of integers or other white space: only what differs
/// after encoding the old value afresh is a change.
fn is_same(old: &Entry, new: &Entry, format: Format) -> bool {
    is_equal(new, old) || canonical(old, format).is_ok_and(|old| old == *new)
}

#[cfg(test)]
mod tests;
