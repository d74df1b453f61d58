//! What a session holds and what a request does to it, as a user thinks of them: the model's own
//! words, written without a look at how the commit works.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use flask_session_core::{Base, Edit, Encoding, Entry, Format, Record};

/// Keys and values of one session.
pub type Content = BTreeMap<String, String>;

/// What a request does to a session: first clears it or not, then deletes, then assigns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Doing {
    /// It clears the session.
    pub clears: bool,
    /// It deletes these keys by name.
    pub pops: BTreeSet<String>,
    /// It assigns these.
    pub assigns: Content,
}

impl Doing {
    /// The session afterwards.
    #[must_use]
    pub fn done_to(&self, before: &Content) -> Content {
        let mut after = if self.clears {
            Content::new()
        } else {
            before.clone()
        };
        after.retain(|key, _| !self.pops.contains(key));
        after.extend(self.assigns.clone());
        after
    }

    /// Whether the session is destroyed, whatever it held.
    pub fn destroys(&self) -> bool {
        self.clears && self.assigns.is_empty()
    }

    /// Whether it says what `key` is from now on.
    pub fn settles(&self, key: &str) -> bool {
        self.clears || self.pops.contains(key) || self.assigns.contains_key(key)
    }

    /// The same as a host reports it to a commit, for a session that was loaded as `base`.
    pub fn edit(&self, base: Option<&Base>) -> Edit {
        let kept: &[Entry] = match base {
            Some(base) if !self.clears => base.record.entries(),
            _ => &[],
        };
        let popped: BTreeSet<Bytes> = self.pops.iter().map(|key| quoted(key)).collect();
        let mut entries: Vec<Entry> = kept
            .iter()
            .filter(|entry| !popped.contains(&entry.key))
            .cloned()
            .collect();
        for (key, value) in &self.assigns {
            let new = entry(key, value);
            match entries.iter_mut().find(|entry| entry.key == new.key) {
                Some(old) => *old = new,
                None => entries.push(new),
            }
        }
        Edit {
            entries,
            assigned: self.assigns.keys().map(|key| quoted(key)).collect(),
            deleted: popped,
            cleared: self.clears,
        }
    }
}

/// How the model's sessions are written: JSON, so that a counterexample can be read.
pub fn encoding() -> Encoding {
    Encoding {
        format: Format::Json,
        ..Encoding::default()
    }
}

/// The payload that holds `content`.
pub fn payload(content: &Content) -> Bytes {
    let entries = content.iter().map(|(key, value)| entry(key, value));
    Record::new(Format::Json, entries.collect()).write(true)
}

/// What `payload` holds. Panics if a commit wrote what can't be read.
pub fn content_of(payload: &Bytes) -> Content {
    let record = Record::read(payload, Format::Json, false).expect("a readable record");
    record.map_or_else(Content::new, |record| content_of_record(&record))
}

/// What `record` holds.
pub fn content_of_record(record: &Record) -> Content {
    let entries = record.entries().iter();
    entries
        .map(|entry| (unquoted(&entry.key), unquoted(&entry.value)))
        .collect()
}

fn entry(key: &str, value: &str) -> Entry {
    Entry {
        key: quoted(key),
        value: quoted(value),
        note: None,
    }
}

fn quoted(text: &str) -> Bytes {
    format!("\"{text}\"").into()
}

fn unquoted(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).replace('"', "")
}
