//! A sentinel, and talking to what has a Unix socket.

use std::fs;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::redis::encoded;
use super::{Port, Process, RedisServer};

/// A sentinel that watches a primary under the name `main`. It finds the primary's replicas, and
/// decides alone that one of them takes over, after half a second without an answer.
///
/// ```no_run
/// use flask_session_testkit::servers::{RedisServer, RedisSentinel};
///
/// let primary = RedisServer::start();
/// let mut sentinel = RedisSentinel::watching(&primary, &[]);
/// println!("redis+sentinel://{}/main", sentinel.address());
/// sentinel.command(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main"]);
/// sentinel.stop();
/// assert!(sentinel.restart());
/// ```
#[derive(Debug)]
pub struct RedisSentinel {
    // Ended before its folder goes.
    process: Option<Process>,
    port: Port,
    folder: TempDir,
}

impl RedisSentinel {
    /// Starts one. `lines` are further ones of its configuration. With a primary that speaks TLS
    /// it does so too, with the primary's certificates.
    pub fn watching(primary: &RedisServer, lines: &[&str]) -> Self {
        let mut folder = TempDir::with_prefix("sentinel-").expect("a temporary folder");
        for _ in 0..5 {
            let port = Port::reserve();
            let written = fs::write(
                folder.path().join("sentinel.conf"),
                configuration(primary, folder.path(), &port, lines),
            );
            written.expect("the temporary folder takes files");
            let mut sentinel = Self {
                process: None,
                port,
                folder,
            };
            if sentinel.restart() {
                return sentinel;
            }
            folder = sentinel.folder;
        }
        panic!("a sentinel ended at once, five times; are its options known?");
    }

    /// Ends the process; connections break and the port refuses.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts again on the same port, with what it knew. False if the process ended at once.
    pub fn restart(&mut self) -> bool {
        self.stop();
        let _ = fs::remove_file(self.socket());
        let mut command = Command::new("redis-server");
        command.arg(self.folder.path().join("sentinel.conf"));
        command.arg("--sentinel");
        let socket = self.socket();
        let answers = || socket.exists() && UnixStream::connect(&socket).is_ok();
        self.process = Process::start(&mut command, answers).ok();
        self.process.is_some()
    }

    /// Its TCP address, for TLS too.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Sends one command and returns the raw reply.
    pub fn command(&self, words: &[&str]) -> String {
        command(&self.socket(), words)
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }
}

fn configuration(primary: &RedisServer, folder: &Path, port: &Port, lines: &[&str]) -> String {
    let mut text = String::new();
    let mut line = |line: String| text += &(line + "\n");
    if let Some(files) = primary.certificates() {
        line(format!("port 0\ntls-port {port}\ntls-auth-clients no"));
        line("tls-replication yes".to_owned());
        line(format!("tls-ca-cert-file {}", files.authority.display()));
        line(format!("tls-cert-file {}", files.certificate.display()));
        line(format!("tls-key-file {}", files.key.display()));
    } else {
        line(format!("port {port}"));
    }
    line(format!("bind 127.0.0.1\ndir {}", folder.display()));
    line(format!("unixsocket {}", folder.join("socket").display()));
    let watched = primary.address().port();
    line(format!("sentinel monitor main 127.0.0.1 {watched} 1"));
    line("sentinel down-after-milliseconds main 500".to_owned());
    line("sentinel failover-timeout main 3000".to_owned());
    for further in lines {
        line((*further).to_owned());
    }
    text
}

/// Sends one command to the server at a Unix socket and returns the raw reply.
pub(super) fn command(socket: &Path, words: &[&str]) -> String {
    let failed = "the server answers";
    let mut connection = UnixStream::connect(socket).expect(failed);
    // The answer to a second command marks the end of the first one's.
    let request = encoded(words) + &encoded(&["PING"]);
    connection.write_all(request.as_bytes()).expect(failed);
    let limit = Some(Duration::from_secs(30));
    connection.set_read_timeout(limit).expect(failed);
    let mut reply = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some(reply) = reply.strip_suffix(b"+PONG\r\n") {
            return String::from_utf8_lossy(reply).into_owned();
        }
        let read = connection.read(&mut buffer).expect(failed);
        assert!(read > 0, "{failed}");
        reply.extend_from_slice(&buffer[..read]);
    }
}
