//! Servers and proxies that don't know newer commands, or none at all.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;

use flask_session_core::{Deleted, ErrorKind, Expect, Guarantee, Saved, Store};
use flask_session_stores::memcached::MemcachedStore;
use flask_session_testkit::blocking::{bytes, delete, key, load, refresh, save, stored};
use flask_session_testkit::servers::MemcachedServer;
use flask_session_testkit::{Network, PATIENCE, Proxy};

use super::at;

/// Passes everything on to `server` but requests that begin with one of `unknown`: these are
/// answered as a server does that doesn't know them, or, without an `answer`, by hanging up.
fn without(
    server: SocketAddr,
    unknown: &'static [&'static str],
    answer: Option<&'static [u8]>,
) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut server = TcpStream::connect(server).unwrap();
            let (mut replies, mut back) =
                (server.try_clone().unwrap(), client.try_clone().unwrap());
            thread::spawn(move || std::io::copy(&mut replies, &mut back));
            thread::spawn(move || {
                let mut buffer = vec![0; 65_536];
                while let Ok(read @ 1..) = client.read(&mut buffer) {
                    let request = &buffer[..read];
                    let is_unknown = unknown
                        .iter()
                        .any(|word| request.starts_with(word.as_bytes()));
                    let passed = match answer {
                        Some(answer) if is_unknown => client.write_all(answer),
                        None if is_unknown => client.shutdown(std::net::Shutdown::Both),
                        _ => server.write_all(request),
                    };
                    if passed.is_err() {
                        break;
                    }
                }
                let _ = server.shutdown(std::net::Shutdown::Both);
            });
        }
    });
    address
}

#[test]
fn without_gats_and_md_everything_still_holds() {
    let server = MemcachedServer::start();
    let address = without(server.address(), &["gats ", "md "], Some(b"ERROR\r\n"));
    let store = MemcachedStore::blocking(at(address)).unwrap();
    let key = key("a");
    stored(save(&store, &key, &bytes(1, 10), Expect::Absent));
    for _ in 0..2 {
        let loaded = refresh(&store, &key).unwrap().unwrap();
        assert_eq!(loaded.payload, bytes(1, 10));
    }
    let old = load(&store, &key).unwrap().unwrap().revision;
    stored(save(&store, &key, &bytes(2, 10), Expect::Anything));
    let current = load(&store, &key).unwrap().unwrap().revision;
    for (revision, answer) in [
        (old, Deleted::Conflict),
        (current.clone(), Deleted::Removed),
        (current, Deleted::Absent),
    ] {
        let deleted = delete(&store, &key, Expect::Revision(revision)).unwrap();
        assert_eq!(deleted, answer);
    }
    assert!(load(&store, &key).unwrap().is_none());
    stored(save(&store, &key, &bytes(3, 10), Expect::Absent));
}

#[test]
fn a_proxy_that_does_not_tell_its_limit_is_no_error_and_what_is_too_large_still_is() {
    let server = MemcachedServer::start();
    for answer in [Some(b"ERROR\r\n".as_slice()), None] {
        let address = without(server.address(), &["stats"], answer);
        let store = MemcachedStore::blocking(at(address)).unwrap();
        let key = key("a");
        stored(save(&store, &key, &bytes(1, 10), Expect::Anything));
        assert_eq!(store.capability().max_payload, None);
        assert_eq!(store.capability().guarantee, Guarantee::Merge);
        let revision = load(&store, &key).unwrap().unwrap().revision;
        let large = bytes(2, 2_000_000);
        let error = save(&store, &key, &large, Expect::Revision(revision)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert!(error.to_string().contains("2000000 bytes"), "{error}");
        assert_eq!(load(&store, &key).unwrap().unwrap().payload, bytes(1, 10));
        // The server removes the old record then; the error says so.
        let error = save(&store, &key, &large, Expect::Anything).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert!(error.to_string().contains("removed"), "{error}");
        assert!(load(&store, &key).unwrap().is_none());
    }
}

#[test]
fn a_save_after_a_save_is_compared_with_what_was_saved() {
    let server = MemcachedServer::start();
    let store = super::store(&server);
    let key = key("a");
    let first = stored(save(&store, &key, &bytes(1, 10), Expect::Absent));
    let second = stored(save(
        &store,
        &key,
        &bytes(2, 10),
        Expect::Revision(first.clone()),
    ));
    let late = save(&store, &key, &bytes(3, 10), Expect::Revision(first));
    assert_eq!(late.unwrap(), Saved::Conflict);
    stored(save(&store, &key, &bytes(4, 10), Expect::Revision(second)));
}

#[test]
fn what_speaks_another_protocol_is_told_from_memcached() {
    let server = MemcachedServer::start();
    let proxy = Proxy::before(server.address());
    proxy.becomes(Network::Garbles);
    let options = at(proxy.address()).timeout(PATIENCE);
    let store = MemcachedStore::blocking(options).unwrap();
    let error = load(&store, &key("a")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unexpected);
}
