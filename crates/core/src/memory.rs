//! The in-memory store: the reference answer to every rule.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{
    Capability, Clock, Cursor, Deleted, Expect, Guarantee, Key, Loaded, Page, Refresh, Result,
    Revision, Saved, Store, SystemClock, Timestamp,
};

/// Keeps sessions in this process's memory: for tests, and as the reference for other stores.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use flask_session_core::{Deleted, Expect, Key, MemoryStore, Saved, Store, SystemClock, drive};
///
/// let store = MemoryStore::with_clock(Arc::new(SystemClock));
/// let (key, life) = (Key::from_text("session:an-id"), Duration::from_secs(60));
/// let Saved::Stored(revision) = drive(store.save(&key, "one".into(), life, Expect::Absent))? else {
///     panic!("nothing was there");
/// };
/// let meanwhile = drive(store.save(&key, "two".into(), life, Expect::Anything))?;
/// assert!(matches!(meanwhile, Saved::Stored(_)));
/// let lost = drive(store.save(&key, "three".into(), life, Expect::Revision(revision)))?;
/// assert_eq!(lost, Saved::Conflict);
/// assert_eq!(drive(store.delete(&key, Expect::Anything))?, Deleted::Removed);
/// # Ok::<(), flask_session_core::Error>(())
/// ```
#[derive(Debug)]
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    records: Mutex<Records>,
}

#[derive(Debug, Default)]
struct Records {
    /// One counter for the whole store: a record that was deleted and made again never has a
    /// revision that its predecessor had.
    revisions: u64,
    live: BTreeMap<Key, Record>,
}

struct Record {
    payload: Bytes,
    revision: u64,
    expiry: Timestamp,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({} bytes)", self.payload.len())
    }
}

impl MemoryStore {
    /// An empty store on the system's clock.
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock))
    }

    /// An empty store on another clock.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            records: Mutex::default(),
        }
    }

    fn records(&self) -> (Timestamp, MutexGuard<'_, Records>) {
        // A panic elsewhere can't leave the map half changed: each change is one call.
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        (self.clock.now(), records)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Records {
    fn live(&mut self, key: &Key, now: Timestamp) -> Option<&mut Record> {
        self.live.get_mut(key).filter(|record| record.expiry > now)
    }

    fn holds(&mut self, key: &Key, now: Timestamp, expect: &Expect) -> bool {
        let found = self.live(key, now).map(|record| record.revision);
        match expect {
            Expect::Absent => found.is_none(),
            Expect::Revision(revision) => found.is_some() && revision.number() == found,
            Expect::Anything => true,
        }
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn capability(&self) -> Capability {
        Capability {
            lists: true,
            expires: false,
            max_payload: None,
            guarantee: Guarantee::Merge,
        }
    }

    async fn load(&self, key: &Key, refresh: Option<Refresh>) -> Result<Option<Loaded>> {
        let (now, mut records) = self.records();
        Ok(records.live(key, now).map(|record| {
            let loaded = Loaded {
                payload: record.payload.clone(),
                revision: Revision::of_number(record.revision),
                remaining: Some(record.expiry.since(now)),
            };
            if let Some(Refresh { ttl }) = refresh {
                record.expiry = now.after(ttl);
            }
            loaded
        }))
    }

    async fn save(
        &self,
        key: &Key,
        payload: Bytes,
        ttl: Duration,
        expect: Expect,
    ) -> Result<Saved> {
        let (now, mut records) = self.records();
        if !records.holds(key, now, &expect) {
            return Ok(Saved::Conflict);
        }
        records.revisions += 1;
        let revision = records.revisions;
        let record = Record {
            payload,
            revision,
            expiry: now.after(ttl),
        };
        records.live.insert(key.clone(), record);
        Ok(Saved::Stored(Revision::of_number(revision)))
    }

    async fn touch(&self, key: &Key, ttl: Duration) -> Result<bool> {
        let (now, mut records) = self.records();
        let record = records.live(key, now);
        Ok(record
            .map(|record| record.expiry = now.after(ttl))
            .is_some())
    }

    async fn delete(&self, key: &Key, expect: Expect) -> Result<Deleted> {
        let (now, mut records) = self.records();
        if records.live(key, now).is_none() {
            return Ok(Deleted::Absent);
        }
        if !records.holds(key, now, &expect) {
            return Ok(Deleted::Conflict);
        }
        records.live.remove(key);
        Ok(Deleted::Removed)
    }

    async fn list(&self, prefix: &str, cursor: Option<Cursor>, limit: usize) -> Result<Page> {
        let (now, records) = self.records();
        let from = match &cursor {
            Some(cursor) => Bound::Excluded(Key::from_text(cursor.as_str())),
            None => Bound::Included(Key::from_text(prefix)),
        };
        let mut keys: Vec<Key> = records
            .live
            .range((from, Bound::Unbounded))
            .take_while(|(key, _)| key.as_str().starts_with(prefix))
            .filter(|(_, record)| record.expiry > now)
            .map(|(key, _)| key.clone())
            .take(limit + 1)
            .collect();
        let more = keys.len() > limit;
        keys.truncate(limit);
        let next = keys
            .last()
            .filter(|_| more)
            .map(|key| Cursor::new(key.as_str()));
        Ok(Page { keys, next })
    }

    async fn sweep(&self, limit: usize) -> Result<usize> {
        let (now, mut records) = self.records();
        let expired: Vec<Key> = records
            .live
            .iter()
            .filter(|(_, record)| record.expiry <= now)
            .map(|(key, _)| key.clone())
            .take(limit)
            .collect();
        for key in &expired {
            records.live.remove(key);
        }
        Ok(expired.len())
    }
}
