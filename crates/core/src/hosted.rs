//! A store on an async driver, for threads that may block.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{
    Capability, Cursor, Deleted, Error, ErrorKind, Expect, Guarantee, Key, Loaded, Notice, Page,
    Refresh, Result, Saved, Store,
};

/// Runs operations of a store on a runtime and waits for them.
pub(crate) trait Host: Debug + Send + Sync + 'static {
    /// Runs `operation` to its end.
    fn run<T>(&self, operation: impl AsyncFnOnce(&dyn Store) -> Result<T>) -> Result<T>;
}

/// Makes of a [`Host`] a store whose futures are ready at the first poll.
#[derive(Debug)]
pub(crate) struct Hosted<H>(pub(crate) H);

impl<H: Host> Hosted<H> {
    fn run<T>(&self, operation: impl AsyncFnOnce(&dyn Store) -> Result<T>) -> Result<T> {
        if tokio::runtime::Handle::try_current().is_ok() {
            return Err(Error::new(
                ErrorKind::Unexpected,
                "the store was opened for a blocking host and used on an async one",
            ));
        }
        self.0.run(operation)
    }
}

#[async_trait]
impl<H: Host> Store for Hosted<H> {
    fn capability(&self) -> Capability {
        // Only a store that can't be opened has none.
        self.run(async |store| Ok(store.capability()))
            .unwrap_or(Capability {
                lists: false,
                expires: false,
                max_payload: None,
                guarantee: Guarantee::Overwrite,
            })
    }

    async fn load(&self, key: &Key, refresh: Option<Refresh>) -> Result<Option<Loaded>> {
        self.run(async |store| store.load(key, refresh).await)
    }

    async fn save(
        &self,
        key: &Key,
        payload: Bytes,
        ttl: Duration,
        expect: Expect,
    ) -> Result<Saved> {
        self.run(async |store| store.save(key, payload, ttl, expect).await)
    }

    async fn touch(&self, key: &Key, ttl: Duration) -> Result<bool> {
        self.run(async |store| store.touch(key, ttl).await)
    }

    async fn delete(&self, key: &Key, expect: Expect) -> Result<Deleted> {
        self.run(async |store| store.delete(key, expect).await)
    }

    async fn list(&self, prefix: &str, cursor: Option<Cursor>, limit: usize) -> Result<Page> {
        self.run(async |store| store.list(prefix, cursor, limit).await)
    }

    async fn sweep(&self, limit: usize) -> Result<usize> {
        self.run(async |store| store.sweep(limit).await)
    }

    fn take_notices(&self) -> Vec<Notice> {
        self.run(async |store| Ok(store.take_notices()))
            .unwrap_or_default()
    }
}

/// The error of a runtime that the system didn't give us.
pub(crate) fn no_runtime(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Unexpected, "no runtime could be made").caused_by(error)
}
