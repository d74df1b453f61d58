//! memcached.

use std::fs::{Permissions, set_permissions};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::{Port, Process};

/// A memcached of at most 64 MB; on TCP, or on a Unix socket.
///
/// ```no_run
/// use flask_session_testkit::servers::MemcachedServer;
///
/// let mut server = MemcachedServer::with(&["-I", "2m"]);
/// println!("{} {}", server.url(), server.address());
/// server.command("set key 0 0 1\r\nx\r\n");
/// server.stop();
/// assert!(server.restart());
/// assert!(MemcachedServer::on_a_socket().socket().exists());
/// let _default = MemcachedServer::start();
/// ```
#[derive(Debug)]
pub struct MemcachedServer {
    // Ended before its folder goes.
    process: Option<Process>,
    arguments: Vec<String>,
    port: Option<Port>,
    folder: TempDir,
}

impl MemcachedServer {
    /// Starts one on TCP. Panics if memcached is missing or doesn't start.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// Starts one on TCP with further arguments, as `["-I", "2m"]`.
    pub fn with(arguments: &[&str]) -> Self {
        Self::started(arguments, true)
    }

    /// Starts one on a Unix socket.
    pub fn on_a_socket() -> Self {
        Self::started(&[], false)
    }

    fn started(arguments: &[&str], tcp: bool) -> Self {
        let mut server = Self {
            process: None,
            arguments: arguments.iter().map(ToString::to_string).collect(),
            port: tcp.then(Port::reserve),
            folder: TempDir::with_prefix("memcached-").expect("a temporary folder"),
        };
        assert!(
            server.restart(),
            "memcached ended at once; is it installed, are its options known?"
        );
        server
    }

    /// Ends the process; connections break and the port refuses. What was stored is lost.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts again at the same place, empty. False if the process ended at once.
    pub fn restart(&mut self) -> bool {
        self.stop();
        let mut command = Command::new("memcached");
        if let Some(port) = &self.port {
            let port = port.to_string();
            command.args(["-l", "127.0.0.1", "-U", "0", "-p", &port]);
        } else {
            // For nobody, who must make the socket there.
            let open = Permissions::from_mode(0o777);
            set_permissions(self.folder.path(), open).expect("the folder is ours");
            command.arg("-s").arg(self.socket()).args(["-a", "777"]);
        }
        // As root it refuses to start unless it is told who to be.
        command.args(["-u", "nobody"]).args(&self.arguments);
        command.args(["-c", "200", "-t", "2"]);
        self.process = Process::start(&mut command, || self.answers()).ok();
        self.process.is_some()
    }

    fn answers(&self) -> bool {
        let request = b"version\r\n";
        let mut answer = [0; 7];
        let limit = Some(Duration::from_secs(1));
        let asked = match self.port {
            Some(_) => TcpStream::connect(self.address()).and_then(|mut connection| {
                connection.set_read_timeout(limit)?;
                connection.write_all(request)?;
                connection.read_exact(&mut answer)
            }),
            None => UnixStream::connect(self.socket()).and_then(|mut connection| {
                connection.set_read_timeout(limit)?;
                connection.write_all(request)?;
                connection.read_exact(&mut answer)
            }),
        };
        asked.is_ok() && &answer == b"VERSION"
    }

    /// Its TCP address. Panics if it listens on a Unix socket.
    pub fn address(&self) -> SocketAddr {
        let port = self.port.as_ref();
        port.expect("this memcached listens on TCP").address()
    }

    /// Its Unix socket, if it listens on one.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// `memcached://127.0.0.1:port`, or `memcached+unix:///path`.
    pub fn url(&self) -> String {
        match self.port {
            Some(_) => format!("memcached://{}", self.address()),
            None => format!("memcached+unix://{}", self.socket().display()),
        }
    }

    /// Sends lines on a new connection and returns the raw reply; for looking behind a store's
    /// back. Over TCP only.
    pub fn command(&self, lines: &str) -> String {
        let failed = "memcached answers";
        let mut connection = TcpStream::connect(self.address()).expect(failed);
        // It hangs up after that, so that the reply has an end.
        let request = format!("{lines}\r\nquit\r\n");
        connection.write_all(request.as_bytes()).expect(failed);
        let mut reply = String::new();
        connection.read_to_string(&mut reply).expect(failed);
        reply
    }
}
