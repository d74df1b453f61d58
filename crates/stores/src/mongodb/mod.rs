//! Sessions in MongoDB: one document each, as Flask-Session writes them.
//!
//! `connection` holds the lazily made client, `indexes` what is known of the collection,
//! `document` what the server is asked and told, `reading`, `saving` and `listing` the
//! operations, `failure` what went wrong.

mod connection;
mod document;
mod failure;
mod indexes;
mod listing;
mod options;
mod reading;
mod saving;

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flask_session_core::{
    Capability, Clock, Cursor, Deleted, Drive, Error, ErrorKind, Expect, Guarantee, Key, Loaded,
    Notice, Page, Refresh, Result, Saved, Store, SystemClock,
};

use crate::{Backend, Hosting};

use connection::Connection;
use document::LARGEST;
use failure::Failure;
use indexes::{Indexes, Inspection};

pub use options::MongoOptions;

/// Keeps each session as one document with Flask-Session's fields `id`, `val` and `expiration`.
///
/// Async, on tokio. The client is made at the first operation; the indexes are made at the first
/// write, and [`Store::take_notices`] tells what stood in their way.
pub struct MongoStore {
    options: MongoOptions,
    clock: Arc<dyn Clock>,
    connection: Connection,
    inspection: Inspection,
    notices: Arc<Mutex<Vec<Notice>>>,
}

impl MongoStore {
    /// A store with these options. Nothing is opened before the first operation.
    pub fn new(options: MongoOptions) -> Self {
        Self {
            options,
            clock: Arc::new(SystemClock),
            connection: Connection::default(),
            inspection: Inspection::default(),
            notices: Arc::default(),
        }
    }

    /// Runs an operation within its time.
    async fn within<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, Failure>> + Send,
    ) -> Result<T> {
        let limit = self.options.timeout;
        let result = match tokio::time::timeout(limit, work).await {
            Ok(result) => result.map_err(Failure::into_error),
            Err(_) => Err(Error::new(
                ErrorKind::TimedOut,
                format!("no answer within {:.1} s", limit.as_secs_f64()),
            )),
        };
        result.map_err(|error| error.at(NAME, operation))
    }

    /// What the indexes are known to promise; before that is known, what they usually do.
    fn indexes(&self) -> Indexes {
        self.inspection.known().unwrap_or(Indexes::USUAL)
    }
}

const NAME: &str = "mongodb";

pub(crate) const BACKEND: Backend = Backend {
    name: NAME,
    schemes: options::SCHEMES,
    drive: Drive::Shared,
    hosting: Hosting::Native,
    open: |settings, _| {
        let options = MongoOptions::read(settings)?;
        Ok(Box::new(move || {
            Ok(Arc::new(MongoStore::new(options.clone())))
        }))
    },
};

#[async_trait]
impl Store for MongoStore {
    fn capability(&self) -> Capability {
        let indexes = self.indexes();
        Capability {
            lists: true,
            expires: indexes.expires,
            max_payload: Some(LARGEST),
            guarantee: if indexes.unique {
                Guarantee::Merge
            } else {
                Guarantee::Overwrite
            },
        }
    }

    async fn load(&self, key: &Key, refresh: Option<Refresh>) -> Result<Option<Loaded>> {
        self.within("load", self.read(key, refresh)).await
    }

    async fn save(
        &self,
        key: &Key,
        payload: Bytes,
        ttl: Duration,
        expect: Expect,
    ) -> Result<Saved> {
        self.within("save", self.write(key, payload, ttl, &expect))
            .await
    }

    async fn touch(&self, key: &Key, ttl: Duration) -> Result<bool> {
        self.within("touch", self.extend(key, ttl)).await
    }

    async fn delete(&self, key: &Key, expect: Expect) -> Result<Deleted> {
        self.within("delete", self.forget(key, &expect)).await
    }

    async fn list(&self, prefix: &str, cursor: Option<Cursor>, limit: usize) -> Result<Page> {
        self.within("list", self.page(prefix, cursor, limit)).await
    }

    async fn sweep(&self, limit: usize) -> Result<usize> {
        self.within("sweep", self.remove_expired(limit)).await
    }

    fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut *self.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for MongoStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoStore")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
