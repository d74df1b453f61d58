//! Replies that are lost, cut off, late, or none.

use std::sync::Arc;

use bytes::Bytes;
use flask_session_core::{ErrorKind, Expect, Saved, Store};

use super::{Site, behind, behind_within, direct, ends, eventually, run};
use crate::samples::{LONG, key, noise, stored};
use crate::subject::wait;
use crate::{Network, Proxy};

/// How a reply may break off.
const BREAKS: [Network; 4] = [
    Network::ResetsReply { after: 0 },
    Network::ResetsReply { after: 3 },
    Network::ClosesReply { after: 0 },
    Network::ClosesReply { after: 3 },
];

/// A save that was carried out and whose reply is lost is stored, for whoever asked for it; one that
/// lost its race is still a conflict.
pub fn a_save_whose_reply_is_lost_is_settled_by_reading(site: &dyn Site) {
    let ((proxy, store), direct) = (behind(site), direct(site));
    warm(&*store);
    for (number, network) in BREAKS.into_iter().enumerate() {
        let key = key();
        // Small ones, and some that a store may treat as large.
        let payload = |seed| noise(seed, [200, 9000][number % 2]);
        let lose = |payload: Bytes, expect: Expect| {
            run(store.load(&key, None));
            proxy.meets(network);
            let saved = run(store.save(&key, payload, LONG, expect));
            assert!(proxy.has_met(), "no reply was lost");
            saved
        };
        let found = || run(direct.load(&key, None)).expect("it is stored").payload;
        let revision = stored(lose(payload(1), Expect::Absent));
        assert_eq!(found(), payload(1));
        let revision = stored(lose(payload(2), Expect::Revision(revision)));
        assert_eq!(found(), payload(2));
        stored(lose(payload(3), Expect::Anything));
        assert_eq!(found(), payload(3));
        for expect in [Expect::Revision(revision), Expect::Absent] {
            assert_eq!(lose(payload(4), expect), Saved::Conflict);
            assert_eq!(found(), payload(3));
        }
    }
}

/// Has the store learn and prepare what it needs for each kind of operation, so that the next reply
/// is an operation's own.
fn warm(store: &dyn Store) {
    for length in [200, 9000] {
        let (key, payload) = (key(), noise(9, length));
        let save = |expect| stored(run(store.save(&key, payload.clone(), LONG, expect)));
        let revision = save(Expect::Absent);
        save(Expect::Revision(revision));
        save(Expect::Anything);
        run(store.load(&key, None));
    }
}

/// Whoever reads gets the whole record, or an error, however a reply breaks off.
pub fn a_reply_that_breaks_off_is_never_taken_for_whole(site: &dyn Site) {
    let (proxy, store) = behind(site);
    let (key, payload) = (key(), noise(1, 9000));
    stored(run(store.save(&key, payload.clone(), LONG, Expect::Absent)));
    for after in [0, 1, 3, 30, 300, 3000] {
        for network in [
            Network::ResetsReply { after },
            Network::ClosesReply { after },
        ] {
            run(store.load(&key, None));
            proxy.meets(network);
            match wait(store.load(&key, None)) {
                Ok(found) => assert!(
                    found.expect("it is stored").payload == payload,
                    "{network:?}"
                ),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}"),
            }
            assert!(proxy.has_met(), "{network:?}: no reply broke off");
            assert!(run(store.load(&key, None)).expect("it is stored").payload == payload);
        }
    }
}

/// What comes instead of a reply, and isn't the server's protocol, is an error for who asked, on a
/// new connection as on one in use, and nobody else's.
pub fn what_is_not_the_protocol_is_an_error(site: &dyn Site) {
    let (key, payload) = (key(), noise(1, 10));
    stored(run(direct(site).save(
        &key,
        payload.clone(),
        LONG,
        Expect::Absent,
    )));
    for in_use in [false, true] {
        let (proxy, store) = behind_within(site, site.short_limit());
        if in_use {
            eventually(|| wait(store.load(&key, None)));
        }
        proxy.becomes(Network::Garbles);
        for save in [false, true] {
            let error = fails(&store, &key, save);
            // Some drivers say no more than that the connection is no good.
            let kinds = [
                ErrorKind::Unexpected,
                ErrorKind::Unreachable,
                ErrorKind::TimedOut,
            ];
            assert!(kinds.contains(&error), "{error:?}");
        }
        proxy.becomes(Network::Open);
        for _ in 0..3 {
            let found = eventually(|| wait(store.load(&key, None)));
            assert_eq!(found.expect("it is stored").payload, payload);
        }
    }
}

fn fails(store: &Arc<dyn Store>, key: &flask_session_core::Key, save: bool) -> ErrorKind {
    let (store, key) = (Arc::clone(store), key.clone());
    let error = ends(move || {
        if save {
            wait(store.save(&key, noise(2, 10), LONG, Expect::Absent)).err()
        } else {
            wait(store.load(&key, None)).err()
        }
    });
    error.expect("garbage is no answer").kind()
}

/// A reply that comes after its caller gave up is not taken for the answer to a later question.
pub fn a_late_reply_is_nobodys(site: &dyn Site) {
    let (proxy, store) = behind_within(site, site.short_limit());
    let keys = [key(), key()];
    let payloads = [noise(1, 10), noise(2, 10)];
    for (key, payload) in keys.iter().zip(&payloads) {
        let save = direct(site);
        stored(run(save.save(key, payload.clone(), LONG, Expect::Absent)));
        eventually(|| wait(store.load(key, None)));
    }
    for _ in 0..2 {
        hang(&proxy, &store, &keys[0]);
        for _ in 0..3 {
            for number in [1, 0] {
                let found = eventually(|| wait(store.load(&keys[number], None)));
                assert_eq!(found.expect("it is stored").payload, payloads[number]);
            }
        }
    }
}

/// Has the store give up on a load whose reply then comes.
fn hang(proxy: &Proxy, store: &Arc<dyn Store>, key: &flask_session_core::Key) {
    proxy.becomes(Network::HangsAfterSending);
    let (store, key) = (Arc::clone(store), key.clone());
    let error = ends(move || wait(store.load(&key, None))).expect_err("nothing answered");
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    proxy.becomes(Network::Open);
}
