//! Sizes, keys and times that memcached treats in its own way, and what it is asked.

use flask_session_core::{Deleted, ErrorKind, Expect, Guarantee, Key, Saved, Store};
use flask_session_testkit::blocking::{bytes, delete, key, load, refresh, save, stored, touch};
use flask_session_testkit::servers::MemcachedServer;

use super::store;

/// One number of `stats`.
fn count(server: &MemcachedServer, name: &str) -> u64 {
    let stats = server.command("stats");
    let line = stats
        .lines()
        .find_map(|line| line.strip_prefix(&format!("STAT {name} ")));
    line.unwrap().parse().unwrap()
}

#[test]
fn the_first_save_is_refused_too_if_it_is_too_large_and_the_old_record_stays() {
    let server = MemcachedServer::with(&["-I", "128k", "-o", "slab_chunk_max=65536"]);
    let key = key("a");
    stored(save(&store(&server), &key, &bytes(1, 10), Expect::Absent));
    let sets = count(&server, "cmd_set");
    for expect in [Expect::Anything, Expect::Absent] {
        // Each knows nothing of the server yet.
        let store = store(&server);
        let error = save(&store, &key, &bytes(2, 131_072), expect).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        let limit = store.capability().max_payload.unwrap();
        assert!(error.to_string().contains("131072 bytes"), "{error}");
        assert!(error.to_string().contains(&limit.to_string()), "{error}");
        assert_eq!(load(&store, &key).unwrap().unwrap().payload, bytes(1, 10));
    }
    assert_eq!(count(&server, "cmd_set"), sets, "it was sent");
}

#[test]
fn what_is_within_the_limit_is_stored_under_the_longest_key() {
    let server = MemcachedServer::start();
    let store = store(&server);
    let key = Key::from_text("k".repeat(250));
    load(&store, &key).unwrap();
    let limit = store.capability().max_payload.unwrap();
    assert!(limit > 1_048_000);
    stored(save(&store, &key, &bytes(1, limit), Expect::Anything));
    assert!(load(&store, &key).unwrap().unwrap().payload == bytes(1, limit));
}

#[test]
fn a_key_that_memcached_would_read_otherwise_never_reaches_it() {
    let server = MemcachedServer::start();
    let store = store(&server);
    let connections = count(&server, "total_connections");
    for text in ["a b", "a\r\nflush_all", &"x".repeat(251)] {
        let key = Key::from_text(text);
        let errors = [
            load(&store, &key).unwrap_err(),
            save(&store, &key, &bytes(1, 1), Expect::Anything).unwrap_err(),
            touch(&store, &key).unwrap_err(),
            delete(&store, &key, Expect::Anything).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Misconfigured);
            assert!(error.to_string().contains("SESSION_KEY_PREFIX"), "{error}");
        }
    }
    // The asking itself takes one.
    assert_eq!(count(&server, "total_connections"), connections + 1);
}

#[test]
fn a_read_is_one_command_and_a_write_is_one_more() {
    let server = MemcachedServer::start();
    let (store, key) = (store(&server), key("a"));
    stored(save(&store, &key, &bytes(1, 2000), Expect::Absent));
    let counts = || ["cmd_get", "cmd_set", "cmd_touch"].map(|name| count(&server, name));
    let before = counts();
    let loaded = refresh(&store, &key).unwrap().unwrap();
    let [gets, sets, touches] = counts();
    assert_eq!(sets, before[1]);
    // The server counts a gats as a touch.
    assert_eq!((gets - before[0], touches - before[2]), (0, 1));
    stored(save(
        &store,
        &key,
        &bytes(2, 2000),
        Expect::Revision(loaded.revision),
    ));
    assert_eq!(counts(), [gets, sets + 1, touches]);
}

#[test]
fn a_server_without_cas_numbers_overwrites_and_never_brings_back_what_was_deleted() {
    let server = MemcachedServer::with(&["-C"]);
    let (store, key) = (store(&server), key("a"));
    stored(save(&store, &key, &bytes(1, 10), Expect::Absent));
    assert_eq!(store.capability().guarantee, Guarantee::Overwrite);
    let notices = store.take_notices();
    assert!(notices.len() == 1 && notices[0].is_warning());
    let old = load(&store, &key).unwrap().unwrap().revision;
    stored(save(&store, &key, &bytes(2, 10), Expect::Anything));
    stored(save(
        &store,
        &key,
        &bytes(3, 10),
        Expect::Revision(old.clone()),
    ));
    let deleted = delete(&store, &key, Expect::Revision(old.clone())).unwrap();
    assert_eq!(deleted, Deleted::Removed);
    let saved = save(&store, &key, &bytes(4, 10), Expect::Revision(old));
    assert_eq!(saved.unwrap(), Saved::Conflict);
    assert!(load(&store, &key).unwrap().is_none());
}

#[test]
fn a_server_that_is_out_of_memory_refuses_or_forgets_but_loses_nothing_silently() {
    // Without eviction (-M), so that it must say so.
    let server = MemcachedServer::with(&["-M", "-m", "2"]);
    let store = store(&server);
    let refused = (0..40).find_map(|number| {
        let key = key(&format!("{number}"));
        save(&store, &key, &bytes(1, 400_000), Expect::Absent).err()
    });
    let error = refused.expect("two megabytes held sixteen");
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.to_string().contains("out of memory"), "{error}");
    assert!(load(&store, &key("0")).unwrap().is_some());
}
