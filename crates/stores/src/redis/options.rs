//! How a Redis is reached.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use flask_session_core::{Error, ErrorKind, Result};
use rustls::ClientConfig;

use super::url;
use crate::Settings;
use crate::tls::{self, TlsOptions};

/// How a Redis is reached, read from a URL and then refined. Checked when a store is made of it.
///
/// ```
/// use std::time::Duration;
///
/// use flask_session_stores::redis::{RedisOptions, RedisStore};
///
/// let options = RedisOptions::from_url("rediss://localhost:6379")?
///     .username("sessions")
///     .password("read from where secrets are kept")
///     .database(1)
///     .client_name("shop")
///     .timeout(Duration::from_secs(2))
///     .connect_timeout(Duration::from_secs(1))
///     .pool_size(8)
///     .verify(true)
///     .verify_hostname(true);
/// assert!(!format!("{options:?}").contains("secrets"));
/// let store = RedisStore::blocking(options.clone())?; // connects at its first operation
///
/// let with_files = options.ca_file("ca.pem").cert_file("app.pem").key_file("app.key");
/// assert!(RedisStore::blocking(with_files).is_err(), "there are no such files here");
/// # Ok::<(), flask_session_core::Error>(())
/// ```
#[derive(Clone)]
pub struct RedisOptions {
    pub(crate) address: Address,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) database: u32,
    pub(crate) client_name: Option<String>,
    pub(crate) timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) pool_size: usize,
    pub(crate) tls: TlsOptions,
}

/// Where the server is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Address {
    Tcp { host: String, port: u16, tls: bool },
    Unix(PathBuf),
}

impl Address {
    /// Whether the server speaks TLS.
    pub(crate) fn is_secure(&self) -> bool {
        matches!(self, Self::Tcp { tls: true, .. })
    }

    /// The same server, with or without TLS.
    pub(crate) fn secure(mut self, secure: bool) -> Self {
        if let Self::Tcp { tls, .. } = &mut self {
            *tls = secure;
        }
        self
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port, .. } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port, .. } => write!(f, "{host}:{port}"),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}

impl RedisOptions {
    /// Reads `redis://user:password@host:port/db`, `rediss://` (TLS), `valkey://`, `valkeys://`,
    /// `unix:///path?db=0` or `redis+unix://`. Host, port, user, password and database may be
    /// missing: `127.0.0.1`, 6379, none, none, 0. What URLs of redis-py may say after `?` is
    /// understood. An error is Misconfigured and names `SESSION_REDIS`.
    pub fn from_url(url: &str) -> Result<Self> {
        url::parse(url)
    }

    /// Takes the options beside the URL. Fails for what can't be right.
    pub(crate) fn refined(self, mut settings: Settings) -> Result<Self> {
        let mut options = self;
        options = with(options, settings.text("username")?, Self::username);
        options = with(options, settings.text("password")?, Self::password);
        options = with(options, settings.text("client_name")?, Self::client_name);
        options = with(options, settings.seconds("timeout")?, Self::timeout);
        options = with(
            options,
            settings.seconds("connect_timeout")?,
            Self::connect_timeout,
        );
        options = with(options, settings.path("ca_file")?, Self::ca_file);
        options = with(options, settings.path("cert_file")?, Self::cert_file);
        options = with(options, settings.path("key_file")?, Self::key_file);
        options = with(options, settings.flag("verify")?, Self::verify);
        options = with(
            options,
            settings.flag("verify_hostname")?,
            Self::verify_hostname,
        );
        if let Some(size) = settings.count("pool_size")? {
            options.pool_size = usize::try_from(size).unwrap_or(usize::MAX);
        }
        settings.finish()?;
        options.check()?;
        Ok(options)
    }

    pub(crate) fn new(address: Address) -> Self {
        Self {
            address,
            username: None,
            password: None,
            database: 0,
            client_name: None,
            timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            pool_size: 64,
            tls: TlsOptions::default(),
        }
    }

    /// The ACL user; without one, a password is that of the default user. One without a password
    /// logs in with an empty one.
    #[must_use]
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// The password.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// The database number.
    #[must_use]
    pub fn database(mut self, database: u32) -> Self {
        self.database = database;
        self
    }

    /// What CLIENT LIST shows as a connection's name: printable ASCII without spaces.
    #[must_use]
    pub fn client_name(mut self, name: impl Into<String>) -> Self {
        self.client_name = Some(name.into());
        self
    }

    /// How long an operation may take as a whole, retries and connecting included. Default 5 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long opening a connection may take, TLS and log-in included, within the operation's
    /// time. Looking up the host's name isn't limited. Default 5 s.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How many idle connections are kept. More are opened if more threads need one at once, and
    /// closed after use. Default 64.
    #[must_use]
    pub fn pool_size(mut self, size: usize) -> Self {
        self.pool_size = size;
        self
    }

    /// A PEM file with the authorities to trust instead of the system's.
    #[must_use]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.tls.ca_file = Some(path.into());
        self
    }

    /// A PEM file with our certificate, for servers that ask for one, and its authorities.
    #[must_use]
    pub fn cert_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.tls.cert_file = Some(path.into());
        self
    }

    /// A PEM file with our certificate's private key; if it isn't in the certificate's file.
    #[must_use]
    pub fn key_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.tls.key_file = Some(path.into());
        self
    }

    /// Whether the server must prove who it is. Off, anybody between can read every session.
    #[must_use]
    pub fn verify(mut self, verify: bool) -> Self {
        self.tls.verify = verify;
        self
    }

    /// Whether the server's certificate must be for the host that was asked for.
    #[must_use]
    pub fn verify_hostname(mut self, verify: bool) -> Self {
        self.tls.verify_hostname = verify;
        self
    }

    /// The user and the password to log in with, if any.
    pub(crate) fn credentials(&self) -> Option<(Option<&str>, &str)> {
        match (&self.username, &self.password) {
            (None, None) => None,
            (username, password) => {
                Some((username.as_deref(), password.as_deref().unwrap_or_default()))
            }
        }
    }

    /// How its connections are secured, if they are. Fails if a setting can't be right, or a file
    /// that it names can't be read.
    pub(crate) fn check(&self) -> Result<Option<Arc<ClientConfig>>> {
        for (name, duration) in [
            ("timeout", self.timeout),
            ("connect_timeout", self.connect_timeout),
        ] {
            if duration.is_zero() || duration > Duration::from_secs(86_400) {
                return Err(misconfigured(format!(
                    "its {name} must be more than 0 and at most a day"
                )));
            }
        }
        let legal = |name: &String| name.bytes().all(|byte| byte.is_ascii_graphic());
        if !self.client_name.as_ref().is_none_or(legal) {
            return Err(misconfigured(
                "its client name may hold printable ASCII only, without spaces",
            ));
        }
        let names_files = self.tls.ca_file.is_some() || self.tls.cert_file.is_some();
        let speaks_tls = self.address.is_secure();
        if names_files && !speaks_tls {
            return Err(misconfigured(
                "it names certificates, but its URL isn't rediss://",
            ));
        }
        if self.tls.key_file.is_some() && self.tls.cert_file.is_none() {
            return Err(misconfigured("it names a key file, but no certificate"));
        }
        let tls = speaks_tls.then(|| tls::configure(&self.tls, misconfigured));
        tls.transpose()
    }
}

/// The setting that configures this store.
pub(crate) const SETTING: &str = "SESSION_REDIS";

/// An error in what the user configured.
pub(crate) fn misconfigured(detail: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Misconfigured, format!("{SETTING}: {detail}"))
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions")
            .field("address", &self.address)
            .field("database", &self.database)
            .field("has_password", &self.password.is_some())
            .field("timeout", &self.timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("pool_size", &self.pool_size)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}
/// Sets what was given.
fn with<V>(
    options: RedisOptions,
    value: Option<V>,
    set: impl FnOnce(RedisOptions, V) -> RedisOptions,
) -> RedisOptions {
    match value {
        Some(value) => set(options, value),
        None => options,
    }
}
