//! Redis, in the ways in which it is reached and as much as it permits.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use flask_session_core::{Drive, Guarantee, Open, Store};
use flask_session_stores::Hosting;
use flask_session_stores::redis::{RedisOptions, RedisStore};
use flask_session_testkit::servers::{RedisServer, RedisSettings};
use flask_session_testkit::{PATIENCE, Subject, Unreachable, faults, keep, rules};

use crate::hosts::Host;

struct Redis {
    _server: RedisServer,
    options: RedisOptions,
    guarantee: Guarantee,
    host: Host,
}

const BLOCKING: Host = Host::Blocking(Drive::Inline);
const SERVICE: Host = Host::Service(Hosting::Native);

const PASSWORD: &str = "word-that-nobody-may-see";

impl Redis {
    fn new(settings: RedisSettings, options: impl Fn(&RedisServer) -> RedisOptions) -> Self {
        let server = RedisServer::with(settings);
        Self {
            options: options(&server).timeout(PATIENCE).connect_timeout(PATIENCE),
            _server: server,
            guarantee: Guarantee::Merge,
            host: BLOCKING,
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

    /// On the runtime of a service.
    fn hosted(self) -> Self {
        Self {
            host: SERVICE,
            ..self
        }
    }
}

fn store(host: Host, options: RedisOptions) -> Arc<dyn Store> {
    let open: Open = match host {
        Host::Blocking(_) => Box::new(move || Ok(Arc::new(RedisStore::blocking(options.clone())?))),
        Host::Service(_) => Box::new(move || Ok(Arc::new(RedisStore::hosted(options.clone())?))),
    };
    host.open(open)
}

fn tcp(server: &RedisServer) -> RedisOptions {
    RedisOptions::from_url(&server.url()).expect("a legal URL")
}

impl Subject for Redis {
    fn open(&self) -> Arc<dyn Store> {
        store(self.host, self.options.clone())
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
            store(self.host, options.expect("a legal URL").timeout(limit))
        })
    }

    fn waits(&self) -> bool {
        self.host.waits()
    }

    fn secrets(&self) -> Vec<String> {
        vec![PASSWORD.to_owned()]
    }
}

mod over_tcp {
    use super::*;

    flask_session_testkit::keeps_every_rule!(Redis::new(RedisSettings::default(), tcp));
}

mod on_the_runtime_of_a_service {
    use super::*;

    flask_session_testkit::keeps_every_rule!(Redis::new(RedisSettings::default(), tcp).hosted());
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

    #[test]
    fn a_service_reaches_it_too() {
        let rule = rules::what_was_saved_is_loaded_byte_for_byte;
        keep(&subject().hosted(), rule);
    }
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

    mod on_the_runtime_of_a_service {
        flask_session_testkit::keeps_every_rule!(super::subject().hosted());
    }
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

struct Site {
    server: RedisServer,
    host: Host,
}

impl Site {
    fn on(host: Host) -> Self {
        let server = RedisServer::start();
        Self { server, host }
    }
}

impl faults::Site for Site {
    fn address(&self) -> SocketAddr {
        self.server.address()
    }

    fn open(&self, address: SocketAddr, limit: Duration) -> Arc<dyn Store> {
        let options = RedisOptions::from_url(&format!("redis://{address}")).expect("a legal URL");
        store(self.host, options.timeout(limit).connect_timeout(limit))
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
