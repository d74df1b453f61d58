//! A server that speaks MongoDB's wire protocol: `dev/servers/mongodb`.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use super::{Certificates, Port};

/// How the server is started; by default plain TCP, and nobody has to log in.
#[derive(Debug, Clone, Default)]
pub struct MongoSettings {
    /// A user and a password; clients must then log in, by SCRAM.
    pub user: Option<(String, String)>,
    /// TLS instead of plain TCP.
    pub tls: bool,
}

/// A server that keeps nothing after it has ended. It also ends when this process does, so that
/// one may be kept in a `static`: it needs seconds to start.
///
/// Its start script isn't in the published package: it needs this project's repository.
///
/// ```no_run
/// use flask_session_testkit::servers::{MongoServer, MongoSettings};
///
/// println!("{}", MongoServer::shared().url("my_database"));
/// let settings = MongoSettings { tls: true, ..MongoSettings::default() };
/// let mut server = MongoServer::with(settings);
/// assert!(server.certificates().is_some() && server.address().ip().is_loopback());
/// server.stop();
/// server.restart();
/// let _default = MongoServer::start();
/// ```
#[derive(Debug)]
pub struct MongoServer {
    process: Option<Child>,
    settings: MongoSettings,
    port: Port,
    certificates: Option<Certificates>,
    _folder: Option<TempDir>,
}

impl MongoServer {
    /// The one that all tests of this program share, each with a database of its own.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<MongoServer> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Starts one with the default settings. Panics if it is missing or doesn't start.
    pub fn start() -> Self {
        Self::with(MongoSettings::default())
    }

    /// Starts one with `settings`.
    pub fn with(settings: MongoSettings) -> Self {
        let folder = settings
            .tls
            .then(|| TempDir::with_prefix("mongodb-").expect("a temporary folder"));
        let certificates = folder
            .as_ref()
            .map(|folder| Certificates::make(folder.path()));
        let mut server = Self {
            process: None,
            settings,
            port: Port::reserve(),
            certificates,
            _folder: folder,
        };
        server.restart();
        server
    }

    /// Ends the process; connections break and the port refuses. What was stored is lost.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // The script ends its server, removes its folder and then ends itself.
            drop(process.stdin.take());
            let _ = process.wait();
        }
    }

    /// Starts again on the same port, empty.
    pub fn restart(&mut self) {
        self.stop();
        let mut command = Command::new(script());
        command.args(["--port", &self.port.to_string()]);
        if let Some((name, password)) = &self.settings.user {
            command.args(["--user", &format!("{name}:{password}")]);
        }
        if let Some(files) = &self.certificates {
            command.arg("--tls-cert-file").arg(&files.certificate);
            command.arg("--tls-key-file").arg(&files.key);
        }
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn();
        let mut child = child.unwrap_or_else(|error| panic!("can't start {command:?}: {error}"));
        let mut url = String::new();
        let output = child.stdout.take().expect("it is piped");
        let _ = BufReader::new(output).read_line(&mut url);
        assert!(
            url.starts_with("mongodb://"),
            "the MongoDB server did not start; dev/servers/mongodb says why"
        );
        self.process = Some(child);
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Its certificates, with TLS.
    pub fn certificates(&self) -> Option<&Certificates> {
        self.certificates.as_ref()
    }

    /// `mongodb://127.0.0.1:port/database`, with what is needed to log in and to trust it.
    pub fn url(&self, database: &str) -> String {
        let user = match &self.settings.user {
            Some((name, password)) => format!("{name}:{password}@"),
            None => String::new(),
        };
        let mut options = Vec::new();
        if !user.is_empty() {
            options.push("authSource=admin".to_owned());
        }
        if let Some(files) = &self.certificates {
            let file = files.authority.display().to_string();
            options.push(format!("tls=true&tlsCAFile={}", file.replace('/', "%2F")));
        }
        let (port, options) = (&self.port, options.join("&"));
        format!("mongodb://{user}127.0.0.1:{port}/{database}?{options}")
    }
}

impl Drop for MongoServer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dev/servers/mongodb")
}
