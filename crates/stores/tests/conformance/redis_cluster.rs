//! A Redis Cluster.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use flask_session_core::{Drive, Store};
use flask_session_stores::{Hosting, Setting, Settings};
use flask_session_testkit::servers::{RedisCluster, RedisSettings};
use flask_session_testkit::{PATIENCE, Proxy, Subject, Unreachable};

use super::hosts::Host;
use super::networks;

const PASSWORD: &str = "word-that-nobody-may-see";

struct Clustered {
    cluster: Arc<RedisCluster>,
    proxies: Vec<Proxy>,
    host: Host,
}

/// One that all tests share, since it is slow to start; it ends with the last of them.
fn shared() -> Arc<RedisCluster> {
    static SHARED: Mutex<Weak<RedisCluster>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(cluster) = shared.upgrade() {
        return cluster;
    }
    let user = format!("app on >{PASSWORD} ~* +@all");
    let settings = RedisSettings {
        users: vec![user],
        options: vec![("enable-debug-command".to_owned(), "yes".to_owned())],
        ..RedisSettings::default()
    };
    let cluster = Arc::new(RedisCluster::with(&settings, false));
    // SCAN repeats keys when a table shrinks, which it does once it is nearly empty.
    for node in 0..cluster.nodes.len() {
        let populate = ["DEBUG", "POPULATE", "2000", "another-application"];
        assert_eq!(cluster.command(node, &populate), "+OK\r\n");
    }
    *shared = Arc::downgrade(&cluster);
    cluster
}

impl Clustered {
    fn on(host: Host) -> Self {
        let cluster = shared();
        let address = cluster.nodes[1].address();
        Self {
            cluster,
            proxies: networks::proxies(address),
            host,
        }
    }
}

fn settings(node: SocketAddr) -> Settings {
    Settings::new(format!("redis+cluster://app:{PASSWORD}@{node}/0"))
}

impl Subject for Clustered {
    fn open(&self) -> Arc<dyn Store> {
        let patience = Setting::Number(PATIENCE.as_secs_f64());
        self.host
            .open_at(settings(self.cluster.nodes[0].address()).with("timeout", patience))
    }

    fn tick(&self) -> Duration {
        Duration::from_millis(250)
    }

    fn unreachable(&self) -> Vec<Unreachable> {
        networks::unreachable(&self.proxies, |node, limit| {
            let limit = Setting::Number(limit.as_secs_f64());
            self.host.open_at(settings(node).with("timeout", limit))
        })
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

    flask_session_testkit::keeps_every_rule!(Clustered::on(Host::Blocking(Drive::Inline)));
}

mod on_the_runtime_of_a_service {
    use super::*;

    flask_session_testkit::keeps_every_rule!(Clustered::on(Host::Service(Hosting::Native)));
}
