//! How many commands an operation costs, and what they leave behind.

use std::thread;
use std::time::Duration;

use flask_session_core::{Deleted, ErrorKind, Expect, Refresh, Saved, Store, drive};
use flask_session_testkit::blocking::{
    LIFE, bytes, delete, key, load, refresh, save, stored, touch,
};
use flask_session_testkit::servers::RedisServer;

use super::monitor::Monitor;
use super::store;

#[test]
fn a_read_is_one_command_and_a_write_is_one_more() {
    let server = RedisServer::start();
    let (store, key) = (store(&server), key("a"));
    let revision = stored(save(&store, &key, &bytes(1, 200), Expect::Absent));
    // The server learns the script once.
    stored(save(
        &store,
        &key,
        &bytes(2, 200),
        Expect::Revision(revision),
    ));
    let mut monitor = Monitor::start(&server);
    load(&store, &key).unwrap().unwrap();
    assert_eq!(monitor.commands(), ["GET"]);
    refresh(&store, &key).unwrap().unwrap();
    assert_eq!(monitor.commands(), ["GETEX"]);
    let loaded = load(&store, &key).unwrap().unwrap();
    let changed = save(
        &store,
        &key,
        &bytes(3, 4096),
        Expect::Revision(loaded.revision),
    );
    let revision = stored(changed);
    assert_eq!(monitor.commands(), ["GET", "EVALSHA"]);
    assert!(touch(&store, &key).unwrap());
    assert_eq!(monitor.commands(), ["EXPIRE"]);
    let answer = delete(&store, &key, Expect::Revision(revision)).unwrap();
    assert_eq!(answer, Deleted::Removed);
    // The first delete of this kind brings its script.
    assert_eq!(monitor.commands(), ["EVALSHA", "EVAL"]);
}

#[test]
fn a_large_record_is_compared_between_watch_and_exec() {
    let server = RedisServer::start();
    let (store, key) = (store(&server), key("a"));
    let revision = stored(save(&store, &key, &bytes(1, 4097), Expect::Absent));
    let mut monitor = Monitor::start(&server);
    let next = stored(save(
        &store,
        &key,
        &bytes(2, 10),
        Expect::Revision(revision.clone()),
    ));
    assert_eq!(monitor.commands(), ["WATCH", "GET", "MULTI", "SET", "EXEC"]);
    let lost = save(
        &store,
        &key,
        &bytes(3, 5000),
        Expect::Revision(revision.clone()),
    );
    assert_eq!(lost.unwrap(), Saved::Conflict);
    assert_eq!(monitor.commands(), ["WATCH", "GET", "MULTI", "DISCARD"]);
    // The connection is clean: its next transaction isn't disturbed by the watch of the last.
    stored(save(&store, &key, &bytes(2, 5000), Expect::Anything));
    let next_large = stored(save(
        &store,
        &key,
        &bytes(4, 5000),
        Expect::Revision(load(&store, &key).unwrap().unwrap().revision),
    ));
    drop(next);
    let answer = delete(&store, &key, Expect::Revision(revision)).unwrap();
    assert_eq!(answer, Deleted::Conflict);
    let answer = delete(&store, &key, Expect::Revision(next_large)).unwrap();
    assert_eq!(answer, Deleted::Removed);
}

#[test]
fn the_time_to_live_is_written_as_flask_session_writes_it() {
    let server = RedisServer::start();
    let (store, key) = (store(&server), key("a"));
    let mut monitor = Monitor::start(&server);
    stored(save(&store, &key, &"x".into(), Expect::Anything));
    let sent = monitor.arguments();
    assert_eq!(sent, [["SET", "session:a", "x", "EX", "2678400"]]);
    let ttl = server.command(&["TTL", "session:a"]);
    assert_eq!(ttl.trim(), format!(":{}", LIFE.as_secs()));
}

#[test]
fn for_ever_is_as_long_as_redis_can_count() {
    let server = RedisServer::start();
    let (store, key) = (store(&server), key("a"));
    let ever = Duration::MAX;
    let save = store.save(&key, bytes(1, 10), ever, Expect::Absent);
    stored(drive(save));
    assert!(drive(store.touch(&key, ever)).unwrap());
    let refresh = Some(Refresh { ttl: ever });
    let loaded = drive(store.load(&key, refresh)).unwrap();
    assert!(loaded.is_some());
    let ttl = server.command(&["TTL", "session:a"]);
    assert_eq!(ttl.trim().len(), ":100000000000000".len(), "{ttl}");
}

#[test]
fn what_is_no_string_is_corrupt_and_may_be_overwritten() {
    let server = RedisServer::start();
    let (store, key) = (store(&server), key("a"));
    server.command(&["RPUSH", "session:a", "element"]);
    for error in [
        load(&store, &key).unwrap_err(),
        refresh(&store, &key).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }
    stored(save(&store, &key, &bytes(1, 10), Expect::Anything));
    assert_eq!(load(&store, &key).unwrap().unwrap().payload, bytes(1, 10));
}

#[test]
fn eight_threads_see_only_their_own_records() {
    let server = RedisServer::start();
    let store = store(&server);
    thread::scope(|scope| {
        for thread in 0..8u8 {
            let store = &store;
            scope.spawn(move || {
                let key = key(&thread.to_string());
                let mut revision = None;
                for round in 0..200usize {
                    let payload = bytes(thread, 100 + round * 40);
                    let expect = revision.map_or(Expect::Absent, Expect::Revision);
                    revision = Some(stored(save(store, &key, &payload, expect)));
                    assert!(refresh(store, &key).unwrap().unwrap().payload == payload);
                }
            });
        }
    });
    let connected = server.command(&["CLIENT", "LIST"]);
    let ours = connected.matches("cmd=").count() - 1;
    assert!(ours <= 8, "{ours} connections for 8 threads");
}

#[test]
fn examining_tells_how_long_a_record_still_lives() {
    let server = RedisServer::start();
    let (store, kept, endless) = (store(&server), key("a"), key("b"));
    stored(save(&store, &kept, &bytes(1, 10), Expect::Absent));
    let mut monitor = Monitor::start(&server);
    let examined = drive(store.examine(&kept)).unwrap().unwrap();
    assert_eq!(monitor.commands(), ["GET", "PTTL"]);
    assert_eq!(examined.payload, bytes(1, 10));
    let left = examined.remaining.unwrap();
    assert!(left <= LIFE && left > LIFE / 2, "{left:?}");
    server.command(&["SET", endless.as_str(), "text"]);
    let examined = drive(store.examine(&endless)).unwrap().unwrap();
    assert_eq!(examined.remaining, None);
    assert!(drive(store.examine(&key("c"))).unwrap().is_none());
}
