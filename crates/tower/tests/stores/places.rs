//! The native stores, each where its server can be made to stall.

use std::any::Any;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flask_session_core::Store;
use flask_session_stores::{Setting, Settings, open_async};
use flask_session_testkit::servers::{
    MemcachedServer, MongoServer, MysqlServer, PostgresqlServer, RedisServer,
};
use flask_session_testkit::{Network, PATIENCE, Proxy, wait_until};
use tempfile::TempDir;

/// A place for sessions, and another one that never stalls.
pub(crate) struct Place {
    url: String,
    calm: String,
    stalls: Stalls,
    _kept: Vec<Box<dyn Any + Send>>,
}

enum Stalls {
    /// The way to its server.
    Network(Proxy),
    /// Somebody holds every lock in this folder.
    Locks(PathBuf),
    /// Somebody writes to this database.
    Database(PathBuf),
}

/// Ends when it is dropped.
pub(crate) struct Stall<'a> {
    proxy: Option<&'a Proxy>,
    _held: Vec<Box<dyn Any + Send>>,
}

impl Drop for Stall<'_> {
    fn drop(&mut self) {
        if let Some(proxy) = self.proxy {
            proxy.becomes(Network::Open);
        }
    }
}

impl Place {
    fn behind(server: SocketAddr, url: impl Fn(SocketAddr) -> String) -> Self {
        let proxy = Proxy::before(server);
        Self {
            url: url(proxy.address()),
            calm: url(server),
            stalls: Stalls::Network(proxy),
            _kept: Vec::new(),
        }
    }

    fn keeping(self, kept: impl Any + Send) -> Self {
        Self {
            _kept: vec![Box::new(kept)],
            ..self
        }
    }

    pub(crate) fn redis() -> Self {
        let server = RedisServer::start();
        let url = |at| format!("redis://{at}/0");
        Self::behind(server.address(), url).keeping(server)
    }

    pub(crate) fn memcached() -> Self {
        let server = MemcachedServer::start();
        let url = |at| format!("memcached://{at}");
        Self::behind(server.address(), url).keeping(server)
    }

    pub(crate) fn postgresql() -> Self {
        let server = PostgresqlServer::shared();
        Self::behind(server.address(), |at| server.url_at(at))
    }

    pub(crate) fn mysql() -> Self {
        let server = MysqlServer::shared();
        Self::behind(server.address(), |at| server.url_at(at))
    }

    pub(crate) fn mongodb() -> Self {
        let server = MongoServer::shared();
        let url = |at: SocketAddr| format!("mongodb://{at}/sessions?directConnection=true");
        Self::behind(server.address(), url)
    }

    pub(crate) fn filesystem() -> Self {
        let folder = TempDir::new().unwrap();
        let path = |name| folder.path().join(name);
        Self {
            url: format!("file:{}", path("stalled").display()),
            calm: format!("file:{}", path("calm").display()),
            stalls: Stalls::Locks(path("stalled")),
            _kept: vec![Box::new(folder)],
        }
    }

    pub(crate) fn sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let path = |name| folder.path().join(name);
        Self {
            url: format!("sqlite:///{}", path("stalled.db").display()),
            calm: format!("sqlite:///{}", path("calm.db").display()),
            stalls: Stalls::Database(path("stalled.db")),
            _kept: vec![Box::new(folder)],
        }
    }

    /// A store that stalls when it is told to.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        opened(&self.url)
    }

    /// One that goes on.
    pub(crate) fn calm(&self) -> Arc<dyn Store> {
        opened(&self.calm)
    }

    /// From now on the store isn't answered. A server still does what it is asked for if `late`.
    pub(crate) fn stall(&self, late: bool) -> Stall<'_> {
        match &self.stalls {
            Stalls::Network(proxy) => {
                proxy.becomes(if late {
                    Network::HangsAfterSending
                } else {
                    Network::HangsBeforeSending
                });
                Stall {
                    proxy: Some(proxy),
                    _held: Vec::new(),
                }
            }
            Stalls::Locks(folder) => Stall {
                proxy: None,
                _held: locked(folder),
            },
            Stalls::Database(file) => {
                let writer = rusqlite::Connection::open(file).unwrap();
                wait_until("the database is locked", || {
                    writer.execute_batch("BEGIN EXCLUSIVE").is_ok()
                });
                Stall {
                    proxy: None,
                    _held: vec![Box::new(writer)],
                }
            }
        }
    }
}

fn opened(url: &str) -> Arc<dyn Store> {
    let patience = Setting::Number(PATIENCE.as_secs_f64());
    let mut settings = Settings::new(url);
    if !url.starts_with("file:") {
        settings = settings.with("timeout", patience);
    }
    open_async(settings).expect("legal settings").1
}

/// Holds the locks of all shards that are there.
fn locked(folder: &Path) -> Vec<Box<dyn Any + Send>> {
    let mut held: Vec<Box<dyn Any + Send>> = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name == "lock") {
                let file = File::open(path).unwrap();
                file.lock().unwrap();
                held.push(Box::new(file));
            }
        }
    }
    assert!(!held.is_empty(), "no session was stored");
    held
}
