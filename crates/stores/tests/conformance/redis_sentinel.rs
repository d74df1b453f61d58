//! Redis behind a sentinel.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use flask_session_core::{Drive, Store};
use flask_session_stores::{Hosting, Setting, Settings};
use flask_session_testkit::servers::{RedisSentinel, RedisServer, RedisSettings};
use flask_session_testkit::{PATIENCE, Proxy, Subject, Unreachable};

use super::hosts::Host;
use super::networks;

const PASSWORD: &str = "word-that-nobody-may-see";

struct Watched {
    sentinel: RedisSentinel,
    gone: RedisSentinel,
    proxies: Vec<Proxy>,
    host: Host,
    // After the sentinel, which would look for another.
    _server: RedisServer,
}

impl Watched {
    fn on(host: Host) -> Self {
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
            host,
            _server: server,
        }
    }
}

fn settings(sentinel: SocketAddr) -> Settings {
    Settings::new(format!("redis+sentinel://:{PASSWORD}@{sentinel}/main"))
}

impl Subject for Watched {
    fn open(&self) -> Arc<dyn Store> {
        let patience = Setting::Number(PATIENCE.as_secs_f64());
        self.host
            .open_at(settings(self.sentinel.address()).with("timeout", patience))
    }

    fn tick(&self) -> Duration {
        Duration::from_millis(250)
    }

    fn unreachable(&self) -> Vec<Unreachable> {
        let at = |sentinel, limit: Duration| {
            let limit = Setting::Number(limit.as_secs_f64());
            self.host.open_at(settings(sentinel).with("timeout", limit))
        };
        let mut unreachable = networks::unreachable(&self.proxies, at);
        unreachable.push(Unreachable::at(
            self.gone.address(),
            "the primary is gone",
            at,
        ));
        unreachable
    }

    fn waits(&self) -> bool {
        self.host.waits()
    }

    fn secrets(&self) -> Vec<String> {
        vec![PASSWORD.to_owned()]
    }
}

mod for_threads_that_block {
    use super::*;

    flask_session_testkit::keeps_every_rule!(Watched::on(Host::Blocking(Drive::Inline)));
}

mod on_the_runtime_of_a_service {
    use super::*;

    flask_session_testkit::keeps_every_rule!(Watched::on(Host::Service(Hosting::Native)));
}
