//! Sessions in Redis, Valkey, and what speaks their protocol.
//!
//! Written once: `body` holds how operations are tried, `save`, `load` and `list` what
//! they are, `compare` the ways of comparing, all over a `wire`; `pool` is that to one server, on
//! sockets that block or don't.

mod body;
mod compare;
mod connection;
mod ladder;
mod lifetime;
mod list;
mod load;
mod options;
mod pool;
pub(crate) mod reply;
mod save;
mod script;
mod server;
mod servers;
mod several;
mod socket;
mod url;
mod ways;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flask_session_core::{
    Capability, Cursor, Deleted, Drive, Expect, Key, Loaded, Notice, Page, Refresh, Result, Saved,
    Store,
};

use crate::transport::Blocking;
#[cfg(feature = "async")]
use crate::transport::Hosted;
use crate::{Backend, Host, Hosting};

use body::Body;
use ladder::Ladder;
use pool::Single;
use script::Scripts;

pub(crate) use {
    connection::Connection,
    options::{Address, misconfigured},
    pool::Opener,
    server::Server,
    servers::Servers,
    several::{Several, set_query},
    url::{flag, set},
    wire::{Line, Part, Wire},
};

pub use options::RedisOptions;

/// Keeps each session as one string, under Flask-Session's key, in its bytes.
///
/// What the server or its permissions don't allow is found out by trying, and remembered for the
/// store's life; [`Store::capability`] and [`Store::take_notices`] tell.
#[derive(Debug)]
pub struct RedisStore<W = Single<Blocking>> {
    body: Body<W>,
}

impl RedisStore {
    /// A store on blocking connections. Connects at the first operation; fails only for a
    /// setting that can't be right, or a certificate file that can't be read.
    pub fn blocking(options: RedisOptions) -> Result<Self> {
        Self::single(options)
    }
}

#[cfg(feature = "async")]
impl RedisStore<Single<Hosted>> {
    /// The same on sockets of the runtime that awaits its operations.
    ///
    /// ```
    /// use flask_session_stores::redis::{RedisOptions, RedisStore};
    ///
    /// let store = RedisStore::hosted(RedisOptions::from_url("redis://localhost")?)?;
    /// # Ok::<(), flask_session_core::Error>(())
    /// ```
    pub fn hosted(options: RedisOptions) -> Result<Self> {
        Self::single(options)
    }
}

impl<S> RedisStore<Single<S>> {
    fn single(options: RedisOptions) -> Result<Self> {
        let timeout = options.timeout;
        let wire = Single::new(options).map_err(|error| error.at(NAME, "open"))?;
        Ok(Self::over(wire, timeout))
    }
}

impl<W> RedisStore<W> {
    /// A store on `wire`, whose operations end after `timeout`.
    pub(crate) fn over(wire: W, timeout: Duration) -> Self {
        Self {
            body: Body {
                wire,
                ladder: Ladder::default(),
                scripts: Scripts::new(),
                timeout,
            },
        }
    }
}

const NAME: &str = "redis";

pub(crate) const BACKEND: Backend = Backend {
    name: NAME,
    schemes: url::SCHEMES,
    drive: Drive::Inline,
    hosting: Hosting::Native,
    open: |settings, host| {
        let options = RedisOptions::from_url(settings.url())?.refined(settings)?;
        Ok(match host {
            Host::Blocking => {
                Box::new(move || Ok(Arc::new(RedisStore::blocking(options.clone())?)))
            }
            #[cfg(feature = "async")]
            Host::Async => Box::new(move || Ok(Arc::new(RedisStore::hosted(options.clone())?))),
        })
    },
};

#[async_trait]
impl<W: Wire> Store for RedisStore<W> {
    fn capability(&self) -> Capability {
        Capability {
            lists: true,
            expires: true,
            max_payload: None,
            guarantee: self.body.ladder.guarantee(),
        }
    }

    async fn load(&self, key: &Key, refresh: Option<Refresh>) -> Result<Option<Loaded>> {
        let loaded = self.body.load(key, refresh).await;
        loaded.map_err(|error| error.at(NAME, "load"))
    }

    async fn examine(&self, key: &Key) -> Result<Option<Loaded>> {
        let loaded = self.body.examine(key).await;
        loaded.map_err(|error| error.at(NAME, "examine"))
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

    async fn list(&self, prefix: &str, cursor: Option<Cursor>, limit: usize) -> Result<Page> {
        let page = self.body.list(prefix, cursor.as_ref(), limit).await;
        page.map_err(|error| error.at(NAME, "list"))
    }

    async fn sweep(&self, _limit: usize) -> Result<usize> {
        Ok(0)
    }

    fn take_notices(&self) -> Vec<Notice> {
        self.body.ladder.take_notices()
    }
}
