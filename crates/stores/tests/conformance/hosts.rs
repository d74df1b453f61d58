//! How a host drives a store: from threads that block, or on the runtime of an async service.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flask_session_core::{
    Capability, Cursor, Deleted, Drive, Expect, Key, Loaded, Notice, Open, Page, Refresh, Result,
    Saved, Store, blocking,
};
use flask_session_stores::{Hosting, Settings, asynchronous, open, open_async};
use tokio::runtime::{Builder, Runtime};

#[derive(Clone, Copy)]
pub(crate) enum Host {
    Blocking(Drive),
    Service(Hosting),
}

impl Host {
    pub(crate) fn open(self, open: Open) -> Arc<dyn Store> {
        match self {
            Self::Blocking(drive) => blocking(drive, open).expect("a store"),
            Self::Service(hosting) => {
                let _inside = SERVICE.enter();
                Arc::new(OnService(asynchronous(hosting, &open).expect("a store")))
            }
        }
    }

    /// The store at a URL.
    pub(crate) fn open_at(self, settings: Settings) -> Arc<dyn Store> {
        match self {
            Self::Blocking(_) => open(settings).expect("legal settings").1,
            Self::Service(_) => {
                let _inside = SERVICE.enter();
                Arc::new(OnService(open_async(settings).expect("legal settings").1))
            }
        }
    }

    /// What [`Subject::waits`](flask_session_testkit::Subject::waits) says.
    pub(crate) fn waits(self) -> bool {
        matches!(self, Self::Service(_))
    }
}

static SERVICE: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = Builder::new_multi_thread();
    let built = builder.worker_threads(2).enable_all().build();
    built.expect("a runtime")
});

/// A store whose operations are polled inside the service's runtime.
#[derive(Debug)]
struct OnService(Arc<dyn Store>);

async fn inside<T>(operation: impl Future<Output = T>) -> T {
    let mut operation = pin!(operation);
    poll_fn(|context| {
        let _inside = SERVICE.enter();
        operation.as_mut().poll(context)
    })
    .await
}

#[async_trait]
impl Store for OnService {
    fn capability(&self) -> Capability {
        self.0.capability()
    }

    async fn load(&self, key: &Key, refresh: Option<Refresh>) -> Result<Option<Loaded>> {
        inside(self.0.load(key, refresh)).await
    }

    async fn save(
        &self,
        key: &Key,
        payload: Bytes,
        ttl: Duration,
        expect: Expect,
    ) -> Result<Saved> {
        inside(self.0.save(key, payload, ttl, expect)).await
    }

    async fn touch(&self, key: &Key, ttl: Duration) -> Result<bool> {
        inside(self.0.touch(key, ttl)).await
    }

    async fn delete(&self, key: &Key, expect: Expect) -> Result<Deleted> {
        inside(self.0.delete(key, expect)).await
    }

    async fn list(&self, prefix: &str, cursor: Option<Cursor>, limit: usize) -> Result<Page> {
        inside(self.0.list(prefix, cursor, limit)).await
    }

    async fn sweep(&self, limit: usize) -> Result<usize> {
        inside(self.0.sweep(limit)).await
    }

    fn take_notices(&self) -> Vec<Notice> {
        self.0.take_notices()
    }
}
