//! What is MongoDB's own: documents, indexes, commands.

#![cfg(feature = "mongodb")]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod access;
mod collection;
mod documents;
mod indexes;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{
    Deleted, Drive, Expect, Key, Loaded, Refresh, Result, Revision, Saved, Store, blocking, drive,
};
use flask_session_stores::mongodb::{MongoOptions, MongoStore};
use flask_session_testkit::PATIENCE;

const LIFE: Duration = Duration::from_secs(2_678_400);

/// A store as a blocking host has it.
fn open(url: &str) -> Arc<dyn Store> {
    within(url, PATIENCE)
}

fn within(url: &str, limit: Duration) -> Arc<dyn Store> {
    let options = MongoOptions::from_url(url).unwrap().timeout(limit).unwrap();
    let open = move || -> Result<Arc<dyn Store>> { Ok(Arc::new(MongoStore::new(options.clone()))) };
    blocking(Drive::Shared, Box::new(open)).unwrap()
}

fn key(name: &str) -> Key {
    Key::from_text(format!("session:{name}"))
}

fn load(store: &dyn Store, key: &Key) -> Result<Option<Loaded>> {
    drive(store.load(key, None))
}

fn refresh(store: &dyn Store, key: &Key) -> Result<Option<Loaded>> {
    drive(store.load(key, Some(Refresh { ttl: LIFE })))
}

fn save(store: &dyn Store, key: &Key, payload: &Bytes, expect: Expect) -> Result<Saved> {
    drive(store.save(key, payload.clone(), LIFE, expect))
}

fn touch(store: &dyn Store, key: &Key) -> Result<bool> {
    drive(store.touch(key, LIFE))
}

fn delete(store: &dyn Store, key: &Key, expect: Expect) -> Result<Deleted> {
    drive(store.delete(key, expect))
}

fn stored(saved: Result<Saved>) -> Revision {
    match saved.unwrap() {
        Saved::Stored(revision) => revision,
        Saved::Conflict => panic!("a conflict"),
    }
}

fn bytes(byte: u8, length: usize) -> Bytes {
    vec![byte; length].into()
}
