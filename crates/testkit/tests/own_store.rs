//! How to test a store of your own: implement [`Store`], say in a [`Subject`] how the store is
//! opened and how time passes, and write one line. Each rule is a test then.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flask_session_core::{
    Capability, Clock, Cursor, Deleted, Expect, Guarantee, Key, Loaded, Page, Refresh, Result,
    Revision, Saved, Store, Timestamp,
};
use flask_session_testkit::{ManualClock, Subject, Unreachable, keeps_every_rule};

/// Keeps sessions in a tree, and numbers their versions.
#[derive(Debug)]
struct TreeStore {
    clock: Arc<ManualClock>,
    tree: Mutex<BTreeMap<Key, Record>>,
    /// Of all keys, so that a key never has a number again that it had in an earlier life.
    saves: AtomicU64,
}

struct Record {
    payload: Bytes,
    revision: u64,
    expiry: Timestamp,
}

/// What a session holds belongs in no log.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({} bytes)", self.payload.len())
    }
}

impl TreeStore {
    fn tree(&self) -> MutexGuard<'_, BTreeMap<Key, Record>> {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_live(&self, record: &Record) -> bool {
        record.expiry > self.clock.now()
    }

    fn holds(expect: &Expect, found: Option<&Record>) -> bool {
        match expect {
            Expect::Anything => true,
            Expect::Absent => found.is_none(),
            Expect::Revision(revision) => {
                found.is_some_and(|found| revision.number() == Some(found.revision))
            }
        }
    }
}

#[async_trait]
impl Store for TreeStore {
    fn capability(&self) -> Capability {
        Capability {
            lists: true,
            expires: false,
            max_payload: None,
            guarantee: Guarantee::Merge,
        }
    }

    async fn load(&self, key: &Key, refresh: Option<Refresh>) -> Result<Option<Loaded>> {
        let mut tree = self.tree();
        let found = tree.get_mut(key).filter(|record| self.is_live(record));
        Ok(found.map(|record| {
            let now = self.clock.now();
            let remaining = record.expiry.since(now);
            if let Some(Refresh { ttl }) = refresh {
                record.expiry = now.after(ttl);
            }
            Loaded {
                payload: record.payload.clone(),
                revision: Revision::of_number(record.revision),
                remaining: Some(remaining),
            }
        }))
    }

    async fn save(
        &self,
        key: &Key,
        payload: Bytes,
        ttl: Duration,
        expect: Expect,
    ) -> Result<Saved> {
        let mut tree = self.tree();
        let found = tree.get(key).filter(|record| self.is_live(record));
        if !Self::holds(&expect, found) {
            return Ok(Saved::Conflict);
        }
        let revision = self.saves.fetch_add(1, Ordering::Relaxed);
        let record = Record {
            payload,
            revision,
            expiry: self.clock.now().after(ttl),
        };
        tree.insert(key.clone(), record);
        Ok(Saved::Stored(Revision::of_number(revision)))
    }

    async fn touch(&self, key: &Key, ttl: Duration) -> Result<bool> {
        let refresh = Some(Refresh { ttl });
        Ok(self.load(key, refresh).await?.is_some())
    }

    async fn delete(&self, key: &Key, expect: Expect) -> Result<Deleted> {
        let mut tree = self.tree();
        let Some(found) = tree.get(key).filter(|record| self.is_live(record)) else {
            return Ok(Deleted::Absent);
        };
        if !Self::holds(&expect, Some(found)) {
            return Ok(Deleted::Conflict);
        }
        tree.remove(key);
        Ok(Deleted::Removed)
    }

    async fn list(&self, prefix: &str, cursor: Option<Cursor>, limit: usize) -> Result<Page> {
        let after = cursor.map(|cursor| Key::from_text(cursor.as_str()));
        let tree = self.tree();
        let keys: Vec<Key> = tree
            .iter()
            .filter(|(key, record)| key.as_str().starts_with(prefix) && self.is_live(record))
            .map(|(key, _)| key.clone())
            .filter(|key| after.as_ref().is_none_or(|after| key > after))
            .take(limit)
            .collect();
        let next = keys.last().filter(|_| keys.len() == limit);
        let next = next.map(|last| Cursor::new(last.as_str()));
        Ok(Page { keys, next })
    }

    async fn sweep(&self, limit: usize) -> Result<usize> {
        let mut tree = self.tree();
        let dead = tree.iter().filter(|(_, record)| !self.is_live(record));
        let dead: Vec<Key> = dead.take(limit).map(|(key, _)| key.clone()).collect();
        for key in &dead {
            tree.remove(key);
        }
        Ok(dead.len())
    }
}

struct Tree(Arc<TreeStore>);

impl Tree {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::new());
        let (tree, saves) = (Mutex::default(), AtomicU64::default());
        Self(Arc::new(TreeStore { clock, tree, saves }))
    }
}

impl Subject for Tree {
    fn open(&self) -> Arc<dyn Store> {
        self.0.clone()
    }

    fn wait(&self, duration: Duration) {
        self.0.clock.advance(duration);
    }

    fn unreachable(&self) -> Vec<Unreachable> {
        Vec::new() // it has no server
    }
}

keeps_every_rule!(Tree::new());
