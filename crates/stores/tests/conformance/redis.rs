//! Redis, in the ways in which it is reached and as much as it permits.

use std::sync::Arc;
use std::time::Duration;

use flask_session_core::{Guarantee, Store};
use flask_session_stores::redis::{RedisOptions, RedisStore};
use flask_session_testkit::servers::{RedisServer, RedisSettings, nobody};
use flask_session_testkit::{Network, Proxy, Subject, Unreachable};

struct Redis {
    server: RedisServer,
    options: RedisOptions,
    guarantee: Guarantee,
    proxies: Vec<Proxy>,
}

const PASSWORD: &str = "word-that-nobody-may-see";

impl Redis {
    fn new(settings: RedisSettings, options: impl Fn(&RedisServer) -> RedisOptions) -> Self {
        let server = RedisServer::with(settings);
        Self {
            options: options(&server),
            server,
            guarantee: Guarantee::Merge,
            proxies: Vec::new(),
        }
    }

    /// On TCP, to a user who may do only what `permissions` say.
    fn permitting(permissions: &str, guarantee: Guarantee) -> Self {
        let settings = RedisSettings {
            users: vec![format!("app on >{PASSWORD} ~session:* {permissions}")],
            ..RedisSettings::default()
        };
        let user = |server: &RedisServer| tcp(server).username("app").password(PASSWORD);
        Self {
            guarantee,
            ..Self::new(settings, user)
        }
    }

    fn store(options: RedisOptions) -> Arc<dyn Store> {
        Arc::new(RedisStore::blocking(options).expect("legal options"))
    }
}

fn tcp(server: &RedisServer) -> RedisOptions {
    RedisOptions::from_url(&server.url()).expect("a legal URL")
}

impl Subject for Redis {
    fn open(&self) -> Arc<dyn Store> {
        Self::store(self.options.clone())
    }

    fn tick(&self) -> Duration {
        Duration::from_millis(250)
    }

    fn guarantee(&self) -> Guarantee {
        self.guarantee
    }

    fn unreachable(&self) -> Vec<Unreachable> {
        let limit = Duration::from_millis(300);
        let at = |address: std::net::SocketAddr| {
            let options = RedisOptions::from_url(&format!("redis://:{PASSWORD}@{address}"));
            Self::store(options.expect("a legal URL").timeout(limit))
        };
        let mut unreachable = vec![Unreachable {
            why: "nobody listens",
            store: at(nobody()),
            limit: limit * 2,
        }];
        for (proxy, why, network) in self
            .proxies
            .iter()
            .zip(NETWORKS)
            .map(|(p, (w, n))| (p, w, n))
        {
            proxy.becomes(network);
            unreachable.push(Unreachable {
                why,
                store: at(proxy.address()),
                limit: limit * 2,
            });
        }
        unreachable
    }

    fn secrets(&self) -> Vec<String> {
        vec![PASSWORD.to_owned()]
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

    fn subject() -> Redis {
        let mut subject = Redis::new(RedisSettings::default(), tcp);
        let address = subject.server.address();
        subject.proxies = NETWORKS.iter().map(|_| Proxy::before(address)).collect();
        subject
    }

    flask_session_testkit::keeps_every_rule!(subject());
}

mod over_a_unix_socket_with_a_password_in_database_3 {
    use super::*;

    fn subject() -> Redis {
        let settings = RedisSettings {
            password: Some(PASSWORD.to_owned()),
            ..RedisSettings::default()
        };
        Redis::new(settings, |server| {
            let url = format!("unix://:{PASSWORD}@{}?db=3", server.socket().display());
            RedisOptions::from_url(&url).expect("a legal URL")
        })
    }

    flask_session_testkit::keeps_every_rule!(subject());
}

mod over_tls {
    use super::*;

    fn subject() -> Redis {
        let settings = RedisSettings {
            tls: true,
            ..RedisSettings::default()
        };
        Redis::new(settings, |server| {
            tcp(server).ca_file(&server.certificates().expect("TLS").authority)
        })
    }

    flask_session_testkit::keeps_every_rule!(subject());
}

mod for_a_user_without_scripts {
    use super::*;

    flask_session_testkit::keeps_every_rule!(Redis::permitting(
        "+@all -@scripting",
        Guarantee::Merge
    ));
}

mod for_a_user_without_transactions {
    use super::*;

    flask_session_testkit::keeps_every_rule!(Redis::permitting(
        "+@all -@transaction",
        Guarantee::Merge
    ));
}

mod for_a_user_with_get_set_del_and_scan {
    use super::*;

    flask_session_testkit::keeps_every_rule!(Redis::permitting(
        "+get +set +del +scan",
        Guarantee::Overwrite
    ));
}
