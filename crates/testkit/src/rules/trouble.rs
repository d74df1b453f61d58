//! When something goes wrong on the way.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use flask_session_core::{Clock, ErrorKind, Expect, Refresh, Store, SystemClock};

use crate::Subject;
use crate::samples::{LONG, get, key, noise, put};

/// Polls `operation` at most `times` times, then drops it. Waits a little between two polls, so
/// that an answer can arrive.
async fn abandon<T>(operation: impl Future<Output = T>, times: usize) {
    let mut operation = pin!(operation);
    for _ in 0..times {
        let done =
            poll_fn(|context| Poll::Ready(operation.as_mut().poll(context).is_ready())).await;
        if done {
            return;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// Whoever gives up on a save, wherever it was, leaves the old record or the new one, whole, and
/// a store that still works.
pub async fn a_dropped_future_leaves_the_old_record_or_the_new_one(subject: &dyn Subject) {
    let (store, key) = (subject.open(), key());
    let (old, new) = (noise(1, 30_000), noise(2, 40_000));
    for times in 0..12 {
        put(&*store, &key, &old).await;
        let revision = store.load(&key, None).await.unwrap().unwrap().revision;
        let expect = Expect::Revision(revision);
        abandon(store.save(&key, new.clone(), LONG, expect), times).await;
        let left = get(&*store, &key).await.expect("the record is lost");
        assert!(
            left == old || left == new,
            "neither the old nor the new record"
        );
    }
}

/// After a load, touch or delete that was given up, the next caller gets the answer to his own
/// question.
pub async fn a_dropped_future_never_gives_its_reply_to_another_caller(subject: &dyn Subject) {
    let (store, mine, theirs) = (subject.open(), key(), key());
    for times in 0..12 {
        put(&*store, &mine, &noise(1, 300)).await;
        put(&*store, &theirs, &noise(2, 300)).await;
        let refresh = Some(Refresh { ttl: LONG });
        abandon(store.load(&theirs, refresh), times).await;
        assert_eq!(get(&*store, &mine).await, Some(noise(1, 300)));
        abandon(store.touch(&theirs, LONG), times).await;
        assert_eq!(get(&*store, &mine).await, Some(noise(1, 300)));
        abandon(store.delete(&theirs, Expect::Anything), times).await;
        assert_eq!(get(&*store, &mine).await, Some(noise(1, 300)));
        assert!(store.touch(&mine, LONG).await.unwrap());
    }
}

/// Each operation on a store that can't be reached ends within its limit, with an error that a
/// caller can act on.
pub async fn an_unreachable_server_is_an_error_within_its_limit(subject: &dyn Subject) {
    for case in subject.unreachable() {
        for operation in 0..4 {
            let start = SystemClock.ticks();
            let error = fail(&*case.store, operation).await;
            let took = Duration::from_millis(SystemClock.ticks() - start);
            let Some(error) = error else {
                panic!("{}: operation {operation} succeeded", case.why)
            };
            let kinds = [ErrorKind::Unreachable, ErrorKind::TimedOut];
            assert!(kinds.contains(&error.kind()), "{}: {error}", case.why);
            assert!(
                !error.store().is_empty(),
                "{}: {error} names no store",
                case.why
            );
            assert!(
                took <= case.limit,
                "{}: operation {operation} took {took:?}",
                case.why
            );
        }
    }
}

async fn fail(store: &dyn Store, operation: usize) -> Option<flask_session_core::Error> {
    let key = key();
    match operation {
        0 => store.load(&key, None).await.err(),
        1 => store
            .save(&key, noise(1, 100), LONG, Expect::Anything)
            .await
            .err(),
        2 => store.touch(&key, LONG).await.err(),
        _ => store.delete(&key, Expect::Anything).await.err(),
    }
}

/// Neither the store nor its answers nor its errors print a key, a payload or a password.
pub async fn nothing_prints_a_key_a_payload_or_a_password(subject: &dyn Subject) {
    let (store, key) = (subject.open(), key());
    let payload: bytes::Bytes = "payload-that-nobody-may-see".into();
    let mut printed = vec![format!("{store:?} {key:?} {:?}", store.capability())];
    let saved = store
        .save(&key, payload.clone(), LONG, Expect::Absent)
        .await
        .unwrap();
    let loaded = store.load(&key, None).await.unwrap().unwrap();
    let expect = Expect::Revision(loaded.revision.clone());
    printed.push(format!("{saved:?} {loaded:?} {expect:?} {store:?}"));
    if store.capability().lists {
        printed.push(format!(
            "{:?}",
            store.list(key.as_str(), None, 10).await.unwrap()
        ));
    }
    let mut errors = Vec::new();
    if let Some(limit) = store.capability().max_payload {
        let large = [&*payload].into_iter().cycle().flatten().copied();
        let large = large.take(limit + 1).collect();
        errors.extend(store.save(&key, large, LONG, Expect::Anything).await.err());
    }
    for case in subject.unreachable() {
        printed.push(format!("{:?}", case.store));
        let save = case
            .store
            .save(&key, payload.clone(), LONG, Expect::Anything);
        errors.extend(save.await.err());
    }
    for error in errors {
        assert!(
            !error.to_string().contains('\n'),
            "more than one line: {error}"
        );
        printed.push(format!("{error} {error:?}"));
    }
    let mut secrets = subject.secrets();
    secrets.push(key.as_str().to_owned());
    secrets.push(key.as_str().trim_start_matches("session:").to_owned());
    secrets.push("payload-that-nobody-may-see".to_owned());
    // How Debug would write the bytes, one number after the other.
    secrets.push("112, 97, 121, 108, 111, 97, 100".to_owned());
    for text in printed {
        for secret in &secrets {
            assert!(!text.contains(secret), "a secret is printed: {text}");
        }
    }
}
