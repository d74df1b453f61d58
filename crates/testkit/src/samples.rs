//! Keys, payloads and answers for the rules and the faults.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{Expect, Guarantee, Key, Revision, Saved, SessionId, Store};

use crate::{Subject, subject};

/// A time to live that no test outlasts.
pub(crate) const LONG: Duration = Duration::from_secs(3600);

/// A prefix that nobody else uses.
pub(crate) fn prefix() -> String {
    format!("session:{}:", id().as_str())
}

/// A key that nobody else uses.
pub(crate) fn key() -> Key {
    Key::new("session:", &id())
}

fn id() -> SessionId {
    SessionId::generate(16).expect("the system has randomness")
}

/// `length` bytes without pattern, the same for the same `seed`.
pub(crate) fn noise(seed: u64, length: usize) -> Bytes {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        })
        .collect()
}

/// The revision of a save that must have succeeded.
pub(crate) fn stored(saved: Saved) -> Revision {
    match saved {
        Saved::Stored(revision) => revision,
        Saved::Conflict => panic!("the save met a conflict where there was none"),
    }
}

/// Saves whatever is there, for a long time.
pub(crate) async fn put(store: &dyn Store, key: &Key, payload: &Bytes) -> Revision {
    put_for(store, key, payload, LONG).await
}

/// Saves whatever is there, for `ttl`.
pub(crate) async fn put_for(
    store: &dyn Store,
    key: &Key,
    payload: &Bytes,
    ttl: Duration,
) -> Revision {
    stored(
        store
            .save(key, payload.clone(), ttl, Expect::Anything)
            .await
            .expect("saving anything succeeds"),
    )
}

/// The payload under `key`.
pub(crate) async fn get(store: &dyn Store, key: &Key) -> Option<Bytes> {
    store
        .load(key, None)
        .await
        .expect("loading succeeds")
        .map(|loaded| loaded.payload)
}

/// Whether the rules on races are to be tried.
pub(crate) fn merges(subject: &dyn Subject) -> bool {
    subject.guarantee() == Guarantee::Merge
}

/// As many instances of the store as there are racers.
pub(crate) fn instances(subject: &dyn Subject, number: usize) -> Vec<Arc<dyn Store>> {
    (0..number).map(|_| subject.open()).collect()
}

/// Runs one operation on the calling thread, which is a racer's.
pub(crate) fn run<T>(
    subject: &dyn Subject,
    operation: impl Future<Output = flask_session_core::Result<T>>,
) -> T {
    subject::run(subject, operation).expect("the operation succeeds")
}
