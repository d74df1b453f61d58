//! Deleting, listing, sweeping.

use std::collections::BTreeSet;

use flask_session_core::{Deleted, ErrorKind, Expect, Key, SessionId, Store};

use crate::Subject;
use crate::samples::{get, key, noise, prefix, put, put_for};

/// The first delete removes; the second, and one of what was never there, find nothing.
pub async fn deleting_is_idempotent(subject: &dyn Subject) {
    let (store, key) = (subject.open(), key());
    for expected in [Deleted::Absent, Deleted::Absent] {
        let answer = store.delete(&key, Expect::Anything).await.unwrap();
        assert_eq!(answer, expected);
    }
    put(&*store, &key, &noise(1, 50)).await;
    for expected in [Deleted::Removed, Deleted::Absent, Deleted::Absent] {
        let answer = store.delete(&key, Expect::Anything).await.unwrap();
        assert_eq!(answer, expected);
        assert_eq!(get(&*store, &key).await, None);
    }
    put(&*store, &key, &noise(2, 50)).await;
    assert_eq!(get(&*store, &key).await, Some(noise(2, 50)));
}

/// Over all pages, each live key appears once; no page is over its limit; neither the expired
/// nor the deleted appear. A store that can't list says so.
pub async fn listing_shows_each_live_key_once(subject: &dyn Subject) {
    let (store, prefix) = (subject.open(), prefix());
    if !store.capability().lists {
        let error = store.list(&prefix, None, 10).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        return;
    }
    assert_eq!(listed(&*store, &prefix, 10).await, []);
    let mut live = BTreeSet::new();
    for number in 0..25 {
        let key = named(&prefix, &format!("live-{number}"));
        put(&*store, &key, &noise(number, 50)).await;
        live.insert(key);
    }
    let deleted = named(&prefix, "deleted");
    put(&*store, &deleted, &noise(1, 50)).await;
    let _ = store.delete(&deleted, Expect::Anything).await.unwrap();
    for number in 0..5 {
        let dead = named(&prefix, &format!("dead-{number}"));
        put_for(&*store, &dead, &noise(1, 50), subject.tick()).await;
    }
    put(&*store, &key(), &noise(1, 50)).await;
    subject.wait(subject.tick() * 2);
    for limit in [1, 7, 25, 1000] {
        let keys = listed(&*store, &prefix, limit).await;
        assert_eq!(keys.len(), live.len(), "pages of {limit}");
        assert_eq!(BTreeSet::from_iter(keys), live, "pages of {limit}");
    }
}

/// What a pattern would read as "anything" is only a character in a prefix.
pub async fn listing_takes_its_prefix_literally(subject: &dyn Subject) {
    let (store, base) = (subject.open(), prefix());
    if !store.capability().lists {
        return;
    }
    let prefixes: Vec<String> = ["*", "?", "_", "%", "[ab]", "a", "A", ".", "$", "'"]
        .iter()
        .map(|middle| format!("{base}{middle}:"))
        .collect();
    for prefix in &prefixes {
        put(&*store, &named(prefix, "one"), &noise(1, 50)).await;
    }
    for prefix in &prefixes {
        let keys = listed(&*store, prefix, 100).await;
        assert_eq!(keys, [named(prefix, "one")], "{prefix}");
    }
    assert_eq!(listed(&*store, &base, 3).await.len(), prefixes.len());
}

/// Sweeping removes the dead, at most as many as it is told, and no live record. Where the
/// backend does it itself, there is nothing to sweep.
pub async fn sweeping_takes_only_the_dead(subject: &dyn Subject) {
    let store = subject.open();
    let live: Vec<Key> = (0..5).map(|_| key()).collect();
    for key in &live {
        put(&*store, key, &noise(1, 50)).await;
    }
    let dead: Vec<Key> = (0..10).map(|_| key()).collect();
    for key in &dead {
        put_for(&*store, key, &noise(1, 50), subject.tick()).await;
    }
    subject.wait(subject.tick() * 2);
    let mut swept = 0;
    let mut rounds = 0;
    loop {
        let removed = store.sweep(4).await.unwrap();
        assert!(removed <= 4, "{removed} removed, 4 allowed");
        swept += removed;
        rounds += 1;
        assert!(rounds < 10_000, "there is always more to sweep");
        if removed == 0 {
            break;
        }
    }
    if store.capability().expires {
        assert_eq!(swept, 0, "what the backend removes was counted");
    } else {
        assert!(
            swept >= dead.len(),
            "only {swept} of {} were removed",
            dead.len()
        );
    }
    for key in &live {
        assert_eq!(
            get(&*store, key).await,
            Some(noise(1, 50)),
            "a live one was swept"
        );
    }
}

fn named(prefix: &str, name: &str) -> Key {
    Key::new(prefix, &SessionId::parse_custom(name).expect("a legal id"))
}

async fn listed(store: &dyn Store, prefix: &str, limit: usize) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut cursor = None;
    for _ in 0..10_000 {
        let page = store.list(prefix, cursor, limit).await.unwrap();
        assert!(page.keys.len() <= limit, "a page is over its limit");
        keys.extend(page.keys);
        cursor = page.next;
        if cursor.is_none() {
            return keys;
        }
    }
    panic!("the listing never ended");
}
