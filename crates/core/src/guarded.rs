//! A store behind a circuit breaker.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{
    Breaker, Capability, Clock, Cursor, Deleted, ErrorKind, Expect, Key, Loaded, Notice, Page,
    Refresh, Result, Saved, Store,
};

/// Asks a store, and leaves it alone while it fails slowly: see [`Breaker`]. Hosts put it around
/// the stores that they open.
///
/// ```
/// use std::sync::Arc;
///
/// use flask_session_core::{Guarded, Guarantee, MemoryStore, Store, SystemClock};
///
/// let store = Guarded::new(Arc::new(MemoryStore::new()), Arc::new(SystemClock));
/// assert_eq!(store.capability().guarantee, Guarantee::Merge);
/// ```
#[derive(Debug)]
pub struct Guarded {
    store: Arc<dyn Store>,
    breaker: Breaker,
    /// To be said in the log.
    left_alone: AtomicBool,
}

impl Guarded {
    /// `store`, behind a breaker of its own.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            breaker: Breaker::new(clock),
            left_alone: AtomicBool::new(false),
        }
    }

    async fn ask<T>(&self, operation: impl Future<Output = Result<T>>) -> Result<T> {
        let admitted = self.breaker.admit()?;
        let result = operation.await;
        match &result {
            Err(error) if matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::TimedOut) => {
                if self.breaker.failed(admitted) {
                    self.left_alone.store(true, Ordering::Relaxed);
                }
            }
            _ => self.breaker.answered(),
        }
        result
    }
}

#[async_trait]
impl Store for Guarded {
    fn capability(&self) -> Capability {
        self.store.capability()
    }

    async fn load(&self, key: &Key, refresh: Option<Refresh>) -> Result<Option<Loaded>> {
        self.ask(self.store.load(key, refresh)).await
    }

    async fn examine(&self, key: &Key) -> Result<Option<Loaded>> {
        self.ask(self.store.examine(key)).await
    }

    async fn save(
        &self,
        key: &Key,
        payload: Bytes,
        ttl: Duration,
        expect: Expect,
    ) -> Result<Saved> {
        self.ask(self.store.save(key, payload, ttl, expect)).await
    }

    async fn touch(&self, key: &Key, ttl: Duration) -> Result<bool> {
        self.ask(self.store.touch(key, ttl)).await
    }

    async fn delete(&self, key: &Key, expect: Expect) -> Result<Deleted> {
        self.ask(self.store.delete(key, expect)).await
    }

    async fn list(&self, prefix: &str, cursor: Option<Cursor>, limit: usize) -> Result<Page> {
        self.ask(self.store.list(prefix, cursor, limit)).await
    }

    async fn sweep(&self, limit: usize) -> Result<usize> {
        self.ask(self.store.sweep(limit)).await
    }

    fn take_notices(&self) -> Vec<Notice> {
        let mut notices = self.store.take_notices();
        if self.left_alone.load(Ordering::Relaxed) && self.left_alone.swap(false, Ordering::Relaxed)
        {
            notices.push(Notice::warning(Breaker::NOTICE));
        }
        notices
    }
}
