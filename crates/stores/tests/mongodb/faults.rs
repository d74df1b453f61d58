//! What a broken connection, a dead server or a stalled one does to an operation.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{Deadline, Deleted, ErrorKind, Expect, Saved, Store};
use flask_session_testkit::servers::MongoServer;
use flask_session_testkit::{Network, Proxy};

use super::collection::Behind;
use super::{bytes, delete, key, load, open, save, stored, touch, within};

fn behind(database: &Behind, limit: Duration) -> (Proxy, Arc<dyn Store>) {
    let proxy = Proxy::before(MongoServer::shared().address());
    let (address, name) = (proxy.address(), &database.name);
    let url = format!("mongodb://{address}/{name}?directConnection=true");
    (proxy, within(&url, limit))
}

#[test]
fn nothing_is_opened_before_the_first_use() {
    let (proxy, store) = behind(&Behind::new(), Duration::from_secs(30));
    assert!(store.capability().lists);
    assert_eq!(store.take_notices(), []);
    let key = key("a");
    drop(store.load(&key, None));
    thread::sleep(Duration::from_millis(20));
    assert_eq!(proxy.accepted(), 0);
    load(&*store, &key).unwrap();
    assert!(proxy.accepted() > 0);
}

#[test]
fn a_connection_that_was_cut_is_replaced_without_an_error() {
    let (proxy, store) = behind(&Behind::new(), Duration::from_secs(30));
    let key = key("a");
    let revision = stored(save(&*store, &key, &bytes(1, 10), Expect::Absent));
    proxy.cut();
    assert_eq!(load(&*store, &key).unwrap().unwrap().payload, bytes(1, 10));
    proxy.cut();
    let revision = stored(save(
        &*store,
        &key,
        &bytes(2, 10),
        Expect::Revision(revision),
    ));
    proxy.cut();
    let answer = delete(&*store, &key, Expect::Revision(revision)).unwrap();
    assert_eq!(answer, Deleted::Removed);
    proxy.cut();
    assert!(!touch(&*store, &key).unwrap());
}

#[test]
fn a_save_whose_reply_is_lost_is_stored_if_it_took_place() {
    let database = Behind::new();
    let (proxy, store) = behind(&database, Duration::from_secs(30));
    let direct = open(&database.url);
    let key = key("a");
    let lose = |payload: Bytes, expect| {
        load(&*store, &key).unwrap();
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
            save(&*store, &key, &payload, expect)
        })
    };
    // The indexes are there.
    stored(save(
        &*store,
        &super::key("b"),
        &bytes(1, 10),
        Expect::Absent,
    ));
    let revision = stored(lose(bytes(1, 10), Expect::Absent));
    assert_eq!(load(&*direct, &key).unwrap().unwrap().payload, bytes(1, 10));
    let revision = stored(lose(bytes(2, 10), Expect::Revision(revision)));
    assert_eq!(load(&*direct, &key).unwrap().unwrap().payload, bytes(2, 10));
    stored(lose(bytes(3, 10), Expect::Anything));
    let conflict = lose(bytes(4, 10), Expect::Revision(revision));
    assert_eq!(conflict.unwrap(), Saved::Conflict);
    assert_eq!(load(&*direct, &key).unwrap().unwrap().payload, bytes(3, 10));
    assert_eq!(database.documents().len(), 2);
}

#[test]
fn the_limit_is_on_the_operation_not_on_each_byte() {
    let limit = Duration::from_millis(1500);
    let (proxy, store) = behind(&Behind::new(), limit);
    let key = key("a");
    stored(save(&*store, &key, &bytes(1, 1000), Expect::Absent));
    proxy.becomes(Network::Drips {
        pause: Duration::from_millis(50),
    });
    let deadline = Deadline::within(limit * 4 / 3);
    let error = load(&*store, &key).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(deadline.remaining().is_ok(), "the limit was not kept");
}

#[test]
fn a_late_reply_is_nobodys() {
    let (proxy, store) = behind(&Behind::new(), Duration::from_secs(2));
    let (first, second) = (key("first"), key("second"));
    stored(save(&*store, &first, &bytes(1, 10), Expect::Absent));
    stored(save(&*store, &second, &bytes(2, 10), Expect::Absent));
    proxy.becomes(Network::HangsAfterSending);
    let error = load(&*store, &first).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    proxy.becomes(Network::Open);
    for _ in 0..3 {
        assert_eq!(
            load(&*store, &second).unwrap().unwrap().payload,
            bytes(2, 10)
        );
        assert_eq!(
            load(&*store, &first).unwrap().unwrap().payload,
            bytes(1, 10)
        );
    }
}

#[test]
fn a_server_that_is_gone_is_unreachable_and_comes_back() {
    let mut server = MongoServer::start();
    let store = within(&server.url("own"), Duration::from_secs(3));
    let key = key("a");
    load(&*store, &key).unwrap();
    server.stop();
    let error = load(&*store, &key).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    let text = error.to_string();
    assert!(
        text.starts_with("mongodb store, load: unreachable: "),
        "{text}"
    );
    server.restart();
    stored(save(&*store, &key, &bytes(1, 10), Expect::Absent));
    assert_eq!(load(&*store, &key).unwrap().unwrap().payload, bytes(1, 10));
}

#[test]
fn eight_threads_see_only_their_own_records() {
    let store = open(&Behind::new().url);
    thread::scope(|scope| {
        for thread in 0..8u8 {
            let store = &store;
            scope.spawn(move || {
                let key = key(&thread.to_string());
                let mut revision = None;
                for round in 0..20usize {
                    let payload = bytes(thread, 100 + round * 40);
                    let expect = revision.map_or(Expect::Absent, Expect::Revision);
                    revision = Some(stored(save(&**store, &key, &payload, expect)));
                    assert!(load(&**store, &key).unwrap().unwrap().payload == payload);
                }
            });
        }
    });
}
