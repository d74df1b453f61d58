//! What is memcached's own: its limits, its older versions.

#![cfg(feature = "memcached")]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod limits;
mod older;

use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{
    Deleted, Expect, Key, Loaded, Refresh, Result, Revision, Saved, Store, drive,
};
use flask_session_stores::memcached::{MemcachedOptions, MemcachedStore};
use flask_session_testkit::PATIENCE;
use flask_session_testkit::servers::MemcachedServer;

const LIFE: Duration = Duration::from_secs(2_678_400);

fn store(server: &MemcachedServer) -> MemcachedStore {
    let options = MemcachedOptions::from_url(&server.url()).unwrap();
    let options = options.timeout(PATIENCE).connect_timeout(PATIENCE);
    MemcachedStore::blocking(options).unwrap()
}

fn at(address: std::net::SocketAddr) -> MemcachedOptions {
    MemcachedOptions::from_url(&format!("memcached://{address}")).unwrap()
}

fn key(name: &str) -> Key {
    Key::from_text(format!("session:{name}"))
}

fn load(store: &MemcachedStore, key: &Key) -> Result<Option<Loaded>> {
    drive(store.load(key, None))
}

fn refresh(store: &MemcachedStore, key: &Key) -> Result<Option<Loaded>> {
    drive(store.load(key, Some(Refresh { ttl: LIFE })))
}

fn save(store: &MemcachedStore, key: &Key, payload: &Bytes, expect: Expect) -> Result<Saved> {
    drive(store.save(key, payload.clone(), LIFE, expect))
}

fn touch(store: &MemcachedStore, key: &Key) -> Result<bool> {
    drive(store.touch(key, LIFE))
}

fn delete(store: &MemcachedStore, key: &Key, expect: Expect) -> Result<Deleted> {
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
