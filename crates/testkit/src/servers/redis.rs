//! redis-server.

use std::io::{Read, Write};
use std::iter;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::{Certificates, Port, Process};

/// How a redis-server is started; by default on TCP, without password.
#[derive(Debug, Clone, Default)]
pub struct RedisSettings {
    /// `requirepass`: the default user's password.
    pub password: Option<String>,
    /// Access rules, one user each, as after `ACL SETUSER`: `"app on >secret ~* +get +set +del"`.
    pub users: Vec<String>,
    /// TLS instead of plain TCP on the port.
    pub tls: bool,
    /// Other options and their values, as in a configuration file.
    pub options: Vec<(String, String)>,
}

/// A redis-server that keeps nothing on disk.
///
/// ```no_run
/// use flask_session_testkit::servers::{RedisServer, RedisSettings};
///
/// let settings = RedisSettings { password: Some("secret".to_owned()), ..RedisSettings::default() };
/// let mut server = RedisServer::with(settings);
/// println!("{} {}", server.url(), server.address());
/// println!("{:?} {:?} {:?}", server.socket(), server.folder(), server.certificates());
/// server.command(&["AUTH", "secret"]);
/// server.stop();
/// assert!(server.restart());
/// ```
#[derive(Debug)]
pub struct RedisServer {
    // Ended before its folder goes.
    process: Option<Process>,
    settings: RedisSettings,
    port: Port,
    certificates: Option<Certificates>,
    folder: TempDir,
}

impl RedisServer {
    /// Starts one with the default settings. Panics if redis-server is missing or doesn't start.
    pub fn start() -> Self {
        Self::with(RedisSettings::default())
    }

    /// Starts one with `settings`.
    pub fn with(settings: RedisSettings) -> Self {
        let folder = TempDir::with_prefix("redis-").expect("a temporary folder");
        let certificates = settings.tls.then(|| Certificates::make(folder.path()));
        let mut server = Self {
            process: None,
            settings,
            port: Port::reserve(),
            certificates,
            folder,
        };
        assert!(
            server.restart(),
            "redis-server ended at once; is it installed and are its options known?"
        );
        server
    }

    /// Ends the process; connections break and the port refuses. What was stored is lost.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts again on the same port, empty. False if the process ended at once.
    pub fn restart(&mut self) -> bool {
        self.stop();
        let mut command = Command::new("redis-server");
        let folder = self.folder.path();
        command
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .arg("--dir")
            .arg(folder)
            .arg("--unixsocket")
            .arg(self.socket());
        let port = self.port.to_string();
        if let Some(files) = &self.certificates {
            command.args(["--port", "0", "--tls-port", &port]);
            command.args(["--tls-auth-clients", "no"]);
            command.arg("--tls-ca-cert-file").arg(&files.authority);
            command.arg("--tls-cert-file").arg(&files.certificate);
            command.arg("--tls-key-file").arg(&files.key);
        } else {
            command.args(["--port", &port]);
        }
        if let Some(password) = &self.settings.password {
            command.args(["--requirepass", password]);
        }
        for user in &self.settings.users {
            command.arg("--user").args(user.split_whitespace());
        }
        for (option, value) in &self.settings.options {
            command.arg(format!("--{option}")).arg(value);
        }
        self.process = Process::start(&mut command, || self.answers()).ok();
        self.process.is_some()
    }

    /// Whether it answers at all, be it with a demand for a password. The answer also shows that
    /// it is ours: another's server would not hold our socket file.
    fn answers(&self) -> bool {
        if !self.socket().exists() {
            return false;
        }
        let Ok(mut connection) = TcpStream::connect(self.address()) else {
            return false;
        };
        if self.settings.tls {
            return true;
        }
        let mut answer = [0];
        connection
            .set_read_timeout(Some(Duration::from_secs(1)))
            .and_then(|()| connection.write_all(b"PING\r\n"))
            .and_then(|()| connection.read_exact(&mut answer))
            .is_ok()
    }

    /// Its TCP address, for TLS too.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Its Unix socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// Its certificates, with TLS.
    pub fn certificates(&self) -> Option<&Certificates> {
        self.certificates.as_ref()
    }

    /// Its folder, for further files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `redis://127.0.0.1:port/0`, or `rediss://localhost:port/0` with TLS; without user and password.
    pub fn url(&self) -> String {
        if self.settings.tls {
            format!("rediss://localhost:{}/0", self.port)
        } else {
            format!("redis://127.0.0.1:{}/0", self.port)
        }
    }

    /// Sends one command on a new plain connection and returns the raw reply; for looking behind a
    /// store's back. Not with TLS.
    pub fn command(&self, words: &[&str]) -> String {
        let failed = "redis-server answers";
        let mut connection = TcpStream::connect(self.address()).expect(failed);
        let mut request = String::new();
        if let Some(password) = &self.settings.password {
            request += &encoded(&["AUTH", password]);
        }
        request += &encoded(words);
        // It hangs up after that, so that the reply has an end.
        request += &encoded(&["QUIT"]);
        connection.write_all(request.as_bytes()).expect(failed);
        let mut reply = Vec::new();
        connection.read_to_end(&mut reply).expect(failed);
        let reply = String::from_utf8_lossy(&reply);
        let reply = reply.strip_suffix("+OK\r\n").expect(failed);
        match &self.settings.password {
            Some(_) => reply.trim_start_matches("+OK\r\n").to_owned(),
            None => reply.to_owned(),
        }
    }
}

pub(super) fn encoded(words: &[&str]) -> String {
    let words = words
        .iter()
        .flat_map(|word| [format!("${}\r\n", word.len()), format!("{word}\r\n")]);
    iter::once(format!("*{}\r\n", words.clone().count() / 2))
        .chain(words)
        .collect()
}
