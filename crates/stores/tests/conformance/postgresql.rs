//! PostgreSQL, in the ways in which it is reached, on tables as they are met.

use std::borrow::Borrow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use flask_session_core::{Drive, Store, SystemClock};
use flask_session_stores::{Hosting, Setting, Settings, open, postgresql};
use flask_session_testkit::servers::PostgresqlServer;
use flask_session_testkit::{ManualClock, PATIENCE, Proxy, Subject, Unreachable, faults};

use super::hosts::Host;
use super::networks;

struct Postgresql {
    server: &'static PostgresqlServer,
    clock: Arc<ManualClock>,
    settings: Settings,
    proxies: Vec<Proxy>,
    host: Host,
}

impl Postgresql {
    /// A table of its own, which the store makes.
    fn new(url: impl Fn(&PostgresqlServer) -> String) -> Self {
        static TABLES: AtomicUsize = AtomicUsize::new(0);
        let server = PostgresqlServer::shared();
        let number = TABLES.fetch_add(1, Ordering::SeqCst);
        let table = Setting::Text(format!("Sessions \"{number}\" 表名"));
        Self {
            server,
            clock: Arc::new(ManualClock::new()),
            settings: Settings::new(url(server)).with("table", table),
            proxies: Vec::new(),
            host: Host::Blocking(Drive::Lane),
        }
    }

    /// A table that somebody made; `{}` stands for its name.
    fn on_table(definition: &str) -> Self {
        static TABLES: AtomicUsize = AtomicUsize::new(0);
        let mut subject = Self::new(PostgresqlServer::url);
        let name = format!("by_hand_{}", TABLES.fetch_add(1, Ordering::SeqCst));
        subject.server.command(&definition.replace("{}", &name));
        subject.settings = Settings::new(subject.server.url())
            .with("table", Setting::Text(name))
            .with("create", Setting::Flag(false));
        subject
    }

    fn store(&self, settings: Settings) -> Arc<dyn Store> {
        let settings = settings.with("timeout", Setting::Number(PATIENCE.as_secs_f64()));
        let open = postgresql::open_with_clock(settings, self.clock.clone());
        self.host.open(open.expect("legal settings"))
    }
}

impl Subject for Postgresql {
    fn open(&self) -> Arc<dyn Store> {
        self.store(self.settings.clone())
    }

    fn wait(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    fn waits(&self) -> bool {
        self.host.waits()
    }

    fn unreachable(&self) -> Vec<Unreachable> {
        networks::unreachable(&self.proxies, |address, limit| {
            let limit = Setting::Number(limit.as_secs_f64());
            let settings = Settings::new(self.server.url_at(address)).with("timeout", limit);
            let open = postgresql::open_with_clock(settings, Arc::new(SystemClock));
            self.host.open(open.expect("legal settings"))
        })
    }

    fn secrets(&self) -> Vec<String> {
        vec![PostgresqlServer::PASSWORD.to_owned()]
    }
}

mod over_tcp_with_a_password {
    use super::*;

    flask_session_testkit::keeps_every_rule!(Postgresql::new(PostgresqlServer::url));
}

mod on_the_runtime_of_a_service {
    use super::*;

    fn subject() -> Postgresql {
        let mut subject = Postgresql::new(PostgresqlServer::url);
        let address = subject.server.address();
        subject.proxies = networks::proxies(address);
        subject.host = Host::Service(Hosting::Native);
        subject
    }

    flask_session_testkit::keeps_every_rule!(subject());
}

mod in_a_table_made_by_hand_without_constraint_or_default {
    use super::*;

    flask_session_testkit::keeps_every_rule!(Postgresql::on_table(
        "CREATE TABLE {} (id integer PRIMARY KEY NOT NULL, session_id varchar(255), \
         data bytea, expiry timestamp)"
    ));
}

mod in_the_table_of_the_development_branch {
    use super::*;

    fn subject() -> Postgresql {
        let mut subject = Postgresql::new(PostgresqlServer::url);
        let layout = Setting::Text("postgresql".to_owned());
        subject.settings = subject.settings.with("layout", layout);
        subject
    }

    flask_session_testkit::keeps_every_rule!(subject());
}

/// On a server that others use too, or on its own.
struct Site<S>(S);

impl<S: Borrow<PostgresqlServer> + Send + Sync> faults::Site for Site<S> {
    fn address(&self) -> SocketAddr {
        self.0.borrow().address()
    }

    fn open(&self, address: SocketAddr, limit: Duration) -> Arc<dyn Store> {
        let settings = Settings::new(self.0.borrow().url_at(address));
        let limit = Setting::Number(limit.as_secs_f64());
        open(settings.with("timeout", limit))
            .expect("legal settings")
            .1
    }

    fn secrets(&self) -> Vec<String> {
        vec![PostgresqlServer::PASSWORD.to_owned()]
    }
}

impl faults::Restarts for Site<PostgresqlServer> {
    fn restart(&mut self) {
        assert!(self.0.restart());
    }

    fn keeps_records(&self) -> bool {
        true
    }
}

mod when_something_breaks {
    use super::*;

    flask_session_testkit::survives_every_fault!(
        Site(PostgresqlServer::shared()),
        Site(PostgresqlServer::start())
    );
}
