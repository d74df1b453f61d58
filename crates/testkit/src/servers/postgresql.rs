//! postgres.

use std::ffi::OsStr;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::{fs, io};

use tempfile::TempDir;

use super::supervised::{Supervised, as_owner, give_away};
use super::{Certificates, Port};

/// A PostgreSQL server: over TCP with password and, for who asks for it, TLS; over its socket
/// for anybody. It doesn't wait for the disk.
///
/// ```no_run
/// use flask_session_testkit::Proxy;
/// use flask_session_testkit::servers::PostgresqlServer;
///
/// let shared = PostgresqlServer::shared();
/// assert_eq!(shared.command("SELECT 1").trim(), "1");
/// let proxy = Proxy::before(shared.address());
/// println!("{} {}", shared.url(), shared.url_at(proxy.address()));
///
/// let mut server = PostgresqlServer::start(); // one to be stopped
/// println!("{:?} {:?}", server.socket_folder(), server.certificates().authority);
/// server.stop();
/// assert!(server.restart());
/// ```
#[derive(Debug)]
pub struct PostgresqlServer {
    // Ended before its folder goes.
    process: Option<Supervised>,
    port: Port,
    certificates: Certificates,
    programs: PathBuf,
    folder: TempDir,
}

impl PostgresqlServer {
    /// The password of its only user, `postgres`.
    pub const PASSWORD: &'static str = "word-that-nobody-may-see";

    /// The server that all tests of a program share; it ends with the program.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<PostgresqlServer> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Starts one. Panics if PostgreSQL is missing or doesn't start.
    pub fn start() -> Self {
        let programs = programs().expect("PostgreSQL's initdb: please install postgresql");
        let folder = TempDir::with_prefix("postgresql-").expect("a temporary folder");
        let certificates = Certificates::make(folder.path());
        let password = folder.path().join("password");
        fs::write(&password, Self::PASSWORD).expect("a file in our folder");
        let secret = fs::Permissions::from_mode(0o600);
        fs::set_permissions(&certificates.key, secret).expect("a file in our folder");
        give_away(folder.path()).expect("a folder of our own");
        let mut initdb = Command::new(programs.join("initdb"));
        initdb
            .args(["--no-sync", "--no-instructions", "--username=postgres"])
            .args(["--encoding=UTF8", "--locale=C.UTF-8"])
            .args(["--auth-host=scram-sha-256", "--auth-local=trust"])
            .arg(format!("--pwfile={}", password.display()))
            .arg("--pgdata")
            .arg(folder.path().join("data"))
            .stdout(Stdio::null());
        let made = as_owner(&mut initdb, folder.path()).and_then(Command::status);
        assert!(made.expect("initdb runs").success(), "initdb failed");
        let mut server = Self {
            process: None,
            port: Port::reserve(),
            certificates,
            programs,
            folder,
        };
        assert!(server.restart(), "postgres did not start");
        server
    }

    /// Ends the process at once; connections break and the port refuses.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts again on the same port, with the same data. False if it could not.
    pub fn restart(&mut self) -> bool {
        self.stop();
        let (folder, port) = (self.folder.path(), &self.port);
        let file = |path: &Path| path.display().to_string();
        let settings = [
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={port}"),
            format!("unix_socket_directories={}", file(folder)),
            "max_connections=300".to_owned(),
            "shared_buffers=16MB".to_owned(),
            "fsync=off".to_owned(),
            "full_page_writes=off".to_owned(),
            "ssl=on".to_owned(),
            format!("ssl_cert_file={}", file(&self.certificates.certificate)),
            format!("ssl_key_file={}", file(&self.certificates.key)),
        ];
        let data = folder.join("data");
        let mut arguments: Vec<&OsStr> = vec![OsStr::new("-D"), data.as_os_str()];
        for setting in &settings {
            arguments.extend([OsStr::new("-c"), OsStr::new(setting)]);
        }
        let program = self.programs.join("postgres");
        let ready = || {
            self.socket().exists()
                && TcpStream::connect(self.address()).is_ok()
                && self.ask("SELECT 1").is_ok()
        };
        let started = Supervised::start(folder, &program, &arguments, ready);
        self.process = started.ok();
        self.process.is_some()
    }

    /// Its TCP address.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// The folder of its socket.
    pub fn socket_folder(&self) -> &Path {
        self.folder.path()
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join(format!(".s.PGSQL.{}", self.port))
    }

    /// Its certificates.
    pub fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// Its URL at `address`, its own or a proxy's, with the password, without TLS.
    pub fn url_at(&self, address: SocketAddr) -> String {
        let password = Self::PASSWORD;
        format!("postgresql://postgres:{password}@{address}/postgres?sslmode=disable")
    }

    /// Its URL, with the password, without TLS.
    pub fn url(&self) -> String {
        self.url_at(self.address())
    }

    /// The answer to a statement, one line for each row; for looking behind a store's back.
    pub fn command(&self, sql: &str) -> String {
        self.ask(sql).expect("the statement works")
    }

    fn ask(&self, sql: &str) -> io::Result<String> {
        let output = Command::new(self.programs.join("psql"))
            .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-U", "postgres"])
            .arg("-h")
            .arg(self.folder.path())
            .args(["-p", &self.port.to_string(), "-c", sql, "postgres"])
            .output()?;
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(io::Error::other(why));
        }
        Ok(String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned())
    }
}

/// The newest of Debian's folders, which aren't in the search path.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<_> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|folder| folder.join("initdb").exists())
        .collect();
    versions.sort();
    versions.pop()
}
