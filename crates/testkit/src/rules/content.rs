//! What goes in comes out.

use bytes::Bytes;
use flask_session_core::{ErrorKind, Expect, Key, SessionId};

use crate::Subject;
use crate::samples::{LONG, get, key, noise, prefix, put, put_for, stored};

/// What was saved is loaded, byte for byte, and its revision serves for the next save.
pub async fn what_was_saved_is_loaded_byte_for_byte(subject: &dyn Subject) {
    let (store, key) = (subject.open(), key());
    assert!(store.load(&key, None).await.unwrap().is_none());
    let first = noise(1, 300);
    let revision = stored(
        store
            .save(&key, first.clone(), LONG, Expect::Absent)
            .await
            .unwrap(),
    );
    let loaded = subject.open().load(&key, None).await.unwrap().unwrap();
    assert_eq!(loaded.payload, first);
    if let Some(remaining) = loaded.remaining {
        assert!(remaining <= LONG && remaining + LONG / 10 > LONG);
    }
    // A shorter one after a longer one, on the revision of the save, then on that of a load.
    let second = noise(2, 30);
    let saved = store
        .save(&key, second.clone(), LONG, Expect::Revision(revision))
        .await;
    stored(saved.unwrap());
    let loaded = store.load(&key, None).await.unwrap().unwrap();
    assert_eq!(loaded.payload, second);
    let third = noise(3, 3000);
    let saved = store
        .save(&key, third.clone(), LONG, Expect::Revision(loaded.revision))
        .await;
    stored(saved.unwrap());
    assert_eq!(get(&*store, &key).await, Some(third));
}

/// Any bytes come back, under any key that an id and a prefix can make; keys that look alike
/// don't meet.
pub async fn any_bytes_under_any_legal_key_come_back(subject: &dyn Subject) {
    let store = subject.open();
    let payloads = [
        Bytes::new(),
        Bytes::from_static(b"\0"),
        (0..=255).collect(),
        Bytes::from_static(b"\r\nEND\r\nset x 0 0 1\r\n"),
        Bytes::from_static("text, caf\u{e9}".as_bytes()),
        noise(4, 70_000),
    ];
    for payload in payloads {
        let key = key();
        put(&*store, &key, &payload).await;
        assert_eq!(get(&*store, &key).await, Some(payload));
    }
    let prefix = prefix();
    let printable: String = (b'!'..=b'~')
        .map(char::from)
        .filter(|c| !",;\"\\".contains(*c))
        .collect();
    let longest = "x".repeat(250 - prefix.len());
    let ids = [
        "a", "A", "aa", "a_b", "a-b", "a%b", "a*b", "a?b", "[ab]", "a/b", "../a", "a'b", "a:b",
        &printable, &longest,
    ];
    let keys: Vec<Key> = ids
        .iter()
        .map(|id| Key::new(&prefix, &SessionId::parse_custom(id).expect("a legal id")))
        .collect();
    for (number, key) in keys.iter().enumerate() {
        put(&*store, key, &noise(number as u64 + 10, 40)).await;
    }
    for (number, key) in keys.iter().enumerate() {
        let payload = get(&*store, key).await;
        assert_eq!(
            payload,
            Some(noise(number as u64 + 10, 40)),
            "{}",
            ids[number]
        );
    }
}

/// What is over the store's limit is refused as such and the old record stays; below it, and
/// where there is no limit, two megabytes come back whole.
pub async fn what_is_too_large_is_refused_never_cut(subject: &dyn Subject) {
    let (store, key) = (subject.open(), key());
    let old = noise(5, 100);
    put(&*store, &key, &old).await;
    let limit = store.capability().max_payload;
    if let Some(limit) = limit {
        let error = store
            .save(&key, vec![0; limit + 1].into(), LONG, Expect::Anything)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        let message = error.to_string();
        assert!(
            message.contains(&limit.to_string()),
            "no limit named: {message}"
        );
        assert_eq!(get(&*store, &key).await, Some(old));
    }
    let large = 2_000_000;
    if limit.is_none_or(|limit| limit >= large) {
        let large = noise(6, large);
        put_for(&*store, &key, &large, LONG).await;
        assert!(
            get(&*store, &key).await == Some(large),
            "two megabytes changed on their way"
        );
    }
}

/// Once it has worked, the store says of itself what its test file says of it.
pub async fn the_guarantee_is_what_is_claimed(subject: &dyn Subject) {
    let (store, key) = (subject.open(), key());
    let revision = put(&*store, &key, &noise(7, 10)).await;
    // Whether a server permits comparing is known after it was tried.
    let _ = store
        .save(&key, noise(8, 10), LONG, Expect::Revision(revision))
        .await
        .unwrap();
    assert_eq!(store.capability().guarantee, subject.guarantee());
}
