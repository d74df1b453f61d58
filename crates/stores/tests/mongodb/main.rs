//! What is MongoDB's own: documents, indexes, commands.

#![cfg(feature = "mongodb")]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod access;
mod collection;
mod documents;
mod indexes;

use std::sync::Arc;
use std::time::Duration;

use flask_session_core::{Drive, Result, Store, blocking};
use flask_session_stores::mongodb::{MongoOptions, MongoStore};
use flask_session_testkit::PATIENCE;

/// A store as a blocking host has it.
fn open(url: &str) -> Arc<dyn Store> {
    within(url, PATIENCE)
}

fn within(url: &str, limit: Duration) -> Arc<dyn Store> {
    let options = MongoOptions::from_url(url).unwrap().timeout(limit).unwrap();
    let open = move || -> Result<Arc<dyn Store>> { Ok(Arc::new(MongoStore::new(options.clone()))) };
    blocking(Drive::Shared, Box::new(open)).unwrap()
}
