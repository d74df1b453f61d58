//! Redis, in the ways in which it is reached and as much as it permits.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use flask_session_core::{Guarantee, Store};
use flask_session_stores::redis::{RedisOptions, RedisStore};
use flask_session_testkit::servers::{RedisServer, RedisSettings};
use flask_session_testkit::{PATIENCE, Subject, Unreachable, faults};

struct Redis {
    _server: RedisServer,
    options: RedisOptions,
    guarantee: Guarantee,
}

const PASSWORD: &str = "word-that-nobody-may-see";

impl Redis {
    fn new(settings: RedisSettings, options: impl Fn(&RedisServer) -> RedisOptions) -> Self {
        let server = RedisServer::with(settings);
        Self {
            options: options(&server).timeout(PATIENCE).connect_timeout(PATIENCE),
            _server: server,
            guarantee: Guarantee::Merge,
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
        Unreachable::nobody(|address, limit| {
            let options = RedisOptions::from_url(&format!("redis://:{PASSWORD}@{address}"));
            Self::store(options.expect("a legal URL").timeout(limit))
        })
    }

    fn secrets(&self) -> Vec<String> {
        vec![PASSWORD.to_owned()]
    }
}

mod over_tcp {
    use super::*;

    flask_session_testkit::keeps_every_rule!(Redis::new(RedisSettings::default(), tcp));
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

struct Site(RedisServer);

impl faults::Site for Site {
    fn address(&self) -> SocketAddr {
        self.0.address()
    }

    fn open(&self, address: SocketAddr, limit: Duration) -> Arc<dyn Store> {
        let options = RedisOptions::from_url(&format!("redis://{address}")).expect("a legal URL");
        Redis::store(options.timeout(limit).connect_timeout(limit))
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
        Site(RedisServer::start()),
        Site(RedisServer::start())
    );
}
