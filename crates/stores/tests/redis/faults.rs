//! What a broken connection, a dead server or a stalled one does to an operation.

use std::thread;
use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{Deadline, Deleted, ErrorKind, Expect, Saved, Store};
use flask_session_stores::redis::RedisStore;
use flask_session_testkit::servers::{RedisServer, nobody};
use flask_session_testkit::{Network, PATIENCE, Proxy, faults};

use super::{LIFE, at, bytes, delete, key, load, save, store, stored, touch};

fn behind(server: &RedisServer) -> (Proxy, RedisStore) {
    let proxy = Proxy::before(server.address());
    let options = at(proxy.address()).timeout(Duration::from_millis(400));
    (proxy, RedisStore::blocking(options).unwrap())
}

#[test]
fn nothing_is_opened_before_the_first_use_and_one_connection_serves_one_thread() {
    let server = RedisServer::start();
    let (proxy, store) = behind(&server);
    assert_eq!(proxy.accepted(), 0);
    for _ in 0..20 {
        load(&store, &key("a")).unwrap();
    }
    assert_eq!(proxy.accepted(), 1);
}

#[test]
fn a_future_that_is_never_polled_opens_nothing() {
    let server = RedisServer::start();
    let (proxy, store) = behind(&server);
    let key = key("a");
    drop(store.load(&key, None));
    drop(store.save(&key, bytes(1, 10), LIFE, Expect::Anything));
    assert_eq!(proxy.accepted(), 0);
}

#[test]
fn a_server_that_was_restarted_costs_no_error() {
    let mut server = RedisServer::start();
    let (store, key) = (store(&server), key("a"));
    let revision = stored(save(&store, &key, &bytes(1, 10), Expect::Absent));
    assert!(server.restart());
    assert!(load(&store, &key).unwrap().is_none());
    assert!(server.restart());
    assert!(!touch(&store, &key).unwrap());
    assert!(server.restart());
    stored(save(&store, &key, &bytes(2, 10), Expect::Absent));
    assert!(server.restart());
    let gone = save(
        &store,
        &key,
        &bytes(3, 10),
        Expect::Revision(revision.clone()),
    );
    assert_eq!(gone.unwrap(), Saved::Conflict);
    assert!(server.restart());
    let answer = delete(&store, &key, Expect::Revision(revision)).unwrap();
    assert_eq!(answer, Deleted::Absent);
}

#[test]
fn a_server_that_is_gone_is_unreachable_and_comes_back() {
    let mut server = RedisServer::start();
    let (store, key) = (store(&server), key("a"));
    load(&store, &key).unwrap();
    server.stop();
    for _ in 0..2 {
        let error = load(&store, &key).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreachable);
        assert!(
            error
                .to_string()
                .starts_with("redis store, load: unreachable: ")
        );
    }
    assert!(server.restart());
    assert!(load(&store, &key).unwrap().is_none());
}

#[test]
fn a_save_whose_reply_is_lost_is_stored_if_it_took_place() {
    let server = RedisServer::start();
    let (proxy, store) = behind(&server);
    let direct = super::store(&server);
    for (number, length) in [(0, 200), (1, 9000)] {
        let key = key(&number.to_string());
        // Each way of expecting, the reply to the save lost each time.
        let lose = |payload: Bytes, expect| {
            load(&store, &key).unwrap();
            let before = proxy.accepted();
            thread::scope(|scope| {
                proxy.becomes(Network::ResetsReply { after: 0 });
                scope.spawn(|| {
                    // The network heals when the loss was noticed.
                    while proxy.accepted() == before {
                        thread::sleep(Duration::from_millis(1));
                    }
                    proxy.becomes(Network::Open);
                });
                save(&store, &key, &payload, expect)
            })
        };
        let revision = stored(lose(bytes(1, length), Expect::Absent));
        assert_eq!(
            load(&direct, &key).unwrap().unwrap().payload,
            bytes(1, length)
        );
        let revision = stored(lose(bytes(2, length), Expect::Revision(revision)));
        assert_eq!(
            load(&direct, &key).unwrap().unwrap().payload,
            bytes(2, length)
        );
        stored(lose(bytes(3, length), Expect::Anything));
        assert_eq!(
            load(&direct, &key).unwrap().unwrap().payload,
            bytes(3, length)
        );
        let conflict = lose(bytes(4, length), Expect::Revision(revision));
        assert_eq!(conflict.unwrap(), Saved::Conflict);
        assert_eq!(
            load(&direct, &key).unwrap().unwrap().payload,
            bytes(3, length)
        );
    }
}

#[test]
fn a_connection_that_was_cut_is_replaced_without_an_error() {
    let server = RedisServer::start();
    let (proxy, store) = behind(&server);
    let key = key("a");
    let revision = stored(save(&store, &key, &bytes(1, 10), Expect::Absent));
    proxy.cut();
    assert_eq!(load(&store, &key).unwrap().unwrap().payload, bytes(1, 10));
    proxy.cut();
    let revision = stored(save(
        &store,
        &key,
        &bytes(2, 10),
        Expect::Revision(revision),
    ));
    proxy.cut();
    let answer = delete(&store, &key, Expect::Revision(revision)).unwrap();
    assert_eq!(answer, Deleted::Removed);
    proxy.cut();
    assert!(!touch(&store, &key).unwrap());
}

#[test]
fn the_limit_is_on_the_operation_not_on_each_byte() {
    let server = RedisServer::start();
    let (proxy, store) = behind(&server);
    let key = key("a");
    stored(save(&store, &key, &bytes(1, 1000), Expect::Absent));
    proxy.becomes(Network::Drips {
        pause: Duration::from_millis(50),
    });
    let deadline = Deadline::within(Duration::from_millis(550));
    let error = load(&store, &key).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(
        deadline.remaining().is_ok(),
        "the limit of 400 ms was not kept"
    );
}

#[test]
fn a_late_reply_is_nobodys() {
    let server = RedisServer::start();
    let (proxy, store) = behind(&server);
    let (first, second) = (key("first"), key("second"));
    stored(save(&store, &first, &bytes(1, 10), Expect::Absent));
    stored(save(&store, &second, &bytes(2, 10), Expect::Absent));
    proxy.becomes(Network::HangsAfterSending);
    let error = load(&store, &first).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    proxy.becomes(Network::Open);
    for _ in 0..3 {
        assert_eq!(
            load(&store, &second).unwrap().unwrap().payload,
            bytes(2, 10)
        );
        assert_eq!(load(&store, &first).unwrap().unwrap().payload, bytes(1, 10));
    }
}

#[test]
fn while_connections_break_nobody_sees_anothers_record() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.address());
    let store = RedisStore::blocking(at(proxy.address()).timeout(PATIENCE)).unwrap();
    faults::while_connections_break_nobody_sees_anothers_record(&proxy, &store);
}

#[test]
fn what_speaks_another_protocol_is_told_from_redis() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let other = thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        std::io::Write::write_all(&mut connection, b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let store = RedisStore::blocking(at(address)).unwrap();
    let error = load(&store, &key("a")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unexpected);
    other.join().unwrap();
}

#[test]
fn a_replica_refuses_writes_by_name() {
    let server = RedisServer::start();
    let store = store(&server);
    stored(save(&store, &key("a"), &bytes(1, 10), Expect::Absent));
    let port = nobody().port().to_string();
    server.command(&["REPLICAOF", "127.0.0.1", &port]);
    for expect in [
        Expect::Anything,
        Expect::Revision(flask_session_core::Revision::of_payload(bytes(1, 10))),
    ] {
        let error = save(&store, &key("a"), &bytes(2, 10), expect).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(error.to_string().contains("read-only replica"), "{error}");
    }
    server.command(&["REPLICAOF", "NO", "ONE"]);
    stored(save(&store, &key("a"), &bytes(3, 10), Expect::Anything));
}

#[test]
fn a_full_server_refuses_and_keeps_its_guarantee() {
    let server = RedisServer::start();
    let (store, key) = (store(&server), key("a"));
    let revision = stored(save(&store, &key, &bytes(1, 10), Expect::Absent));
    server.command(&["CONFIG", "SET", "maxmemory", "1"]);
    for (expect, length) in [
        (Expect::Anything, 10),
        (Expect::Revision(revision.clone()), 10),
        (Expect::Revision(revision), 9000),
    ] {
        let error = save(&store, &key, &bytes(2, length), expect).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(error.to_string().contains("maxmemory"), "{error}");
    }
    assert_eq!(
        store.capability().guarantee,
        flask_session_core::Guarantee::Merge
    );
}
