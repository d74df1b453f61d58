//! MongoDB, through the runtime that blocking hosts use, in the ways in which it is reached and
//! with the indexes that a collection may have.

use std::borrow::Borrow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use flask_session_core::{Drive, Guarantee, Store};
use flask_session_stores::Hosting;
use flask_session_stores::mongodb::{MongoOptions, MongoStore};
use flask_session_testkit::servers::{MongoServer, MongoSettings};
use flask_session_testkit::{PATIENCE, Proxy, Subject, Unreachable, faults, keep, rules};
use mongodb::bson::{Document, doc};
use mongodb::{Client, Collection, IndexModel};

use super::hosts::Host;
use super::networks;

struct Mongo {
    url: String,
    guarantee: Guarantee,
    proxies: Vec<Proxy>,
    host: Host,
}

const PASSWORD: &str = "word-that-nobody-may-see";

/// A store as this host has it.
fn open(host: Host, url: &str, timeout: Duration) -> Arc<dyn Store> {
    let options = MongoOptions::from_url(url).and_then(|options| options.timeout(timeout));
    let options = options.expect("a legal URL");
    let open = move || -> flask_session_core::Result<Arc<dyn Store>> {
        Ok(Arc::new(MongoStore::new(options.clone())))
    };
    host.open(Box::new(open))
}

/// A database that no other test uses.
fn database() -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    format!("rules_{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

impl Mongo {
    fn at(server: &MongoServer) -> Self {
        Self {
            url: server.url(&database()),
            guarantee: Guarantee::Merge,
            proxies: Vec::new(),
            host: Host::Blocking(Drive::Shared),
        }
    }

    /// On a collection that somebody prepared before us.
    fn prepared(guarantee: Guarantee, prepare: impl AsyncFn(Collection<Document>)) -> Self {
        let subject = Self::at(MongoServer::shared());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        #[expect(clippy::disallowed_methods, reason = "a test prepares its database")]
        runtime.block_on(async {
            let client = Client::with_uri_str(&subject.url).await.unwrap();
            prepare(client.default_database().unwrap().collection("sessions")).await;
        });
        Self {
            guarantee,
            ..subject
        }
    }
}

impl Subject for Mongo {
    fn open(&self) -> Arc<dyn Store> {
        open(self.host, &self.url, PATIENCE)
    }

    fn tick(&self) -> Duration {
        Duration::from_millis(300)
    }

    fn guarantee(&self) -> Guarantee {
        self.guarantee
    }

    fn waits(&self) -> bool {
        self.host.waits()
    }

    fn unreachable(&self) -> Vec<Unreachable> {
        networks::unreachable(&self.proxies, |address, limit| {
            let url = format!("mongodb://user:{PASSWORD}@{address}/?directConnection=true");
            open(self.host, &url, limit)
        })
    }

    fn secrets(&self) -> Vec<String> {
        vec![PASSWORD.to_owned()]
    }
}

mod over_tcp {
    use super::*;

    flask_session_testkit::keeps_every_rule!(Mongo::at(MongoServer::shared()));
}

mod on_the_runtime_of_a_service {
    use super::*;

    fn subject() -> Mongo {
        let server = MongoServer::shared();
        Mongo {
            proxies: networks::proxies(server.address()),
            host: Host::Service(Hosting::Native),
            ..Mongo::at(server)
        }
    }

    flask_session_testkit::keeps_every_rule!(subject());
}

mod over_tls_for_a_user_with_a_password {
    use std::sync::OnceLock;

    use super::*;

    fn subject() -> Mongo {
        static SERVER: OnceLock<MongoServer> = OnceLock::new();
        let server = SERVER.get_or_init(|| {
            MongoServer::with(MongoSettings {
                user: Some(("app".to_owned(), PASSWORD.to_owned())),
                tls: true,
            })
        });
        Mongo::at(server)
    }

    flask_session_testkit::keeps_every_rule!(subject());
}

/// As Flask-Session leaves it: it has no index on `id`, and racing requests insert twice.
mod on_a_collection_with_duplicates {
    use super::*;

    fn subject() -> Mongo {
        Mongo::prepared(Guarantee::Overwrite, async |sessions| {
            let twice = || doc! { "id": "session:twice" };
            sessions.insert_many([twice(), twice()]).await.unwrap();
        })
    }

    flask_session_testkit::keeps_every_rule!(subject());
}

/// What differs where the server doesn't expire sessions; the other rules have nothing to do with it.
#[test]
fn on_a_collection_whose_index_does_not_expire_sweeping_takes_only_the_dead() {
    let subject = Mongo::prepared(Guarantee::Merge, async |sessions| {
        let plain = IndexModel::builder().keys(doc! { "expiration": 1 });
        sessions.create_index(plain.build()).await.unwrap();
    });
    keep(&subject, async |subject| {
        rules::the_guarantee_is_what_is_claimed(subject).await;
        rules::sweeping_takes_only_the_dead(subject).await;
    });
}

/// On a server that others use too, or on its own.
struct Site<S>(S);

impl<S: Borrow<MongoServer> + Send + Sync> faults::Site for Site<S> {
    fn address(&self) -> SocketAddr {
        self.0.borrow().address()
    }

    fn open(&self, address: SocketAddr, limit: Duration) -> Arc<dyn Store> {
        open(
            Host::Blocking(Drive::Shared),
            &format!("mongodb://{address}/faults?directConnection=true&heartbeatFrequencyMS=500"),
            limit,
        )
    }

    fn short_limit(&self) -> Duration {
        Duration::from_secs(2)
    }

    fn waits_for_the_server(&self) -> bool {
        true
    }
}

impl faults::Restarts for Site<MongoServer> {
    fn restart(&mut self) {
        self.0.restart();
    }
}

mod when_something_breaks {
    use super::*;

    flask_session_testkit::survives_every_fault!(
        Site(MongoServer::shared()),
        Site(MongoServer::start())
    );
}
