//! mariadbd.

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

/// A MariaDB server with a database `sessions` and a user `app`: over TCP, with TLS for who asks for
/// it. It doesn't wait for the disk.
///
/// ```no_run
/// use flask_session_testkit::Proxy;
/// use flask_session_testkit::servers::MysqlServer;
///
/// let shared = MysqlServer::shared();
/// assert_eq!(shared.command("SELECT 1").trim(), "1");
/// let proxy = Proxy::before(shared.address());
/// println!("{} {}", shared.url(), shared.url_at(proxy.address()));
///
/// let mut server = MysqlServer::start(); // one to be stopped
/// println!("{:?} {:?}", server.socket(), server.certificates().authority);
/// server.stop();
/// assert!(server.restart());
/// ```
#[derive(Debug)]
pub struct MysqlServer {
    // Ended before its folder goes.
    process: Option<Supervised>,
    port: Port,
    certificates: Certificates,
    folder: TempDir,
}

impl MysqlServer {
    /// The password of the user `app`.
    pub const PASSWORD: &'static str = "word-that-nobody-may-see";

    /// The server that all tests of a program share; it ends with the program.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<MysqlServer> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Starts one. Panics if MariaDB is missing or doesn't start.
    pub fn start() -> Self {
        let folder = TempDir::with_prefix("mysql-").expect("a temporary folder");
        let certificates = Certificates::make(folder.path());
        let password = Self::PASSWORD;
        let users = format!(
            "CREATE DATABASE IF NOT EXISTS sessions;\n\
             CREATE USER IF NOT EXISTS app@'%' IDENTIFIED BY '{password}';\n\
             GRANT ALL ON sessions.* TO app@'%';\n"
        );
        let ours = "a file in our folder";
        fs::write(folder.path().join("users.sql"), users).expect(ours);
        let secret = fs::Permissions::from_mode(0o600);
        fs::set_permissions(&certificates.key, secret).expect(ours);
        give_away(folder.path()).expect("a folder of our own");
        let mut install = Command::new("mariadb-install-db");
        install
            .args(["--no-defaults", "--auth-root-authentication-method=normal"])
            .args(["--skip-test-db", "--skip-name-resolve"])
            .arg(format!(
                "--datadir={}",
                folder.path().join("data").display()
            ))
            // A server that starts removes what others have in the usual place.
            .arg(format!("--tmpdir={}", folder.path().display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let made = as_owner(&mut install, folder.path()).and_then(Command::status);
        let made = made.expect("mariadb-install-db: please install mariadb-server");
        assert!(made.success(), "mariadb-install-db failed");
        let mut server = Self {
            process: None,
            port: Port::reserve(),
            certificates,
            folder,
        };
        assert!(server.restart(), "mariadbd did not start");
        server
    }

    /// Ends the process at once; connections break and the port refuses.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts again on the same port, with the same data. False if it could not.
    pub fn restart(&mut self) -> bool {
        self.stop();
        let _ = fs::remove_file(self.socket());
        let folder = self.folder.path();
        let in_folder = |name: &str| folder.join(name).display().to_string();
        let file = |path: &Path| path.display().to_string();
        let settings = [
            "--no-defaults".to_owned(),
            format!("--datadir={}", in_folder("data")),
            format!("--tmpdir={}", file(folder)),
            format!("--socket={}", file(&self.socket())),
            format!("--pid-file={}", in_folder("pid")),
            format!("--init-file={}", in_folder("users.sql")),
            format!("--port={}", self.port),
            "--bind-address=127.0.0.1".to_owned(),
            "--skip-name-resolve".to_owned(),
            "--skip-log-bin".to_owned(),
            "--max-connections=300".to_owned(),
            "--innodb-buffer-pool-size=32M".to_owned(),
            // Written at each commit, for the system to keep; not waited for.
            "--innodb-flush-log-at-trx-commit=2".to_owned(),
            "--innodb-doublewrite=0".to_owned(),
            format!("--ssl-cert={}", file(&self.certificates.certificate)),
            format!("--ssl-key={}", file(&self.certificates.key)),
        ];
        let arguments: Vec<&OsStr> = settings.iter().map(OsStr::new).collect();
        let ready = || TcpStream::connect(self.address()).is_ok() && self.ask("SELECT 1").is_ok();
        let started = Supervised::start(folder, Path::new("mariadbd"), &arguments, ready);
        self.process = started.ok();
        self.process.is_some()
    }

    /// Its TCP address.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Its Unix socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// Its certificates.
    pub fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// Its URL at `address`, its own or a proxy's, with the password.
    pub fn url_at(&self, address: SocketAddr) -> String {
        format!("mysql://app:{}@{address}/sessions", Self::PASSWORD)
    }

    /// Its URL, with the password.
    pub fn url(&self) -> String {
        self.url_at(self.address())
    }

    /// The answer to a statement, one line for each row; for looking behind a store's back.
    pub fn command(&self, sql: &str) -> String {
        self.ask(sql).expect("the statement works")
    }

    fn ask(&self, sql: &str) -> io::Result<String> {
        let output = Command::new("mariadb")
            .args([
                "--no-defaults",
                "-N",
                "-B",
                "-u",
                "root",
                "--default-character-set=utf8mb4",
            ])
            .arg("-S")
            .arg(self.socket())
            .args(["-e", sql, "sessions"])
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
