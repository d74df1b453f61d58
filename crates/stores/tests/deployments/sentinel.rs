//! Which server is the primary, and what happens when it no longer is.

use std::fs;

use flask_session_core::ErrorKind;
use flask_session_stores::Setting;
use flask_session_testkit::servers::{RedisSentinel, RedisServer, RedisSettings, nobody};
use flask_session_testkit::{Network, Proxy};
use tempfile::TempDir;

use super::{fails, key, load, open, save, text, until, works};

#[test]
fn sentinels_that_are_gone_or_silent_are_passed_over_and_then_asked_last() {
    let server = RedisServer::start();
    let sentinel = RedisSentinel::watching(&server, &[]);
    let silent = Proxy::before(sentinel.address());
    silent.becomes(Network::HangsBeforeSending);
    let (gone, good) = (nobody(), sentinel.address());
    let url = format!("redis+sentinel://{gone},{},{good}/main", silent.address());
    let store = open(&url, &[("timeout", Setting::Number(12.0))]).unwrap();
    works(&*store);
    server.command(&["CLIENT", "KILL", "TYPE", "normal"]);
    works(&*store);
    assert_eq!(silent.accepted(), 1);
}

#[test]
fn sentinels_and_servers_have_passwords_of_their_own() {
    let server = RedisServer::with(RedisSettings {
        password: Some("hush-data".to_owned()),
        ..RedisSettings::default()
    });
    let lines = [
        "sentinel auth-pass main hush-data",
        "requirepass hush-sentinel",
    ];
    let sentinel = RedisSentinel::watching(&server, &lines);
    let at = sentinel.address();
    let url = |password: &str, theirs: &str| {
        format!("redis+sentinel://:{password}@{at}/main?sentinel_password={theirs}")
    };
    works(&*open(&url("hush-data", "hush-sentinel"), &[]).unwrap());
    for (password, theirs) in [
        ("hush-data", "hush-data"),
        ("hush-sentinel", "hush-sentinel"),
    ] {
        let error = fails(&*open(&url(password, theirs), &[]).unwrap());
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert_eq!(
            error.to_string().contains("sentinel 127"),
            theirs == "hush-data"
        );
    }
}

#[test]
fn sentinels_and_servers_speak_tls_under_an_authority_of_our_own() {
    let server = RedisServer::with(RedisSettings {
        tls: true,
        ..RedisSettings::default()
    });
    let sentinel = RedisSentinel::watching(&server, &[]);
    let at = sentinel.address();
    let authority = server.certificates().unwrap().authority.display();
    works(
        &*open(
            &format!("rediss+sentinel://{at}/main?ssl_ca_certs={authority}"),
            &[],
        )
        .unwrap(),
    );
    works(
        &*open(
            &format!("rediss+sentinel://{at}/main"),
            &[("ca_file", text(&authority))],
        )
        .unwrap(),
    );
    let url = format!("rediss+sentinel://{at}/main");
    let error = fails(&*open(&url, &[]).unwrap());
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    let url = format!("redis+sentinel://{at}/main");
    let error = fails(&*open(&url, &[("timeout", Setting::Number(0.5))]).unwrap());
    assert!(error.is_transient(), "{error}");
}

#[test]
fn a_name_that_no_sentinel_knows_is_misconfigured() {
    let server = RedisServer::start();
    let sentinel = RedisSentinel::watching(&server, &[]);
    let url = format!("redis+sentinel://{}/other", sentinel.address());
    let error = fails(&*open(&url, &[]).unwrap());
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(error.to_string().contains("SESSION_REDIS"), "{error}");
    let url = format!("redis+sentinel://{}/main", server.address());
    assert_eq!(fails(&*open(&url, &[]).unwrap()).kind(), ErrorKind::Refused);
}

/// Redis doesn't know HELLO before version 6, and some administrators take it away.
fn without_hello(folder: &TempDir) -> RedisSettings {
    let file = folder.path().join("old.conf");
    fs::write(&file, "rename-command HELLO \"\"\n").unwrap();
    RedisSettings {
        options: vec![("include".to_owned(), file.display().to_string())],
        ..RedisSettings::default()
    }
}

#[test]
fn a_replica_that_a_sentinel_takes_for_the_primary_is_neither_read_nor_written() {
    let folder = TempDir::new().unwrap();
    for settings in [RedisSettings::default(), without_hello(&folder)] {
        let (server, elsewhere) = (RedisServer::with(settings), RedisServer::start());
        let sentinel = RedisSentinel::watching(&server, &[]);
        let url = format!("redis+sentinel://{}/main", sentinel.address());
        let store = open(&url, &[]).unwrap();
        works(&*store);
        let port = elsewhere.address().port().to_string();
        server.command(&["CONFIG", "SET", "replica-read-only", "no"]);
        server.command(&["REPLICAOF", "127.0.0.1", &port]);
        server.command(&["CLIENT", "KILL", "TYPE", "normal"]);
        let error = fails(&*store);
        assert_eq!(error.kind(), ErrorKind::Unreachable);
        assert!(error.to_string().contains("isn't the primary"), "{error}");
        assert!(save(&*store, &key("b"), "lost").is_err());
        assert_eq!(server.command(&["EXISTS", "session:b"]), ":0\r\n");
    }
}

#[test]
fn after_a_failover_sessions_go_to_the_new_primary_and_a_listing_starts_anew() {
    let (server, replica) = (RedisServer::start(), RedisServer::start());
    let port = server.address().port().to_string();
    replica.command(&["REPLICAOF", "127.0.0.1", &port]);
    until("the replica has caught up", || {
        let state = replica.command(&["INFO", "replication"]);
        state.contains("master_link_status:up").then_some(())
    });
    let sentinel = RedisSentinel::watching(&server, &[]);
    until("the sentinel knows the replica", || {
        let known = sentinel.command(&["SENTINEL", "REPLICAS", "main"]);
        known.contains("runid").then_some(())
    });
    let url = format!("redis+sentinel://{}/main", sentinel.address());
    let store = open(&url, &[]).unwrap();
    for number in 0..30 {
        let _ = save(&*store, &key(&format!("{number}")), "kept").unwrap();
    }
    until("the replica has them all", || {
        replica.command(&["DBSIZE"]).contains(":30\r").then_some(())
    });
    let first = flask_session_core::drive(store.list("session:", None, 10)).unwrap();
    assert!(first.next.is_some());
    until("the failover has begun", || {
        let reply = sentinel.command(&["SENTINEL", "FAILOVER", "main"]);
        reply.starts_with("+OK").then_some(())
    });
    let mut number = 0;
    until("the store writes to the replica that took over", || {
        let promoted = replica.command(&["ROLE"]).contains("master");
        number += 1;
        let written = format!("number-{number}.");
        if let Err(error) = save(&*store, &key("after"), &written) {
            let expected = error.is_transient() || error.kind() == ErrorKind::Refused;
            assert!(expected, "{error}");
        }
        let there = replica.command(&["GET", "session:after"]);
        (promoted && there.contains(&written)).then_some(())
    });
    let mut keys = Vec::new();
    let mut next = first.next;
    while let Some(cursor) = next {
        let page = flask_session_core::drive(store.list("session:", Some(cursor), 10)).unwrap();
        keys.extend(page.keys);
        next = page.next;
    }
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 31);
    assert_eq!(load(&*store, &key("7")).unwrap().unwrap(), "kept");
}

#[test]
fn a_primary_that_is_silent_costs_no_more_than_the_limit() {
    let server = RedisServer::start();
    let silent = Proxy::before(server.address());
    let sentinel = RedisSentinel::watching(&server, &[]);
    let port = silent.address().port().to_string();
    sentinel.command(&["SENTINEL", "REMOVE", "main"]);
    sentinel.command(&["SENTINEL", "MONITOR", "main", "127.0.0.1", &port, "1"]);
    let url = format!("redis+sentinel://{}/main", sentinel.address());
    let limit = Setting::Number(4.0);
    let store = open(&url, &[("timeout", limit)]).unwrap();
    works(&*store);
    silent.becomes(Network::HangsAfterSending);
    assert_eq!(fails(&*store).kind(), ErrorKind::TimedOut);
    silent.becomes(Network::Closes);
    assert_eq!(fails(&*store).kind(), ErrorKind::Unreachable);
}
