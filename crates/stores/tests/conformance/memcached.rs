//! memcached, in the ways in which it is reached and as far as its versions and settings go.

use std::sync::Arc;
use std::time::Duration;

use flask_session_core::{Guarantee, Store};
use flask_session_stores::memcached::{MemcachedOptions, MemcachedStore};
use flask_session_testkit::servers::{MemcachedServer, nobody};
use flask_session_testkit::{Network, Proxy, Subject, Unreachable};

struct Memcached {
    server: MemcachedServer,
    guarantee: Guarantee,
    proxies: Vec<Proxy>,
}

impl Memcached {
    fn on(server: MemcachedServer) -> Self {
        Self {
            server,
            guarantee: Guarantee::Merge,
            proxies: Vec::new(),
        }
    }
}

fn store(options: MemcachedOptions) -> Arc<dyn Store> {
    Arc::new(MemcachedStore::blocking(options).expect("legal options"))
}

impl Subject for Memcached {
    fn open(&self) -> Arc<dyn Store> {
        store(MemcachedOptions::from_url(&self.server.url()).expect("a legal URL"))
    }

    fn guarantee(&self) -> Guarantee {
        self.guarantee
    }

    fn unreachable(&self) -> Vec<Unreachable> {
        let limit = Duration::from_millis(300);
        let at = |address: std::net::SocketAddr| {
            let options = MemcachedOptions::from_url(&format!("memcached://{address}"));
            store(options.expect("a legal URL").timeout(limit))
        };
        let mut unreachable = vec![Unreachable {
            why: "nobody listens",
            store: at(nobody()),
            limit: limit * 2,
        }];
        for (proxy, (why, network)) in self.proxies.iter().zip(NETWORKS) {
            proxy.becomes(network);
            unreachable.push(Unreachable {
                why,
                store: at(proxy.address()),
                limit: limit * 2,
            });
        }
        unreachable
    }
}

const NETWORKS: [(&str, Network); 5] = [
    ("requests hang", Network::HangsBeforeSending),
    ("replies hang", Network::HangsAfterSending),
    ("replies are reset", Network::ResetsReply { after: 0 }),
    (
        "replies drip",
        Network::Drips {
            pause: Duration::from_millis(40),
        },
    ),
    ("connections are closed", Network::Closes),
];

mod over_tcp {
    use super::*;

    fn subject() -> Memcached {
        let mut subject = Memcached::on(MemcachedServer::start());
        let address = subject.server.address();
        subject.proxies = NETWORKS.iter().map(|_| Proxy::before(address)).collect();
        subject
    }

    flask_session_testkit::keeps_every_rule!(subject());
}

mod over_a_unix_socket {
    use super::*;

    flask_session_testkit::keeps_every_rule!(Memcached::on(MemcachedServer::on_a_socket()));
}

mod without_cas_numbers {
    use super::*;

    fn subject() -> Memcached {
        Memcached {
            guarantee: Guarantee::Overwrite,
            ..Memcached::on(MemcachedServer::with(&["-C", "-I", "4m"]))
        }
    }

    flask_session_testkit::keeps_every_rule!(subject());
}
