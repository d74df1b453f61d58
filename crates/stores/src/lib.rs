#![doc = include_str!("../README.md")]

#[cfg(all(feature = "filesystem", unix))]
pub mod filesystem;
#[cfg(all(feature = "memcached", unix))]
pub mod memcached;
#[cfg(feature = "mongodb")]
pub mod mongodb;
#[cfg(feature = "mysql")]
pub mod mysql;
#[cfg(feature = "postgresql")]
pub mod postgresql;
#[cfg(all(feature = "redis", unix))]
pub mod redis;
#[cfg(all(feature = "redis", unix))]
mod redis_cluster;
#[cfg(all(feature = "redis", unix))]
mod redis_sentinel;
#[cfg(feature = "sqlite")]
pub mod sqlite;

#[cfg(feature = "async")]
mod hosting;
mod settings;
#[cfg(any(feature = "mysql", feature = "postgresql", feature = "sqlite"))]
mod sql;
#[cfg(any(
    feature = "mysql",
    feature = "postgresql",
    all(feature = "redis", unix)
))]
mod tls;
#[cfg(all(any(feature = "redis", feature = "memcached"), unix))]
mod transport;

use std::sync::Arc;

use flask_session_core::{Drive, Error, ErrorKind, Open, Result, Store, blocking};

#[cfg(feature = "async")]
pub use hosting::{asynchronous, open_async};
pub use settings::{Setting, Settings};

/// How a backend is found and opened.
///
/// ```
/// use flask_session_core::{Open, Result};
/// use flask_session_stores::{BACKENDS, Backend, Host, Hosting, Settings};
///
/// /// What `open` does, for a host that calls the stores in its own way.
/// fn opener(settings: Settings) -> Option<Result<Open>> {
///     let known = |backend: &&Backend| backend.schemes.contains(&settings.scheme());
///     let backend = BACKENDS.iter().find(known)?;
///     assert!(backend.hosting == Hosting::Native || backend.hosting == Hosting::Threads);
///     Some((backend.open)(settings, Host::Blocking))
/// }
/// assert!(opener(Settings::new("gopher://shop")).is_none());
/// ```
#[derive(Debug)]
pub struct Backend {
    /// Its name, as `SESSION_TYPE` says it.
    pub name: &'static str,
    /// What its URLs begin with.
    pub schemes: &'static [&'static str],
    /// How its futures move under a blocking host.
    pub drive: Drive,
    /// How its futures move under an async host.
    pub hosting: Hosting,
    /// Checks the settings and says how to open the store for such a host; connects at its first
    /// operation.
    pub open: fn(Settings, Host) -> Result<Open>,
}

/// Who a store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// Threads that may block.
    Blocking,
    /// An async service on tokio.
    #[cfg(feature = "async")]
    Async,
}

/// How a backend's futures move under an async host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hosting {
    /// On the host's runtime: its driver is async, or its sockets are while the host is.
    Native,
    /// It waits for disks: on threads of the host's runtime that may block.
    Threads,
}

/// The backends of this build.
pub const BACKENDS: &[Backend] = &[
    #[cfg(all(feature = "filesystem", unix))]
    filesystem::BACKEND,
    #[cfg(all(feature = "memcached", unix))]
    memcached::BACKEND,
    #[cfg(feature = "mongodb")]
    mongodb::BACKEND,
    #[cfg(feature = "mysql")]
    mysql::BACKEND,
    #[cfg(feature = "postgresql")]
    postgresql::BACKEND,
    #[cfg(all(feature = "redis", unix))]
    redis::BACKEND,
    #[cfg(all(feature = "redis", unix))]
    redis_cluster::BACKEND,
    #[cfg(all(feature = "redis", unix))]
    redis_sentinel::BACKEND,
    #[cfg(feature = "sqlite")]
    sqlite::BACKEND,
];

/// Opens the store at a URL for threads that may block. Connects at the first operation; fails for
/// a setting that can't be right, and on a thread of tokio's runtime, where it must be
/// `open_async`.
pub fn open(settings: Settings) -> Result<(&'static Backend, Arc<dyn Store>)> {
    #[cfg(feature = "async")]
    if hosting::on_a_runtime() {
        return Err(Error::new(
            ErrorKind::Unexpected,
            "a store for threads that may block was asked for on a runtime's thread",
        ));
    }
    let backend = find(&settings)?;
    let store = blocking(backend.drive, (backend.open)(settings, Host::Blocking)?)?;
    Ok((backend, store))
}

/// The backend of the settings' URL.
fn find(settings: &Settings) -> Result<&'static Backend> {
    let scheme = settings.scheme();
    let found = BACKENDS
        .iter()
        .find(|backend| backend.schemes.contains(&scheme));
    found.ok_or_else(|| {
        let known: Vec<_> = BACKENDS
            .iter()
            .flat_map(|backend| backend.schemes)
            .copied()
            .collect();
        Error::new(
            ErrorKind::Misconfigured,
            format!(
                "no store has URLs of this kind; they begin with one of: {}",
                known.join(", ")
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_of_no_kind_is_an_error_that_lists_the_kinds_and_not_the_url() {
        let error = open(Settings::new("http://user:secret@host")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert!(!error.to_string().contains("secret"));
    }

    #[test]
    fn every_scheme_leads_to_one_backend() {
        let mut schemes: Vec<_> = BACKENDS
            .iter()
            .flat_map(|backend| backend.schemes)
            .collect();
        let all = schemes.len();
        schemes.sort_unstable();
        schemes.dedup();
        assert_eq!(schemes.len(), all);
    }
}
