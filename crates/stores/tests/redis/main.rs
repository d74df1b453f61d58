//! What is Redis's own: which commands are sent, how it is reached, what a fault does.

#![cfg(feature = "redis")]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod access;
mod commands;
mod faults;
mod monitor;
mod permissions;

use flask_session_stores::redis::{RedisOptions, RedisStore};
use flask_session_testkit::PATIENCE;
use flask_session_testkit::servers::RedisServer;

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
