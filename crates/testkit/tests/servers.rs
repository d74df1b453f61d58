//! The servers and the network that other tests rely on do what they say.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use flask_session_testkit::servers::{RedisServer, RedisSettings, nobody};
use flask_session_testkit::{Network, Proxy};

const PING: &[u8] = b"PING\r\n";
const PATIENCE: Duration = Duration::from_millis(150);

fn connect(address: SocketAddr) -> TcpStream {
    let connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    connection
}

fn ask(connection: &mut TcpStream, request: &[u8]) -> std::io::Result<String> {
    connection.write_all(request)?;
    let mut answer = [0; 7];
    connection.read_exact(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn waits(answer: std::io::Result<String>) -> bool {
    answer.is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
}

#[test]
fn a_redis_server_lives_as_long_as_its_handle() {
    let server = RedisServer::start();
    let address = server.address();
    assert_eq!(ask(&mut connect(address), PING).unwrap(), "+PONG\r\n");
    assert_eq!(server.command(&["SET", "a", "b c"]), "+OK\r\n");
    assert_eq!(server.command(&["GET", "a"]), "$3\r\nb c\r\n");
    let folder = server.folder().to_owned();
    drop(server);
    assert!(TcpStream::connect(address).is_err());
    assert!(!folder.exists());
}

#[test]
fn a_redis_server_can_go_and_come_back_on_its_port() {
    let mut server = RedisServer::start();
    server.stop();
    assert!(TcpStream::connect(server.address()).is_err());
    assert!(server.restart());
    assert_eq!(server.command(&["PING"]), "+PONG\r\n");
}

#[test]
fn passwords_users_and_tls_are_in_force() {
    let server = RedisServer::with(RedisSettings {
        password: Some("secret".into()),
        users: vec!["app on >word ~* +get +set +del".into()],
        ..RedisSettings::default()
    });
    let refused = ask(&mut connect(server.address()), PING).unwrap();
    assert_eq!(refused, "-NOAUTH");
    assert_eq!(server.command(&["PING"]), "+PONG\r\n");
    let users = server.command(&["ACL", "LIST"]);
    assert!(users.contains("user app on"), "{users}");
    let server = RedisServer::with(RedisSettings {
        tls: true,
        ..RedisSettings::default()
    });
    assert!(server.certificates().unwrap().authority.exists());
    assert!(server.url().starts_with("rediss://"));
    assert!(
        ask(&mut connect(server.address()), PING).is_err(),
        "plain TCP was served"
    );
}

#[test]
fn a_network_hangs_resets_drips_and_closes_on_demand() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.address());
    let mut connection = connect(proxy.address());
    assert_eq!(ask(&mut connection, PING).unwrap(), "+PONG\r\n");

    proxy.becomes(Network::HangsBeforeSending);
    let count = b"INCR before\r\n";
    assert!(waits(ask(&mut connection, count)));
    assert_eq!(server.command(&["GET", "before"]), "$-1\r\n");

    proxy.becomes(Network::HangsAfterSending);
    assert!(waits(ask(&mut connect(proxy.address()), b"INCR after\r\n")));
    assert_eq!(server.command(&["GET", "after"]), "$1\r\n1\r\n");

    proxy.becomes(Network::ResetsReply { after: 2 });
    let mut connection = connect(proxy.address());
    connection.write_all(PING).unwrap();
    let mut answer = Vec::new();
    let error = connection.read_to_end(&mut answer).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(answer.is_empty() || answer == b"+P");

    proxy.becomes(Network::Drips {
        pause: Duration::from_millis(60),
    });
    let mut connection = connect(proxy.address());
    connection.write_all(PING).unwrap();
    let mut first = [0; 7];
    assert_eq!(connection.read(&mut first).unwrap(), 1);

    proxy.becomes(Network::Closes);
    let mut connection = connect(proxy.address());
    connection.write_all(PING).unwrap();
    assert_eq!(connection.read(&mut first).unwrap(), 0);
    assert_eq!(proxy.accepted(), 5);
}

#[test]
fn a_network_refuses_cuts_and_recovers() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.address());
    let mut connection = connect(proxy.address());
    assert_eq!(ask(&mut connection, PING).unwrap(), "+PONG\r\n");
    proxy.becomes(Network::Refuses);
    assert_eq!(ask(&mut connection, PING).unwrap(), "+PONG\r\n");
    let refused = TcpStream::connect(proxy.address()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    proxy.cut();
    assert!(!waits(ask(&mut connection, PING)));
    assert!(ask(&mut connection, PING).is_err());
    proxy.becomes(Network::Open);
    assert_eq!(
        ask(&mut connect(proxy.address()), PING).unwrap(),
        "+PONG\r\n"
    );
}

#[test]
fn nobody_listens_where_nobody_should() {
    assert!(TcpStream::connect(nobody()).is_err());
}
