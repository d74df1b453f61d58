//! What a store with a server must do when the server, or the way to it, breaks: one function per
//! rule, named as the sentence.
//!
//! A store's test file implements [`Site`] and [`Restarts`] and writes one line, which makes one
//! `#[test]` per rule. The store reaches its real server through a [`Proxy`], which
//! misbehaves as the rule tells it:
//!
//! ```no_run
//! # use std::{net::SocketAddr, sync::Arc, time::Duration};
//! # use flask_session_core::Store;
//! use flask_session_testkit::faults::{Restarts, Site};
//! use flask_session_testkit::{servers::RedisServer, survives_every_fault};
//! # fn my_store(url: &str, limit: Duration) -> Arc<dyn Store> { unimplemented!() }
//!
//! struct Redis(RedisServer);
//!
//! impl Site for Redis {
//!     fn address(&self) -> SocketAddr {
//!         self.0.address()
//!     }
//!
//!     fn open(&self, address: SocketAddr, limit: Duration) -> Arc<dyn Store> {
//!         my_store(&format!("redis://{address}"), limit)
//!     }
//! }
//!
//! impl Restarts for Redis {
//!     fn restart(&mut self) {
//!         assert!(self.0.restart());
//!     }
//! }
//!
//! survives_every_fault!(Redis(RedisServer::start()), Redis(RedisServer::start()));
//! # fn main() {}
//! ```
//!
//! No rule goes by how long something takes: what must succeed may take [`PATIENCE`], and what must
//! end by the store's limit would otherwise last for ever, or succeed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use flask_session_core::{Deadline, Error, ErrorKind, Key, Result, Store};

use crate::subject::wait;
use crate::{PATIENCE, Proxy};

mod connections;
mod limits;
mod outages;
mod replies;

pub use connections::*;
pub use limits::*;
pub use outages::*;
pub use replies::*;

/// A store's server, and the store on it.
///
/// ```
/// use std::net::SocketAddr;
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use flask_session_core::Store;
/// use flask_session_testkit::faults::{Restarts, Site};
/// use flask_session_testkit::servers::MysqlServer;
/// # fn my_store(address: SocketAddr, limit: Duration) -> Arc<dyn Store> { unimplemented!() }
///
/// struct Slow(MysqlServer);
///
/// impl Site for Slow {
///     fn address(&self) -> SocketAddr {
///         self.0.address()
///     }
///
///     fn open(&self, address: SocketAddr, limit: Duration) -> Arc<dyn Store> {
///         my_store(address, limit)
///     }
///
///     fn short_limit(&self) -> Duration {
///         Duration::from_secs(2)
///     }
///
///     fn waits_for_the_server(&self) -> bool {
///         true
///     }
///
///     fn secrets(&self) -> Vec<String> {
///         vec![MysqlServer::PASSWORD.to_owned()]
///     }
/// }
///
/// impl Restarts for Slow {
///     fn restart(&mut self) {
///         assert!(self.0.restart());
///     }
///
///     fn keeps_records(&self) -> bool {
///         true
///     }
/// }
/// ```
pub trait Site: Send + Sync {
    /// Where the server listens.
    fn address(&self) -> SocketAddr;

    /// A store that reaches the server at `address`, which is its own or a proxy's, and gives up on
    /// an operation after `limit`. It shares no connection with those opened before, and has the
    /// same records.
    fn open(&self, address: SocketAddr, limit: Duration) -> Arc<dyn Store>;

    /// A limit for operations that nothing answers; when all is well they mostly keep to it.
    fn short_limit(&self) -> Duration {
        Duration::from_secs(1)
    }

    /// Whether the driver watches its server and waits, as long as the limit lets it, until that can
    /// be reached: whether it then says that the time is over, or why, is a matter of chance.
    fn waits_for_the_server(&self) -> bool {
        false
    }

    /// Words that must not be printed: passwords.
    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A site whose server nobody else uses.
pub trait Restarts: Site {
    /// Ends the server at once, and starts it again at the same address.
    fn restart(&mut self);

    /// Whether what was stored is there after a restart.
    fn keeps_records(&self) -> bool {
        false
    }
}

/// A store behind a proxy, with time for everything.
fn behind(site: &dyn Site) -> (Proxy, Arc<dyn Store>) {
    behind_within(site, PATIENCE)
}

/// A store behind a proxy, which gives up on an operation after `limit`.
fn behind_within(site: &dyn Site, limit: Duration) -> (Proxy, Arc<dyn Store>) {
    let proxy = Proxy::before(site.address());
    let store = site.open(proxy.address(), limit);
    (proxy, store)
}

/// A store without a proxy.
fn direct(site: &dyn Site) -> Arc<dyn Store> {
    site.open(site.address(), PATIENCE)
}

/// Runs one operation, which succeeds.
fn run<T>(operation: impl Future<Output = Result<T>>) -> T {
    wait(operation).expect("the operation succeeds")
}

/// Repeats what a busy machine may keep from succeeding within the store's limit.
fn eventually<T>(mut operation: impl FnMut() -> Result<T>) -> T {
    let deadline = Deadline::within(PATIENCE);
    loop {
        match operation() {
            Ok(value) => return value,
            Err(error) => {
                assert_unavailable(&error);
                assert!(deadline.remaining().is_ok(), "never again: {error}");
                thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

/// What `operation` gives, which must end by itself.
fn ends<T: Send + 'static>(operation: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(operation()));
    receiver
        .recv_timeout(PATIENCE)
        .expect("the operation ends, and doesn't panic")
}

/// An error names the store, in one line, and neither key nor password.
fn assert_discreet(site: &dyn Site, error: &Error, key: &Key) {
    let said = format!("{error} {error:?}");
    assert!(!error.store().is_empty(), "{said}");
    assert!(!error.to_string().contains('\n'), "{said}");
    let mut secrets = site.secrets();
    secrets.push(key.as_str().trim_start_matches("session:").to_owned());
    assert!(
        !secrets.iter().any(|secret| said.contains(secret)),
        "{said}"
    );
}

fn assert_unavailable(error: &Error) {
    let kinds = [ErrorKind::Unreachable, ErrorKind::TimedOut];
    assert!(kinds.contains(&error.kind()), "{error}");
}

/// One `#[test]` per rule, on [sites](crate::faults::Site) that the given expressions make anew for
/// each: the first may be on a server that others use too, the second has its own, which
/// [is restarted](crate::faults::Restarts).
#[macro_export]
macro_rules! survives_every_fault {
    ($site:expr, $own:expr) => {
        $crate::survives_every_fault! { @each $site;
            nothing_is_opened_before_the_first_use
            connections_are_used_again
            a_connection_that_was_cut_is_replaced_without_an_error
            while_connections_break_nobody_sees_anothers_record
            a_save_whose_reply_is_lost_is_settled_by_reading
            a_reply_that_breaks_off_is_never_taken_for_whole
            what_is_not_the_protocol_is_an_error
            a_late_reply_is_nobodys
            the_limit_is_on_the_operation_not_on_each_byte
            a_server_that_hangs_is_an_error_by_the_limit
            a_server_that_hangs_up_is_an_error_by_the_limit
            a_server_that_is_gone_is_unreachable_and_comes_back
        }

        #[test]
        fn a_server_that_restarted_costs_no_error() {
            $crate::faults::a_server_that_restarted_costs_no_error(&mut $own);
        }
    };
    (@each $site:expr; $($rule:ident)*) => {
        $(
            #[test]
            fn $rule() {
                $crate::faults::$rule(&$site);
            }
        )*
    };
}
