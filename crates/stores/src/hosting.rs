//! Opening stores for async hosts.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flask_session_core::{
    Capability, Cursor, Deleted, Error, ErrorKind, Expect, Key, Loaded, Notice, Open, Page,
    Refresh, Result, Saved, Store, drive,
};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::{Backend, Host, Hosting, Settings, find};

/// Opens the store at a URL for an async host on tokio; its operations run on the runtime that
/// awaits them, which must have its timer and its I/O enabled. A runtime's connections end with it,
/// so each runtime of a process opens its own store. Connects at the first operation; fails for a
/// setting that can't be right.
///
/// ```
/// use flask_session_core::{Key, Store};
/// use flask_session_stores::{Settings, open_async};
///
/// # let folder = tempfile::tempdir()?;
/// # let url = format!("file:{}", folder.path().display());
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let (backend, store) = open_async(Settings::new(url))?;
/// assert_eq!(backend.name, "filesystem");
/// assert!(store.load(&Key::from_text("session:nobody"), None).await?.is_none());
/// # Ok::<(), flask_session_core::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open_async(settings: Settings) -> Result<(&'static Backend, Arc<dyn Store>)> {
    let backend = find(&settings)?;
    let store = asynchronous(backend.hosting, &(backend.open)(settings, Host::Async)?)?;
    Ok((backend, store))
}

/// A store for an async host on tokio, opened by `open`, whose backend is hosted so.
///
/// ```
/// use std::sync::Arc;
///
/// use flask_session_core::{MemoryStore, Open};
/// use flask_session_stores::{Hosting, asynchronous};
///
/// let open: Open = Box::new(|| Ok(Arc::new(MemoryStore::new())));
/// let store = asynchronous(Hosting::Threads, &open)?;
/// # Ok::<(), flask_session_core::Error>(())
/// ```
pub fn asynchronous(hosting: Hosting, open: &Open) -> Result<Arc<dyn Store>> {
    match hosting {
        Hosting::Native => open(),
        Hosting::Threads => Ok(Arc::new(Threads(open()?))),
    }
}

/// Whether the calling thread belongs to a runtime, which a store that blocks would hold up.
pub(crate) fn on_a_runtime() -> bool {
    Handle::try_current().is_ok()
}

/// The error of a store for services where there is no runtime.
pub(crate) fn outside() -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "the store was opened for an async host and used outside tokio's runtime",
    )
}

/// Runs a store that waits for disks on threads of the runtime that may block. An operation that
/// is dropped goes on to its end there.
#[derive(Debug)]
struct Threads(Arc<dyn Store>);

impl Threads {
    async fn run<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&dyn Store) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        if !on_a_runtime() {
            return Err(outside());
        }
        let store = Arc::clone(&self.0);
        let done = spawn_blocking(move || operation(&*store)).await;
        done.unwrap_or_else(|error| {
            let detail = "an operation's thread came to no end";
            Err(Error::new(ErrorKind::Unexpected, detail).caused_by(error))
        })
    }
}

#[async_trait]
impl Store for Threads {
    fn capability(&self) -> Capability {
        self.0.capability()
    }

    async fn load(&self, key: &Key, refresh: Option<Refresh>) -> Result<Option<Loaded>> {
        let key = key.clone();
        self.run(move |store| drive(store.load(&key, refresh)))
            .await
    }

    async fn save(
        &self,
        key: &Key,
        payload: Bytes,
        ttl: Duration,
        expect: Expect,
    ) -> Result<Saved> {
        let key = key.clone();
        self.run(move |store| drive(store.save(&key, payload, ttl, expect)))
            .await
    }

    async fn touch(&self, key: &Key, ttl: Duration) -> Result<bool> {
        let key = key.clone();
        self.run(move |store| drive(store.touch(&key, ttl))).await
    }

    async fn delete(&self, key: &Key, expect: Expect) -> Result<Deleted> {
        let key = key.clone();
        self.run(move |store| drive(store.delete(&key, expect)))
            .await
    }

    async fn list(&self, prefix: &str, cursor: Option<Cursor>, limit: usize) -> Result<Page> {
        let prefix = prefix.to_owned();
        self.run(move |store| drive(store.list(&prefix, cursor, limit)))
            .await
    }

    async fn sweep(&self, limit: usize) -> Result<usize> {
        self.run(move |store| drive(store.sweep(limit))).await
    }

    fn take_notices(&self) -> Vec<Notice> {
        self.0.take_notices()
    }
}

#[cfg(test)]
mod tests {
    use flask_session_core::MemoryStore;
    use tokio::runtime::Builder;

    use super::*;

    fn memory() -> Open {
        Box::new(|| Ok(Arc::new(MemoryStore::new())))
    }

    #[test]
    fn outside_a_runtime_a_store_for_services_says_so() {
        let mut stores = vec![asynchronous(Hosting::Threads, &memory()).unwrap()];
        for url in ["redis://localhost/", "memcached://localhost/"] {
            if let Ok((_, store)) = open_async(Settings::new(url)) {
                stores.push(store);
            }
        }
        for store in stores {
            let error = drive(store.load(&Key::from_text("key"), None)).unwrap_err();
            assert!(error.to_string().contains("runtime"), "{error}");
        }
    }

    #[test]
    fn on_a_runtime_a_store_for_threads_that_block_is_refused() {
        let runtime = Builder::new_current_thread().build().unwrap();
        let _inside = runtime.enter();
        for url in ["file:sessions", "postgresql://localhost/"] {
            let error = crate::open(Settings::new(url)).unwrap_err();
            assert!(error.to_string().contains("runtime"), "{error}");
        }
    }
}
