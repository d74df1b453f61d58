//! A store that really waits, on the runtimes that blocking hosts use for async drivers.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flask_session_core::{
    Capability, Cursor, Deleted, Drive, Expect, Key, Loaded, MemoryStore, Page, Refresh, Result,
    Saved, Store, blocking,
};
use flask_session_testkit::{ManualClock, Subject, Unreachable};

/// Waits on the runtime's timer before each operation.
#[derive(Debug)]
struct Waiting(Arc<MemoryStore>);

async fn wait() {
    tokio::time::sleep(Duration::from_micros(1)).await;
}

#[async_trait]
impl Store for Waiting {
    fn capability(&self) -> Capability {
        self.0.capability()
    }

    async fn load(&self, key: &Key, refresh: Option<Refresh>) -> Result<Option<Loaded>> {
        wait().await;
        self.0.load(key, refresh).await
    }

    async fn save(
        &self,
        key: &Key,
        payload: Bytes,
        ttl: Duration,
        expect: Expect,
    ) -> Result<Saved> {
        wait().await;
        self.0.save(key, payload, ttl, expect).await
    }

    async fn touch(&self, key: &Key, ttl: Duration) -> Result<bool> {
        wait().await;
        self.0.touch(key, ttl).await
    }

    async fn delete(&self, key: &Key, expect: Expect) -> Result<Deleted> {
        wait().await;
        self.0.delete(key, expect).await
    }

    async fn list(&self, prefix: &str, cursor: Option<Cursor>, limit: usize) -> Result<Page> {
        wait().await;
        self.0.list(prefix, cursor, limit).await
    }

    async fn sweep(&self, limit: usize) -> Result<usize> {
        wait().await;
        self.0.sweep(limit).await
    }
}

struct Hosted {
    clock: Arc<ManualClock>,
    store: Arc<MemoryStore>,
    drive: Drive,
}

impl Hosted {
    fn on(drive: Drive) -> Self {
        let clock = Arc::new(ManualClock::new());
        let store = Arc::new(MemoryStore::with_clock(clock.clone()));
        Self {
            clock,
            store,
            drive,
        }
    }
}

impl Subject for Hosted {
    fn open(&self) -> Arc<dyn Store> {
        let store = self.store.clone();
        let open = move || -> Result<Arc<dyn Store>> { Ok(Arc::new(Waiting(store.clone()))) };
        blocking(self.drive, Box::new(open)).unwrap()
    }

    fn wait(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    fn unreachable(&self) -> Vec<Unreachable> {
        Vec::new()
    }
}

mod on_lanes {
    use super::*;

    flask_session_testkit::keeps_every_rule!(Hosted::on(Drive::Lane));
}

mod on_a_shared_runtime {
    use super::*;

    flask_session_testkit::keeps_every_rule!(Hosted::on(Drive::Shared));
}
