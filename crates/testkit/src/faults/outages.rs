//! Servers that go and come back.

use flask_session_core::{ErrorKind, Expect, Saved};

use super::limits::fails;
use super::{
    Restarts, Site, assert_discreet, assert_unavailable, behind, behind_within, direct, eventually,
    run,
};
use crate::Network;
use crate::samples::{LONG, key, noise, stored};
use crate::subject::wait;

/// While nobody listens, each operation is an error that says so and names the store; when the
/// server is back, the store works again without being told.
pub fn a_server_that_is_gone_is_unreachable_and_comes_back(site: &dyn Site) {
    let (key, payload) = (key(), noise(1, 10));
    // Drivers may wait for the server as long as they are allowed to.
    let (proxy, store) = behind_within(site, site.short_limit());
    for in_use in [false, true] {
        if in_use {
            let save = || wait(store.save(&key, payload.clone(), LONG, Expect::Anything));
            stored(eventually(save));
        }
        proxy.becomes(Network::Refuses);
        proxy.cut();
        for operation in 0..4 {
            let error = fails(&*store, &key, operation).expect("nobody listens");
            assert_unavailable(&error);
            let refused = error.kind() == ErrorKind::Unreachable;
            assert!(refused || site.waits_for_the_server(), "{error}");
            assert_discreet(site, &error, &key);
        }
        proxy.becomes(Network::Open);
        let found = eventually(|| wait(store.load(&key, None)));
        assert_eq!(
            found.map(|found| found.payload),
            in_use.then(|| payload.clone())
        );
    }
}

/// A server that ended and is there again costs no operation an error, and what it kept is found.
pub fn a_server_that_restarted_costs_no_error(site: &mut dyn Restarts) {
    let (key, payload) = (key(), noise(1, 10));
    let store = direct(site);
    let revision = stored(run(store.save(&key, payload.clone(), LONG, Expect::Absent)));
    site.restart();
    let kept = site.keeps_records();
    let found = run(store.load(&key, None)).map(|found| found.payload);
    assert_eq!(found, kept.then_some(payload));
    site.restart();
    assert_eq!(run(store.touch(&key, LONG)), kept);
    site.restart();
    let saved = run(store.save(&key, noise(2, 10), LONG, Expect::Revision(revision)));
    assert_eq!(matches!(saved, Saved::Stored(_)), kept);
    site.restart();
    stored(run(store.save(&key, noise(3, 10), LONG, Expect::Anything)));
    let (_proxy, other) = behind(site);
    let found = run(other.load(&key, None)).map(|found| found.payload);
    assert_eq!(found, Some(noise(3, 10)));
}
