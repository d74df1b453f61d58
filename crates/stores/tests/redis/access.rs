//! Who is let in, and who is trusted.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;
use std::{fs, thread};

use flask_session_core::{ErrorKind, Expect};
use flask_session_stores::redis::{RedisOptions, RedisStore};
use flask_session_testkit::blocking::{bytes, key, load, save, stored};
use flask_session_testkit::servers::{Certificates, RedisServer, RedisSettings};

use tempfile::TempDir;

use super::{at, options};

fn works(options: RedisOptions) {
    let (store, key) = (RedisStore::blocking(options).unwrap(), key("a"));
    stored(save(&store, &key, &bytes(1, 9000), Expect::Anything));
    assert_eq!(load(&store, &key).unwrap().unwrap().payload, bytes(1, 9000));
}

fn fails(options: RedisOptions) -> ErrorKind {
    let store = RedisStore::blocking(options).unwrap();
    let error = load(&store, &key("a")).unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains("hush"), "{text}");
    error.kind()
}

#[test]
fn a_password_is_needed_and_must_be_right() {
    let server = RedisServer::with(RedisSettings {
        password: Some("hush".to_owned()),
        ..RedisSettings::default()
    });
    works(options(&server).password("hush"));
    works(options(&server).username("default").password("hush"));
    assert_eq!(
        fails(options(&server).password("hush-hush")),
        ErrorKind::Refused
    );
    assert_eq!(fails(options(&server)), ErrorKind::Refused);
}

#[test]
fn databases_are_apart_and_one_that_is_not_there_is_misconfigured() {
    let server = RedisServer::start();
    let second = RedisStore::blocking(options(&server).database(2)).unwrap();
    stored(save(&second, &key("a"), &bytes(1, 10), Expect::Absent));
    let first = RedisStore::blocking(options(&server)).unwrap();
    assert!(load(&first, &key("a")).unwrap().is_none());
    assert_eq!(
        fails(options(&server).database(99)),
        ErrorKind::Misconfigured
    );
}

#[test]
fn a_connection_bears_its_name() {
    let server = RedisServer::start();
    let store = RedisStore::blocking(options(&server).client_name("web-1")).unwrap();
    load(&store, &key("a")).unwrap();
    assert!(server.command(&["CLIENT", "LIST"]).contains("name=web-1"));
    let error = RedisStore::blocking(options(&server).client_name("web 1")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(error.to_string().contains("SESSION_REDIS"));
}

#[test]
fn a_server_without_hello_is_greeted_as_before() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("old.conf");
    fs::write(&file, "rename-command HELLO \"\"\n").unwrap();
    let server = RedisServer::with(RedisSettings {
        password: Some("hush".to_owned()),
        options: vec![("include".to_owned(), file.display().to_string())],
        ..RedisSettings::default()
    });
    let named = || options(&server).client_name("web-1").database(2);
    works(named().password("hush"));
    works(named().username("default").password("hush"));
    assert_eq!(fails(named().password("hush-hush")), ErrorKind::Refused);
    assert_eq!(fails(named()), ErrorKind::Refused);
    let store = RedisStore::blocking(named().password("hush")).unwrap();
    load(&store, &key("a")).unwrap();
    assert!(server.command(&["CLIENT", "LIST"]).contains("name=web-1 "));
    assert!(server.command(&["CLIENT", "LIST"]).contains(" db=2 "));
}

/// Hangs up on whoever says HELLO, and passes on what others say, as some proxies do.
fn curt_proxy(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut first = [0; 14];
            client.read_exact(&mut first).unwrap();
            if first.ends_with(b"HELLO\r") {
                continue;
            }
            let mut server = TcpStream::connect(server).unwrap();
            server.write_all(&first).unwrap();
            let mut replies = (server.try_clone().unwrap(), client.try_clone().unwrap());
            thread::spawn(move || io::copy(&mut replies.0, &mut replies.1));
            thread::spawn(move || io::copy(&mut client, &mut server));
        }
    });
    address
}

#[test]
fn a_proxy_that_hangs_up_on_hello_is_greeted_without() {
    let server = RedisServer::start();
    works(at(curt_proxy(server.address())).database(1));
}

fn tls(options: &[(&str, &str)]) -> RedisServer {
    RedisServer::with(RedisSettings {
        tls: true,
        options: options
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..RedisSettings::default()
    })
}

#[test]
fn only_a_certificate_of_a_trusted_authority_for_the_right_host_is_accepted() {
    let server = tls(&[]);
    let authority = &server.certificates().unwrap().authority;
    works(options(&server).ca_file(authority));
    assert_eq!(fails(options(&server)), ErrorKind::Misconfigured);
    works(options(&server).verify(false));
    let elsewhere = server.folder().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let strangers = Certificates::make(&elsewhere).authority;
    assert_eq!(
        fails(options(&server).ca_file(&strangers)),
        ErrorKind::Misconfigured
    );
    // 127.0.0.2 is the same server under a name that its certificate lacks.
    let url = format!("rediss://127.0.0.2:{}", server.address().port());
    let other_name = || RedisOptions::from_url(&url).unwrap().ca_file(authority);
    let kind = fails(other_name());
    assert!(matches!(
        kind,
        ErrorKind::Misconfigured | ErrorKind::Unreachable
    ));
    assert_eq!(
        fails(options(&server).ca_file(&strangers).verify_hostname(false)),
        ErrorKind::Misconfigured
    );
}

#[test]
fn the_name_alone_may_be_left_unchecked() {
    let server = tls(&[("bind", "127.0.0.1 127.0.0.2")]);
    let authority = &server.certificates().unwrap().authority;
    let url = format!("rediss://127.0.0.2:{}", server.address().port());
    let other_name = || RedisOptions::from_url(&url).unwrap().ca_file(authority);
    assert_eq!(fails(other_name()), ErrorKind::Misconfigured);
    works(other_name().verify_hostname(false));
}

#[test]
fn a_server_that_asks_for_a_certificate_gets_ours() {
    let server = tls(&[("tls-auth-clients", "yes")]);
    let files = server.certificates().unwrap();
    let trusting = || options(&server).ca_file(&files.authority);
    works(
        trusting()
            .cert_file(&files.certificate)
            .key_file(&files.key),
    );
    let kind = fails(trusting());
    assert!(
        matches!(kind, ErrorKind::Refused | ErrorKind::Unreachable),
        "{kind:?}"
    );
    let both = server.folder().join("both.pem");
    let mut text = fs::read_to_string(&files.certificate).unwrap();
    text += &fs::read_to_string(&files.key).unwrap();
    fs::write(&both, text).unwrap();
    works(trusting().cert_file(&both));
}

#[test]
fn files_that_cannot_be_used_are_an_error_before_the_first_session() {
    let server = RedisServer::start();
    let secure = || RedisOptions::from_url("rediss://localhost").unwrap();
    for options in [
        secure().ca_file("/nowhere/ca.pem"),
        secure().ca_file(server.folder().join("socket")),
        secure().cert_file("/nowhere/cert.pem"),
        options(&server).ca_file("/nowhere/ca.pem"),
    ] {
        let error = RedisStore::blocking(options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert!(error.to_string().contains("SESSION_REDIS"), "{error}");
    }
}

#[test]
fn tls_to_a_port_without_it_ends_within_the_limit() {
    let server = RedisServer::start();
    let url = server.url().replace("redis://", "rediss://");
    let insecure = RedisOptions::from_url(&url).unwrap().verify(false);
    // Redis waits for the end of a line that doesn't come.
    let kind = fails(insecure.timeout(Duration::from_millis(200)));
    assert!(
        matches!(kind, ErrorKind::TimedOut | ErrorKind::Misconfigured),
        "{kind:?}"
    );
}
