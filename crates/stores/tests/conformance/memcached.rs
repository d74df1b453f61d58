//! memcached, in the ways in which it is reached and as far as its versions and settings go.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use flask_session_core::{Guarantee, Store};
use flask_session_stores::memcached::{MemcachedOptions, MemcachedStore};
use flask_session_testkit::servers::MemcachedServer;
use flask_session_testkit::{PATIENCE, Subject, Unreachable, faults};

struct Memcached {
    server: MemcachedServer,
    guarantee: Guarantee,
}

impl Memcached {
    fn on(server: MemcachedServer) -> Self {
        Self {
            server,
            guarantee: Guarantee::Merge,
        }
    }
}

fn store(options: MemcachedOptions) -> Arc<dyn Store> {
    Arc::new(MemcachedStore::blocking(options).expect("legal options"))
}

fn opened(address: SocketAddr, limit: Duration) -> Arc<dyn Store> {
    let options = MemcachedOptions::from_url(&format!("memcached://{address}"));
    let options = options.expect("a legal URL").timeout(limit);
    store(options.connect_timeout(limit))
}

impl Subject for Memcached {
    fn open(&self) -> Arc<dyn Store> {
        let options = MemcachedOptions::from_url(&self.server.url()).expect("a legal URL");
        store(options.timeout(PATIENCE).connect_timeout(PATIENCE))
    }

    fn guarantee(&self) -> Guarantee {
        self.guarantee
    }

    fn unreachable(&self) -> Vec<Unreachable> {
        Unreachable::nobody(|address, limit| opened(address, limit))
    }
}

mod over_tcp {
    use super::*;

    flask_session_testkit::keeps_every_rule!(Memcached::on(MemcachedServer::start()));
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

struct Site(MemcachedServer);

impl faults::Site for Site {
    fn address(&self) -> SocketAddr {
        self.0.address()
    }

    fn open(&self, address: SocketAddr, limit: Duration) -> Arc<dyn Store> {
        opened(address, limit)
    }
}

impl faults::Restarts for Site {
    fn restart(&mut self) {
        assert!(self.0.restart());
    }
}

mod when_something_breaks {
    use super::*;

    flask_session_testkit::survives_every_fault!(
        Site(MemcachedServer::start()),
        Site(MemcachedServer::start())
    );
}
