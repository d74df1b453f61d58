//! A store that fails on demand.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flask_session_core::{
    Capability, Cursor, Deleted, Error, ErrorKind, Expect, Key, Loaded, Page, Refresh, Result,
    Saved, Store,
};

/// What goes wrong with one operation.
pub enum Flaw {
    /// It fails with this kind and changes nothing.
    Fails(ErrorKind),
    /// It is carried out, and its reply is lost: the caller gets this kind.
    LosesReply(ErrorKind),
    /// Something else happens first, such as another request's save; then it is carried out.
    ComesAfter(Box<dyn FnOnce() + Send>),
    /// Nothing: to let an operation pass before the next flaw.
    Nothing,
}

impl fmt::Debug for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fails(kind) => write!(f, "Fails({kind:?})"),
            Self::LosesReply(kind) => write!(f, "LosesReply({kind:?})"),
            Self::ComesAfter(_) => f.write_str("ComesAfter(..)"),
            Self::Nothing => f.write_str("Nothing"),
        }
    }
}

/// Another store, whose next operations meet the given flaws, one each, in order.
///
/// ```
/// use std::sync::Arc;
///
/// use flask_session_core::{ErrorKind, Key, MemoryStore, Store, drive};
/// use flask_session_testkit::{FaultyStore, Flaw};
///
/// let store = FaultyStore::new(Arc::new(MemoryStore::new()));
/// store.meet(Flaw::Nothing);
/// store.meet(Flaw::Fails(ErrorKind::Unreachable));
/// let key = Key::from_text("session:an-id");
/// assert!(drive(store.load(&key, None)).is_ok());
/// assert_eq!(drive(store.load(&key, None)).unwrap_err().kind(), ErrorKind::Unreachable);
/// assert_eq!(store.calls(), ["load", "load"]);
/// ```
#[derive(Debug)]
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    flaws: Mutex<VecDeque<Flaw>>,
    calls: Mutex<Vec<&'static str>>,
}

impl FaultyStore {
    /// `inner`, so far without flaw.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self {
            inner,
            flaws: Mutex::default(),
            calls: Mutex::default(),
        }
    }

    /// Adds a flaw for the first operation that has none yet.
    pub fn meet(&self, flaw: Flaw) {
        let mut flaws = self.flaws.lock().unwrap_or_else(PoisonError::into_inner);
        flaws.push_back(flaw);
    }

    /// The operations asked for so far, by name.
    pub fn calls(&self) -> Vec<&'static str> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.clone()
    }

    fn next(&self, operation: &'static str) -> Flaw {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.push(operation);
        let mut flaws = self.flaws.lock().unwrap_or_else(PoisonError::into_inner);
        flaws.pop_front().unwrap_or(Flaw::Nothing)
    }

    async fn carry_out<T>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let flaw = self.next(operation);
        let failed = |kind| Error::new(kind, "a fault on demand").at("faulty", operation);
        match flaw {
            Flaw::Fails(kind) => return Err(failed(kind)),
            Flaw::LosesReply(kind) => {
                call.await?;
                return Err(failed(kind));
            }
            Flaw::ComesAfter(first) => first(),
            Flaw::Nothing => {}
        }
        call.await
    }
}

#[async_trait]
impl Store for FaultyStore {
    fn capability(&self) -> Capability {
        self.inner.capability()
    }

    async fn load(&self, key: &Key, refresh: Option<Refresh>) -> Result<Option<Loaded>> {
        self.carry_out("load", self.inner.load(key, refresh)).await
    }

    async fn save(
        &self,
        key: &Key,
        payload: Bytes,
        ttl: Duration,
        expect: Expect,
    ) -> Result<Saved> {
        let call = self.inner.save(key, payload, ttl, expect);
        self.carry_out("save", call).await
    }

    async fn touch(&self, key: &Key, ttl: Duration) -> Result<bool> {
        self.carry_out("touch", self.inner.touch(key, ttl)).await
    }

    async fn delete(&self, key: &Key, expect: Expect) -> Result<Deleted> {
        self.carry_out("delete", self.inner.delete(key, expect))
            .await
    }

    async fn list(&self, prefix: &str, cursor: Option<Cursor>, limit: usize) -> Result<Page> {
        self.carry_out("list", self.inner.list(prefix, cursor, limit))
            .await
    }

    async fn sweep(&self, limit: usize) -> Result<usize> {
        self.carry_out("sweep", self.inner.sweep(limit)).await
    }
}

#[cfg(test)]
mod tests {
    use flask_session_core::{MemoryStore, drive};

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn get(store: &dyn Store, key: &Key) -> Result<Option<Bytes>> {
        let loaded = drive(store.load(key, None))?;
        Ok(loaded.map(|loaded| loaded.payload))
    }

    fn put(store: &dyn Store, key: &Key, payload: &'static str) -> Result<Saved> {
        let save = store.save(key, payload.into(), LONG, Expect::Anything);
        drive(save)
    }

    #[test]
    fn flaws_are_met_in_order_and_once() {
        let store = FaultyStore::new(Arc::new(MemoryStore::new()));
        let key = Key::from_text("key");
        store.meet(Flaw::Fails(ErrorKind::Unreachable));
        store.meet(Flaw::Nothing);
        store.meet(Flaw::LosesReply(ErrorKind::TimedOut));
        let error = put(&store, &key, "one").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreachable);
        assert_eq!(get(&store, &key).unwrap(), None, "the failed save was made");
        let error = put(&store, &key, "two").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(get(&store, &key).unwrap().unwrap(), "two");
        assert_eq!(store.calls(), ["save", "load", "save", "load"]);
    }

    #[test]
    fn another_request_can_come_first() {
        let memory = Arc::new(MemoryStore::new());
        let store = FaultyStore::new(memory.clone());
        let key = Key::from_text("key");
        let theirs = key.clone();
        store.meet(Flaw::ComesAfter(Box::new(move || {
            let _ = put(&*memory, &theirs, "theirs").unwrap();
        })));
        assert_eq!(get(&store, &key).unwrap().unwrap(), "theirs");
    }
}
