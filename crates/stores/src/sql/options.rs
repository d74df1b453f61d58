//! How a database server is reached.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use flask_session_core::Result;
use url::Url;

use super::storage::{DEFAULT_LIMIT, Storage, decoded, limit, misconfigured, printable, seconds};
use crate::Settings;
use crate::tls::TlsOptions;

/// Where the server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    Host(String),
    /// A socket, or the folder that holds it.
    Unix(PathBuf),
}

/// Whether a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encryption {
    Off,
    #[cfg_attr(
        not(any(feature = "mysql", feature = "postgresql")),
        allow(dead_code, reason = "where there is no server")
    )]
    Preferred,
    Required,
}

/// What differs between the databases' URLs.
pub(crate) struct Words {
    /// The backend's name.
    pub(crate) name: &'static str,
    pub(crate) port: u16,
    pub(crate) encryption: Encryption,
    /// Reads a setting after the question mark; false if it isn't known.
    pub(crate) set: fn(&mut SqlOptions, &str, &str) -> Result<bool>,
}

/// A URL and the options beside it, read.
#[derive(Clone)]
pub(crate) struct SqlOptions {
    pub(crate) address: Address,
    pub(crate) port: u16,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) database: Option<String>,
    /// PostgreSQL's command-line options for the session.
    #[cfg_attr(
        not(feature = "postgresql"),
        allow(dead_code, reason = "PostgreSQL's words")
    )]
    pub(crate) session_options: Option<String>,
    #[cfg_attr(
        not(feature = "postgresql"),
        allow(dead_code, reason = "PostgreSQL's words")
    )]
    pub(crate) application_name: Option<String>,
    pub(crate) encryption: Encryption,
    pub(crate) tls: TlsOptions,
    pub(crate) connect_timeout: Duration,
    pub(crate) storage: Storage,
}

impl SqlOptions {
    /// Reads the URL, then the options, which win. Fails for what can't be right.
    pub(crate) fn read(mut settings: Settings, words: &Words) -> Result<Self> {
        let storage = Storage::take(&mut settings)?;
        let mut options = Self::parse(settings.url(), storage, words)?;
        if let Some(username) = settings.text("username")? {
            options.username = Some(username);
        }
        if let Some(password) = settings.text("password")? {
            options.password = Some(password);
        }
        if let Some(timeout) = settings.seconds("connect_timeout")? {
            options.connect_timeout = timeout;
        }
        if let Some(path) = settings.path("ca_file")? {
            options.trust(path);
        }
        if let Some(path) = settings.path("cert_file")? {
            options.tls.cert_file = Some(path);
        }
        if let Some(path) = settings.path("key_file")? {
            options.tls.key_file = Some(path);
        }
        if let Some(verify) = settings.flag("verify")? {
            options.tls.verify = verify;
            options.encryption = Encryption::Required;
        }
        if let Some(verify) = settings.flag("verify_hostname")? {
            options.tls.verify_hostname = verify;
        }
        settings.finish()?;
        limit("connect_timeout", options.connect_timeout)?;
        if options.tls.key_file.is_some() && options.tls.cert_file.is_none() {
            return Err(misconfigured("a key file is named, but no certificate"));
        }
        Ok(options)
    }

    fn parse(text: &str, storage: Storage, words: &Words) -> Result<Self> {
        // Never quote the URL, nor the parser's words: it may hold a password.
        let broken = || {
            misconfigured(
                "the database's URL can't be read; percent-encode what is special in its password",
            )
        };
        // The parser refuses a user without a host.
        let named = text.replacen("@/", "@localhost/", 1);
        let url = Url::parse(&named).map_err(|_| broken())?;
        if url.fragment().is_some() || !text.contains("://") {
            return Err(broken());
        }
        let host = decoded(url.host_str().unwrap_or_default())?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let mut options = Self {
            address: Address::Host(if host.is_empty() { "localhost" } else { host }.to_owned()),
            port: url.port().unwrap_or(words.port),
            username: None,
            password: None,
            database: None,
            session_options: None,
            application_name: None,
            encryption: words.encryption,
            tls: TlsOptions {
                verify: false,
                ..TlsOptions::default()
            },
            connect_timeout: DEFAULT_LIMIT,
            storage,
        };
        if host.starts_with('/') {
            options.address = Address::Unix(host.into());
        }
        if !url.username().is_empty() {
            options.username = Some(decoded(url.username())?);
        }
        if let Some(password) = url.password() {
            options.password = Some(decoded(password)?);
        }
        let database = decoded(url.path().trim_start_matches('/'))?;
        if !database.is_empty() {
            options.database = Some(database);
        }
        for (name, value) in url.query_pairs() {
            if !options.set(&name, &value)? && !(words.set)(&mut options, &name, &value)? {
                let (store, name) = (words.name, printable(&name));
                return Err(misconfigured(format!(
                    "the {store} URL has a setting that isn't known here: {name}"
                )));
            }
        }
        Ok(options)
    }

    /// What every database's URL may say.
    fn set(&mut self, name: &str, value: &str) -> Result<bool> {
        match name {
            "port" => {
                let number = value.parse();
                self.port = number.map_err(|_| misconfigured("the port must be a number"))?;
            }
            "user" | "username" => self.username = Some(value.to_owned()),
            "password" | "passwd" => self.password = Some(value.to_owned()),
            "timeout" => self.storage.timeout = limit(name, seconds(name, value)?)?,
            // Of libpq: 0 is the default.
            "connect_timeout" if value != "0" => self.connect_timeout = seconds(name, value)?,
            "connect_timeout" => {}
            "ca_file" => self.trust(value.into()),
            "cert_file" => self.tls.cert_file = Some(value.into()),
            "key_file" => self.tls.key_file = Some(value.into()),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Insists on TLS, and on a certificate of these authorities for the right host.
    pub(crate) fn trust(&mut self, authorities: PathBuf) {
        self.tls.ca_file = Some(authorities);
        self.tls.verify = true;
        self.encryption = Encryption::Required;
    }

    /// Moves to the host or socket that a setting names.
    pub(crate) fn move_to(&mut self, host: &str) {
        if host.starts_with('/') {
            self.address = Address::Unix(host.into());
        } else if !host.is_empty() {
            self.address = Address::Host(host.to_owned());
        }
    }
}

impl fmt::Debug for SqlOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlOptions")
            .field("address", &self.address)
            .field("port", &self.port)
            .field("has_password", &self.password.is_some())
            .field("encryption", &self.encryption)
            .field("storage", &self.storage)
            .finish_non_exhaustive()
    }
}
