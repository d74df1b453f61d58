//! What a server does that works only in part.

use flask_session_core::{ErrorKind, Expect, Guarantee, Revision, Store};
use flask_session_stores::redis::RedisStore;
use flask_session_testkit::blocking::{bytes, key, load, save, stored};
use flask_session_testkit::servers::{RedisServer, nobody};
use flask_session_testkit::{Network, PATIENCE, Proxy};

use super::{at, store};

#[test]
fn what_speaks_another_protocol_is_told_from_redis() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.address());
    proxy.becomes(Network::Garbles);
    let options = at(proxy.address()).timeout(PATIENCE);
    let store = RedisStore::blocking(options).unwrap();
    let error = load(&store, &key("a")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unexpected);
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
        Expect::Revision(Revision::of_payload(bytes(1, 10))),
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
    assert_eq!(store.capability().guarantee, Guarantee::Merge);
}
