//! A store with compare-and-swap, as a value: cloned, compared and hashed at each step.

use std::collections::BTreeMap;

use bytes::Bytes;
use flask_session_core::{Deleted, Expect, Key, Loaded, Operation, Reply, Revision, Saved};

use crate::content::{Content, content_of};

/// What a revision is made of. Real stores have either, and the protocol must hold on both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Marks {
    /// A number that each write counts up, as in memcached.
    Numbers,
    /// The payload itself, as in Redis and SQL: a record that returns to old bytes returns to the
    /// old revision.
    Payloads,
}

/// The live records.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shelf {
    marks: Marks,
    writes: u64,
    live: BTreeMap<Key, (Bytes, u64)>,
}

impl Shelf {
    /// An empty store.
    pub fn new(marks: Marks) -> Self {
        Self {
            marks,
            writes: 0,
            live: BTreeMap::new(),
        }
    }

    /// Carries out one operation, in one atomic step.
    pub fn perform(&mut self, operation: &Operation) -> Reply {
        match operation {
            Operation::Load(key) => Reply::Loaded(self.load(key)),
            Operation::Touch(key) => Reply::Touched(self.live.contains_key(key)),
            Operation::Save(key, payload, expect) => {
                if !self.holds(key, expect) {
                    return Reply::Saved(Saved::Conflict);
                }
                if self.marks == Marks::Numbers {
                    self.writes += 1;
                }
                let record = (payload.clone(), self.writes);
                let revision = self.revision(&record);
                self.live.insert(key.clone(), record);
                Reply::Saved(Saved::Stored(revision))
            }
            Operation::Delete(key, expect) => Reply::Deleted(if !self.live.contains_key(key) {
                Deleted::Absent
            } else if self.holds(key, expect) {
                self.live.remove(key);
                Deleted::Removed
            } else {
                Deleted::Conflict
            }),
        }
    }

    /// The record's time to live passes.
    pub fn expire(&mut self, key: &Key) {
        self.live.remove(key);
    }

    /// What is stored under `key`.
    pub fn content(&self, key: &Key) -> Option<Content> {
        self.live.get(key).map(|(payload, _)| content_of(payload))
    }

    /// The keys of all live records.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.live.keys()
    }

    fn load(&self, key: &Key) -> Option<Loaded> {
        self.live.get(key).map(|record| Loaded {
            payload: record.0.clone(),
            revision: self.revision(record),
            remaining: None,
        })
    }

    fn revision(&self, (payload, number): &(Bytes, u64)) -> Revision {
        match self.marks {
            Marks::Numbers => Revision::of_number(*number),
            Marks::Payloads => Revision::of_payload(payload.clone()),
        }
    }

    fn holds(&self, key: &Key, expect: &Expect) -> bool {
        let found = self.live.get(key).map(|record| self.revision(record));
        match expect {
            Expect::Absent => found.is_none(),
            Expect::Revision(revision) => found.as_ref() == Some(revision),
            Expect::Anything => true,
        }
    }
}
