//! How connections are made, kept, and replaced when they break.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use bytes::Bytes;
use flask_session_core::{Deleted, Expect, Key, Refresh};

use super::{Site, behind, run};
use crate::samples::{LONG, key, noise, stored};
use crate::subject::wait;
use crate::{race_for, wait_until};

const THREADS: usize = 6;
const CUTS: usize = 12;

/// Opening a store connects to nothing, nor does an operation that is never carried out.
pub fn nothing_is_opened_before_the_first_use(site: &dyn Site) {
    let (proxy, store) = behind(site);
    let key = key();
    let _ = (store.capability(), store.take_notices());
    drop(store.load(&key, None));
    drop(store.save(&key, noise(1, 10), LONG, Expect::Anything));
    // What was begun all the same would come before what is asked for now.
    assert_eq!(proxy.accepted(), 0);
    run(store.load(&key, None));
    assert!(proxy.accepted() > 0);
}

/// Operations one after the other share a connection, and threads need no more than one each.
pub fn connections_are_used_again(site: &dyn Site) {
    const ROUNDS: usize = 25;
    let (proxy, store) = behind(site);
    let work = || {
        let key = key();
        for _ in 0..ROUNDS {
            run(store.load(&key, None));
        }
    };
    work();
    // A driver may have a few of its own, to watch the server.
    assert!(proxy.accepted() <= 4, "{} connections", proxy.accepted());
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(work);
        }
    });
    let most = 2 * THREADS;
    assert!(proxy.accepted() <= most, "{} connections", proxy.accepted());
}

/// A connection that broke while nobody used it costs no operation an error.
pub fn a_connection_that_was_cut_is_replaced_without_an_error(site: &dyn Site) {
    let (proxy, store) = behind(site);
    let (key, first, second) = (key(), noise(1, 10), noise(2, 10));
    let save = |payload: &Bytes, expect: Expect| {
        proxy.cut();
        stored(run(store.save(&key, payload.clone(), LONG, expect)))
    };
    run(store.load(&key, None));
    let revision = save(&first, Expect::Absent);
    proxy.cut();
    assert_eq!(
        run(store.load(&key, None)).expect("it is stored").payload,
        first
    );
    proxy.cut();
    let refresh = Some(Refresh { ttl: LONG });
    assert_eq!(
        run(store.load(&key, refresh))
            .expect("it is stored")
            .payload,
        first
    );
    let revision = save(&second, Expect::Revision(revision));
    proxy.cut();
    assert!(run(store.touch(&key, LONG)));
    proxy.cut();
    let deleted = run(store.delete(&key, Expect::Revision(revision)));
    assert_eq!(deleted, Deleted::Removed);
    save(&first, Expect::Anything);
}

/// While the connections of threads that save and load are cut again and again, each thread sees
/// only what it wrote itself, and each goes on.
pub fn while_connections_break_nobody_sees_anothers_record(site: &dyn Site) {
    let (proxy, store) = behind(site);
    let keys: [Key; THREADS] = std::array::from_fn(|_| key());
    let rounds: [AtomicUsize; THREADS] = Default::default();
    let answers: [AtomicUsize; THREADS] = Default::default();
    let save_and_load = |number: usize| {
        let round = rounds[number].fetch_add(1, Ordering::SeqCst) as u64;
        let mut payload = vec![u8::try_from(number).unwrap_or_default()];
        payload.extend(round.to_be_bytes());
        let _ = wait(store.save(&keys[number], payload.into(), LONG, Expect::Anything));
        if let Ok(Some(found)) = wait(store.load(&keys[number], None)) {
            assert_eq!(written(&found.payload).0, number, "another thread's record");
            assert!(written(&found.payload).1 <= round, "written by nobody");
            answers[number].fetch_add(1, Ordering::SeqCst);
        }
    };
    let count = || answers.each_ref().map(|of| of.load(Ordering::SeqCst));
    let everybody_goes_on = || {
        let before = count();
        wait_until("every thread gets an answer", || {
            (0..THREADS).all(|number| count()[number] > before[number])
        });
    };
    race_for(THREADS, save_and_load, || {
        for cut in 0..CUTS {
            // All are at work when the cut comes, and cuts that follow too fast wear nobody out.
            everybody_goes_on();
            let accepted = proxy.accepted();
            proxy.cut();
            wait_until("a new connection replaces the old", || {
                proxy.accepted() > accepted
            });
            // Every other time, also what has only begun to replace it.
            if cut % 2 == 1 {
                proxy.cut();
            }
        }
        everybody_goes_on();
    });
}

/// The thread and the round that a payload was written in.
fn written(payload: &Bytes) -> (usize, u64) {
    let round = payload[1..].try_into().expect("eight bytes of a round");
    (usize::from(payload[0]), u64::from_be_bytes(round))
}
