//! Sessions in memcached, on one server.
//!
//! Written once: `body` holds the operations, over a `wire`: a pool of connections that speak
//! `protocol`, on sockets that block or don't.

mod body;
mod connection;
mod findings;
mod lifetime;
mod options;
mod protocol;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flask_session_core::{
    Capability, Cursor, Deleted, Drive, Error, ErrorKind, Expect, Key, Loaded, Notice, Page,
    Refresh, Result, Saved, Store,
};

#[cfg(feature = "async")]
use crate::transport::Hosted;
use crate::transport::{Blocking, Socket};
use crate::{Backend, Host, Hosting};

use body::Body;
use findings::Findings;
use wire::Single;

pub use options::MemcachedOptions;

/// Keeps each session as one item, under Flask-Session's key, in its bytes.
///
/// How large an item may be is known once a connection was opened; [`Store::capability`] tells.
/// memcached forgets sessions when it is short of memory, and can't list them.
#[derive(Debug)]
pub struct MemcachedStore<S = Blocking> {
    body: Body<Single<S>>,
}

impl MemcachedStore {
    /// A store on blocking connections. Connects at the first operation; fails only for a setting
    /// that can't be right.
    pub fn blocking(options: MemcachedOptions) -> Result<Self> {
        Self::single(options)
    }
}

#[cfg(feature = "async")]
impl MemcachedStore<Hosted> {
    /// The same on sockets of the runtime that awaits its operations.
    ///
    /// ```
    /// use flask_session_stores::memcached::{MemcachedOptions, MemcachedStore};
    ///
    /// let store = MemcachedStore::hosted(MemcachedOptions::from_url("memcached://127.0.0.1")?)?;
    /// # Ok::<(), flask_session_core::Error>(())
    /// ```
    pub fn hosted(options: MemcachedOptions) -> Result<Self> {
        Self::single(options)
    }
}

impl<S> MemcachedStore<S> {
    fn single(options: MemcachedOptions) -> Result<Self> {
        let timeout = options.timeout;
        let findings = Arc::new(Findings::default());
        let wire = Single::new(options, Arc::clone(&findings));
        Ok(Self {
            body: Body {
                wire: wire.map_err(|error| error.at(NAME, "open"))?,
                findings,
                timeout,
            },
        })
    }
}

const NAME: &str = "memcached";

pub(crate) const BACKEND: Backend = Backend {
    name: NAME,
    schemes: options::SCHEMES,
    drive: Drive::Inline,
    hosting: Hosting::Native,
    open: |settings, host| {
        let options = MemcachedOptions::read(settings)?;
        Ok(match host {
            Host::Blocking => {
                Box::new(move || Ok(Arc::new(MemcachedStore::blocking(options.clone())?)))
            }
            #[cfg(feature = "async")]
            Host::Async => Box::new(move || Ok(Arc::new(MemcachedStore::hosted(options.clone())?))),
        })
    },
};

#[async_trait]
impl<S: Socket> Store for MemcachedStore<S> {
    fn capability(&self) -> Capability {
        Capability {
            lists: false,
            expires: true,
            max_payload: self.body.findings.largest(),
            guarantee: self.body.findings.guarantee(),
        }
    }

    async fn load(&self, key: &Key, refresh: Option<Refresh>) -> Result<Option<Loaded>> {
        let loaded = self.body.load(key, refresh).await;
        loaded.map_err(|error| error.at(NAME, "load"))
    }

    async fn save(
        &self,
        key: &Key,
        payload: Bytes,
        ttl: Duration,
        expect: Expect,
    ) -> Result<Saved> {
        let saved = self.body.save(key, payload, ttl, &expect).await;
        saved.map_err(|error| error.at(NAME, "save"))
    }

    async fn touch(&self, key: &Key, ttl: Duration) -> Result<bool> {
        let touched = self.body.touch(key, ttl).await;
        touched.map_err(|error| error.at(NAME, "touch"))
    }

    async fn delete(&self, key: &Key, expect: Expect) -> Result<Deleted> {
        let deleted = self.body.delete(key, &expect).await;
        deleted.map_err(|error| error.at(NAME, "delete"))
    }

    async fn list(&self, _prefix: &str, _cursor: Option<Cursor>, _limit: usize) -> Result<Page> {
        let detail = "memcached can't list its keys";
        Err(Error::new(ErrorKind::Unsupported, detail).at(NAME, "list"))
    }

    async fn sweep(&self, _limit: usize) -> Result<usize> {
        Ok(0)
    }

    fn take_notices(&self) -> Vec<Notice> {
        self.body.findings.take_notices()
    }
}
