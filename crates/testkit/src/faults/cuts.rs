//! Connections that are cut while they are used.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{Expect, Key, SessionId, Store, drive};

use crate::{Proxy, race_for, wait_until};

const LIFE: Duration = Duration::from_secs(3600);
const THREADS: usize = 6;
const CUTS: usize = 12;

/// While the connections of threads that save and load are cut again and again, each thread sees
/// only what it wrote itself, and each goes on. `store` reaches its server through `proxy`.
pub fn while_connections_break_nobody_sees_anothers_record(proxy: &Proxy, store: &dyn Store) {
    let keys: Vec<Key> = (0..THREADS)
        .map(|_| Key::new("session:", &SessionId::generate(16).expect("randomness")))
        .collect();
    let rounds: [AtomicUsize; THREADS] = Default::default();
    let answers: [AtomicUsize; THREADS] = Default::default();
    let save_and_load = |number: usize| {
        let round = rounds[number].fetch_add(1, Ordering::SeqCst) as u64;
        let mut payload = vec![u8::try_from(number).unwrap_or_default()];
        payload.extend(round.to_be_bytes());
        let save = store.save(&keys[number], payload.into(), LIFE, Expect::Anything);
        let _ = drive(save);
        if let Ok(Some(found)) = drive(store.load(&keys[number], None)) {
            assert_eq!(written(&found.payload).0, number, "another thread's record");
            assert!(written(&found.payload).1 <= round, "written by nobody");
            answers[number].fetch_add(1, Ordering::SeqCst);
        }
    };
    let count = || answers.each_ref().map(|of| of.load(Ordering::SeqCst));
    race_for(THREADS, save_and_load, || {
        for cut in 0..CUTS {
            // All are at work when the cut comes, and none is worn out by cuts that follow too fast.
            let before = count();
            wait_until("every thread gets an answer after a cut", || {
                (0..THREADS).all(|number| count()[number] > before[number])
            });
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
        let before = count();
        wait_until("every thread goes on", || {
            (0..THREADS).all(|number| count()[number] > before[number])
        });
    });
}

/// The thread and the round that a payload was written in.
fn written(payload: &Bytes) -> (usize, u64) {
    let round = payload[1..].try_into().expect("eight bytes of a round");
    (usize::from(payload[0]), u64::from_be_bytes(round))
}
