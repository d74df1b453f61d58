//! How a memcached is reached.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use flask_session_core::{Error, ErrorKind, Result};
use percent_encoding::percent_decode_str;
use url::Url;

use crate::Settings;
use crate::transport::Endpoint;

/// What a URL may begin with.
pub(super) const SCHEMES: &[&str] = &["memcached", "memcached+unix"];

/// The setting that configures this store.
pub(super) const SETTING: &str = "SESSION_MEMCACHED";

const PORT: u16 = 11211;

/// How one memcached is reached, read from a URL and then refined. Checked when a store is made
/// of it.
///
/// ```
/// use std::time::Duration;
///
/// use flask_session_stores::memcached::{MemcachedOptions, MemcachedStore};
///
/// let options = MemcachedOptions::from_url("memcached://127.0.0.1:11211")?
///     .timeout(Duration::from_secs(2))
///     .connect_timeout(Duration::from_secs(1))
///     .pool_size(8);
/// let store = MemcachedStore::blocking(options)?; // connects at its first operation
/// # Ok::<(), flask_session_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct MemcachedOptions {
    pub(super) endpoint: Endpoint,
    pub(super) timeout: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) pool_size: usize,
}

impl MemcachedOptions {
    /// Reads `memcached://host:port` or `memcached+unix:///path`. Host and port may be missing:
    /// `127.0.0.1`, 11211. `timeout`, `connect_timeout` (seconds) and `pool_size` may follow a
    /// `?`. An error is Misconfigured and names `SESSION_MEMCACHED`.
    pub fn from_url(text: &str) -> Result<Self> {
        // Never quote the URL: it may hold a password, though there is no use for one.
        let url = Url::parse(text)
            .map_err(|_| misconfigured("it is no URL; write memcached://host:port"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(misconfigured(
                "its URL has a user or a password; a server that wants one is reached through a \
                 Python client object",
            ));
        }
        let endpoint = match url.scheme() {
            "memcached" if url.path().trim_matches('/').is_empty() => tcp(&url)?,
            "memcached+unix" if url.host_str().is_none_or(str::is_empty) => unix(&url)?,
            _ => {
                return Err(misconfigured(
                    "its URL must be memcached://host:port or memcached+unix:///path/to/socket",
                ));
            }
        };
        let mut options = Self {
            endpoint,
            timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            pool_size: 64,
        };
        for (name, value) in url.query_pairs() {
            match &*name {
                "timeout" => options.timeout = seconds(&name, &value)?,
                "connect_timeout" => options.connect_timeout = seconds(&name, &value)?,
                "pool_size" => {
                    let size = value.parse();
                    options.pool_size =
                        size.map_err(|_| misconfigured("pool_size in its URL must be a number"))?;
                }
                _ => {
                    return Err(misconfigured(
                        "its URL may say timeout, connect_timeout and pool_size only",
                    ));
                }
            }
        }
        Ok(options)
    }

    /// Reads the URL and the options beside it. Fails for what can't be right.
    pub(super) fn read(mut settings: Settings) -> Result<Self> {
        let mut options = Self::from_url(settings.url())?;
        if let Some(timeout) = settings.seconds("timeout")? {
            options.timeout = timeout;
        }
        if let Some(timeout) = settings.seconds("connect_timeout")? {
            options.connect_timeout = timeout;
        }
        if let Some(size) = settings.count("pool_size")? {
            options.pool_size = usize::try_from(size).unwrap_or(usize::MAX);
        }
        settings.finish()?;
        options.check()?;
        Ok(options)
    }

    /// How long an operation may take as a whole, retries and connecting included. Default 5 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long opening a connection may take, within the operation's time. Looking up the host's
    /// name isn't limited. Default 5 s.
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

    /// Fails if a setting can't be right.
    pub(super) fn check(&self) -> Result<()> {
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
        Ok(())
    }
}

/// An error in what the user configured.
fn misconfigured(detail: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Misconfigured, format!("{SETTING}: {detail}"))
}

fn tcp(url: &Url) -> Result<Endpoint> {
    let host = decoded(url.host_str().unwrap_or_default())?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let host = if host.is_empty() { "127.0.0.1" } else { host };
    Ok(Endpoint::Tcp(host.to_owned(), url.port().unwrap_or(PORT)))
}

fn unix(url: &Url) -> Result<Endpoint> {
    let path = decoded(url.path())?;
    if path.len() < 2 {
        return Err(misconfigured(
            "its URL names no socket; write memcached+unix:///path/to/socket",
        ));
    }
    Ok(Endpoint::Unix(PathBuf::from(path)))
}

fn decoded(text: &str) -> Result<String> {
    percent_decode_str(text)
        .decode_utf8()
        .map(Into::into)
        .map_err(|_| misconfigured("its URL isn't UTF-8"))
}

fn seconds(name: &str, value: &str) -> Result<Duration> {
    let seconds = value.parse::<f64>().ok();
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| misconfigured(format!("{name} in its URL must be a number of seconds")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str) -> Endpoint {
        MemcachedOptions::from_url(url).unwrap().endpoint
    }

    fn tcp(host: &str, port: u16) -> Endpoint {
        Endpoint::Tcp(host.to_owned(), port)
    }

    #[test]
    fn what_is_missing_is_the_local_default() {
        assert_eq!(endpoint("memcached://"), tcp("127.0.0.1", 11211));
        assert_eq!(endpoint("memcached://cache/"), tcp("cache", 11211));
        assert_eq!(endpoint("memcached://[::1]:7"), tcp("::1", 7));
    }

    #[test]
    fn a_unix_socket_is_a_path() {
        let path = Endpoint::Unix("/run/my cache.sock".into());
        assert_eq!(endpoint("memcached+unix:///run/my%20cache.sock"), path);
    }

    #[test]
    fn settings_may_follow_a_question_mark() {
        let url = "memcached://h?timeout=0.5&connect_timeout=2&pool_size=7";
        let options = MemcachedOptions::from_url(url).unwrap();
        assert_eq!(options.timeout, Duration::from_millis(500));
        assert_eq!(options.connect_timeout, Duration::from_secs(2));
        assert_eq!(options.pool_size, 7);
    }

    #[test]
    fn what_cannot_be_right_is_misconfigured_and_quotes_no_password() {
        for url in [
            "",
            "127.0.0.1:11211",
            "memcached://user:hidden@h",
            "memcached://h/0",
            "memcached://h:port",
            "memcached+unix://",
            "memcached+unix://host/path",
            "memcached://h?hidden=1",
            "memcached://h?timeout=soon",
        ] {
            let error = MemcachedOptions::from_url(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Misconfigured, "{url}");
            let text = format!("{error} {error:?}");
            assert!(text.contains(SETTING) && !text.contains("hidden"), "{text}");
        }
    }
}
