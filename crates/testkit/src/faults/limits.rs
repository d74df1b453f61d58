//! What would never end, and ends by the store's limit.

use std::sync::Arc;
use std::time::Duration;

use flask_session_core::{Error, ErrorKind, Expect, Key, Store};

use super::{
    Site, assert_discreet, assert_unavailable, behind_within, direct, ends, eventually, run,
};
use crate::Network;
use crate::samples::{LONG, key, noise, stored};
use crate::subject::wait;

/// A server that sends a little all the time doesn't hold an operation for longer than its limit.
/// Were the limit on each byte, this one would succeed.
pub fn the_limit_is_on_the_operation_not_on_each_byte(site: &dyn Site) {
    const PAUSE: Duration = Duration::from_millis(100);
    let (key, payload) = (key(), noise(1, 500));
    let (proxy, store) = behind_within(site, PAUSE * 10);
    stored(run(direct(site).save(&key, payload, LONG, Expect::Absent)));
    eventually(|| wait(store.load(&key, None)));
    proxy.becomes(Network::Drips { pause: PAUSE });
    let dripping = Arc::clone(&store);
    let error = ends(move || wait(dripping.load(&key, None))).expect_err("half a reply");
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
}

/// When a server accepts and then hangs, before or after it does what it was asked for, or answers
/// one byte a second, each operation is an error that says so, on a connection in use as on a new
/// one; when the server goes on, so does the store.
pub fn a_server_that_hangs_is_an_error_by_the_limit(site: &dyn Site) {
    let pause = Duration::from_secs(1);
    for network in [
        Network::HangsBeforeSending,
        Network::HangsAfterSending,
        Network::Drips { pause },
    ] {
        for error in errors(site, network) {
            assert_unavailable(&error);
            let hangs = error.kind() == ErrorKind::TimedOut;
            assert!(hangs || site.waits_for_the_server(), "{network:?}: {error}");
        }
    }
}

/// While every connection is reset or closed before an answer, each operation is an error that says
/// so; when that ends, the store goes on.
pub fn a_server_that_hangs_up_is_an_error_by_the_limit(site: &dyn Site) {
    for network in [
        Network::ResetsReply { after: 0 },
        Network::ClosesReply { after: 1 },
        Network::Closes,
    ] {
        for error in errors(site, network) {
            assert_unavailable(&error);
        }
    }
}

/// The errors of each operation on such a network.
fn errors(site: &dyn Site, network: Network) -> Vec<Error> {
    let key = key();
    let (proxy, store) = behind_within(site, site.short_limit());
    eventually(|| wait(store.load(&key, None)));
    proxy.becomes(network);
    let errors = (0..4)
        .map(|operation| {
            let (store, asked) = (Arc::clone(&store), key.clone());
            let error = ends(move || fails(&*store, &asked, operation));
            let error =
                error.unwrap_or_else(|| panic!("{network:?}: operation {operation} succeeded"));
            assert_discreet(site, &error, &key);
            error
        })
        .collect();
    proxy.becomes(Network::Open);
    eventually(|| wait(store.load(&key, None)));
    errors
}

/// The error of one of the four kinds of operation.
pub(super) fn fails(store: &dyn Store, key: &Key, operation: usize) -> Option<Error> {
    match operation {
        0 => wait(store.load(key, None)).err(),
        1 => wait(store.save(key, noise(2, 100), LONG, Expect::Anything)).err(),
        2 => wait(store.touch(key, LONG)).err(),
        _ => wait(store.delete(key, Expect::Anything)).err(),
    }
}
