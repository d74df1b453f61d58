//! memcached, in the ways in which it is reached and as far as its versions and settings go.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use flask_session_core::{Drive, Guarantee, Open, Store};
use flask_session_stores::Hosting;
use flask_session_stores::memcached::{MemcachedOptions, MemcachedStore};
use flask_session_testkit::servers::MemcachedServer;
use flask_session_testkit::{PATIENCE, Subject, Unreachable, faults};

use crate::hosts::Host;

const BLOCKING: Host = Host::Blocking(Drive::Inline);
const SERVICE: Host = Host::Service(Hosting::Native);

struct Memcached {
    server: MemcachedServer,
    guarantee: Guarantee,
    host: Host,
}

impl Memcached {
    fn on(server: MemcachedServer) -> Self {
        Self {
            server,
            guarantee: Guarantee::Merge,
            host: BLOCKING,
        }
    }
}

fn store(host: Host, options: MemcachedOptions) -> Arc<dyn Store> {
    let open: Open = match host {
        Host::Blocking(_) => {
            Box::new(move || Ok(Arc::new(MemcachedStore::blocking(options.clone())?)))
        }
        Host::Service(_) => {
            Box::new(move || Ok(Arc::new(MemcachedStore::hosted(options.clone())?)))
        }
    };
    host.open(open)
}

fn opened(host: Host, address: SocketAddr, limit: Duration) -> Arc<dyn Store> {
    let options = MemcachedOptions::from_url(&format!("memcached://{address}"));
    let options = options.expect("a legal URL").timeout(limit);
    store(host, options.connect_timeout(limit))
}

impl Subject for Memcached {
    fn open(&self) -> Arc<dyn Store> {
        let options = MemcachedOptions::from_url(&self.server.url()).expect("a legal URL");
        store(
            self.host,
            options.timeout(PATIENCE).connect_timeout(PATIENCE),
        )
    }

    fn guarantee(&self) -> Guarantee {
        self.guarantee
    }

    fn waits(&self) -> bool {
        self.host.waits()
    }

    fn unreachable(&self) -> Vec<Unreachable> {
        Unreachable::nobody(|address, limit| opened(self.host, address, limit))
    }
}

mod over_tcp {
    use super::*;

    flask_session_testkit::keeps_every_rule!(Memcached::on(MemcachedServer::start()));
}

mod on_the_runtime_of_a_service {
    use super::*;

    fn subject() -> Memcached {
        Memcached {
            host: SERVICE,
            ..Memcached::on(MemcachedServer::start())
        }
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

struct Site {
    server: MemcachedServer,
    host: Host,
}

impl Site {
    fn on(host: Host) -> Self {
        let server = MemcachedServer::start();
        Self { server, host }
    }
}

impl faults::Site for Site {
    fn address(&self) -> SocketAddr {
        self.server.address()
    }

    fn open(&self, address: SocketAddr, limit: Duration) -> Arc<dyn Store> {
        opened(self.host, address, limit)
    }
}

impl faults::Restarts for Site {
    fn restart(&mut self) {
        assert!(self.server.restart());
    }
}

mod when_something_breaks {
    use super::*;

    flask_session_testkit::survives_every_fault!(Site::on(BLOCKING), Site::on(BLOCKING));
}

mod when_something_breaks_for_a_service {
    use super::*;

    flask_session_testkit::survives_every_fault!(Site::on(SERVICE), Site::on(SERVICE));
}
