//! What is memcached's own: its limits, its older versions.

#![cfg(feature = "memcached")]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod limits;
mod older;

use flask_session_stores::memcached::{MemcachedOptions, MemcachedStore};
use flask_session_testkit::PATIENCE;
use flask_session_testkit::servers::MemcachedServer;

fn store(server: &MemcachedServer) -> MemcachedStore {
    let options = MemcachedOptions::from_url(&server.url()).unwrap();
    let options = options.timeout(PATIENCE).connect_timeout(PATIENCE);
    MemcachedStore::blocking(options).unwrap()
}

fn at(address: std::net::SocketAddr) -> MemcachedOptions {
    MemcachedOptions::from_url(&format!("memcached://{address}")).unwrap()
}
