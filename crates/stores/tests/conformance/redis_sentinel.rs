//! Redis behind a sentinel.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use flask_session_core::Store;
use flask_session_stores::{Setting, Settings};
use flask_session_testkit::servers::{RedisSentinel, RedisServer, RedisSettings};
use flask_session_testkit::{PATIENCE, Proxy, Subject, Unreachable};

use super::networks;

const PASSWORD: &str = "word-that-nobody-may-see";

struct Watched {
    sentinel: RedisSentinel,
    gone: RedisSentinel,
    proxies: Vec<Proxy>,
    // After the sentinel, which would look for another.
    _server: RedisServer,
}

impl Watched {
    fn new() -> Self {
        let server = RedisServer::with(RedisSettings {
            password: Some(PASSWORD.to_owned()),
            ..RedisSettings::default()
        });
        let secret = format!("sentinel auth-pass main {PASSWORD}");
        let sentinel = RedisSentinel::watching(&server, &[&secret]);
        let address = sentinel.address();
        Self {
            sentinel,
            gone: RedisSentinel::watching(&RedisServer::start(), &[]),
            proxies: networks::proxies(address),
            _server: server,
        }
    }
}

fn settings(sentinel: SocketAddr) -> Settings {
    Settings::new(format!("redis+sentinel://:{PASSWORD}@{sentinel}/main"))
}

fn store(settings: Settings) -> Arc<dyn Store> {
    flask_session_stores::open(settings)
        .expect("legal settings")
        .1
}

fn at(sentinel: SocketAddr, limit: Duration) -> Arc<dyn Store> {
    let limit = Setting::Number(limit.as_secs_f64());
    store(settings(sentinel).with("timeout", limit))
}

impl Subject for Watched {
    fn open(&self) -> Arc<dyn Store> {
        let patience = Setting::Number(PATIENCE.as_secs_f64());
        store(settings(self.sentinel.address()).with("timeout", patience))
    }

    fn tick(&self) -> Duration {
        Duration::from_millis(250)
    }

    fn unreachable(&self) -> Vec<Unreachable> {
        let mut unreachable = networks::unreachable(&self.proxies, at);
        unreachable.push(Unreachable::at(
            self.gone.address(),
            "the primary is gone",
            at,
        ));
        unreachable
    }

    fn secrets(&self) -> Vec<String> {
        vec![PASSWORD.to_owned()]
    }
}

flask_session_testkit::keeps_every_rule!(Watched::new());
