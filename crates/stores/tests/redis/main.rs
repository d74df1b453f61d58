//! What is Redis's own: which commands are sent, how it is reached, what a fault does.

#![cfg(feature = "redis")]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod access;
mod commands;
mod faults;
mod monitor;
mod permissions;

use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{
    Deleted, Expect, Key, Loaded, Refresh, Result, Revision, Saved, Store, drive,
};
use flask_session_stores::redis::{RedisOptions, RedisStore};
use flask_session_testkit::PATIENCE;
use flask_session_testkit::servers::RedisServer;

const LIFE: Duration = Duration::from_secs(2_678_400);

fn options(server: &RedisServer) -> RedisOptions {
    RedisOptions::from_url(&server.url()).unwrap()
}

fn store(server: &RedisServer) -> RedisStore {
    let options = options(server).timeout(PATIENCE);
    RedisStore::blocking(options.connect_timeout(PATIENCE)).unwrap()
}

fn at(address: std::net::SocketAddr) -> RedisOptions {
    RedisOptions::from_url(&format!("redis://{address}")).unwrap()
}

fn key(name: &str) -> Key {
    Key::from_text(format!("session:{name}"))
}

fn load(store: &RedisStore, key: &Key) -> Result<Option<Loaded>> {
    drive(store.load(key, None))
}

fn refresh(store: &RedisStore, key: &Key) -> Result<Option<Loaded>> {
    drive(store.load(key, Some(Refresh { ttl: LIFE })))
}

fn save(store: &RedisStore, key: &Key, payload: &Bytes, expect: Expect) -> Result<Saved> {
    drive(store.save(key, payload.clone(), LIFE, expect))
}

fn touch(store: &RedisStore, key: &Key) -> Result<bool> {
    drive(store.touch(key, LIFE))
}

fn delete(store: &RedisStore, key: &Key, expect: Expect) -> Result<Deleted> {
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
