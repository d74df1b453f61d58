//! `Store`: a native store under a blocking host.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use flask_session_core::{
    Base, Cursor, Deleted, Drive, Expect, Guarantee, Key, MemoryStore, Refresh, Result,
    Store as Backend, drive, perform,
};
use flask_session_stores::filesystem;
use flask_session_stores::redis::{RedisOptions, RedisStore};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::codec_class::Codec;
use crate::commit::Commit;
use crate::error::raise;
use crate::record::{Record, Stored};
use crate::seconds;

/// See `_core.pyi`.
#[pyclass(frozen, module = "flask_session._core")]
#[derive(Debug)]
pub(crate) struct Store {
    backend: Arc<dyn Backend>,
    name: &'static str,
    drive: Drive,
}

impl Store {
    /// Runs one operation with the interpreter released.
    fn run<T: Send>(
        &self,
        py: Python<'_>,
        operation: impl Future<Output = Result<T>> + Send,
    ) -> PyResult<T> {
        py.detach(|| drive(self.drive, operation)).map_err(raise)
    }
}

#[pymethods]
impl Store {
    #[staticmethod]
    fn memory() -> Self {
        Self {
            backend: Arc::new(MemoryStore::new()),
            name: "memory",
            drive: Drive::Inline,
        }
    }

    #[staticmethod]
    #[pyo3(signature = (directory, *, threshold=500, cap=false, mode=0o600, fsync=false))]
    fn filesystem(directory: PathBuf, threshold: usize, cap: bool, mode: u32, fsync: bool) -> Self {
        let options = filesystem::Options {
            threshold,
            cap,
            mode,
            fsync,
            ..filesystem::Options::new(directory)
        };
        let backend = Arc::new(filesystem::FilesystemStore::new(options));
        Self {
            backend,
            name: "filesystem",
            drive: Drive::Inline,
        }
    }

    #[staticmethod]
    #[pyo3(signature = (
        url, *, username=None, password=None, client_name=None, timeout=None, connect_timeout=None,
        pool_size=None, ca_file=None, cert_file=None, key_file=None, verify=None, verify_hostname=None
    ))]
    #[expect(
        clippy::too_many_arguments,
        reason = "the contract of _core.pyi, by keyword"
    )]
    fn redis(
        url: &str,
        username: Option<String>,
        password: Option<String>,
        client_name: Option<String>,
        timeout: Option<f64>,
        connect_timeout: Option<f64>,
        pool_size: Option<usize>,
        ca_file: Option<PathBuf>,
        cert_file: Option<PathBuf>,
        key_file: Option<PathBuf>,
        verify: Option<bool>,
        verify_hostname: Option<bool>,
    ) -> PyResult<Self> {
        let (timeout, connect_timeout) = (
            timeout.map(seconds).transpose()?,
            connect_timeout.map(seconds).transpose()?,
        );
        let mut options = RedisOptions::from_url(url).map_err(raise)?;
        options = with(options, timeout, RedisOptions::timeout);
        options = with(options, connect_timeout, RedisOptions::connect_timeout);
        options = with(options, pool_size, RedisOptions::pool_size);
        options = with(options, verify, RedisOptions::verify);
        options = with(options, verify_hostname, RedisOptions::verify_hostname);
        options = with(options, username, RedisOptions::username);
        options = with(options, password, RedisOptions::password);
        options = with(options, client_name, RedisOptions::client_name);
        options = with(options, ca_file, RedisOptions::ca_file);
        options = with(options, cert_file, RedisOptions::cert_file);
        options = with(options, key_file, RedisOptions::key_file);
        let backend = RedisStore::blocking(options).map_err(raise)?;
        Ok(Self {
            backend: Arc::new(backend),
            name: "redis",
            drive: RedisStore::DRIVE,
        })
    }

    #[getter]
    fn name(&self) -> &'static str {
        self.name
    }

    #[getter]
    fn guarantee(&self) -> &'static str {
        match self.backend.capability().guarantee {
            Guarantee::Merge => "merge",
            Guarantee::Overwrite => "overwrite",
        }
    }

    #[getter]
    fn expires(&self) -> bool {
        self.backend.capability().expires
    }

    #[pyo3(signature = (codec, key, refresh=None))]
    fn load(
        &self,
        py: Python<'_>,
        codec: &Codec,
        key: &str,
        refresh: Option<f64>,
    ) -> PyResult<Option<Record>> {
        let key = Key::from_text(key);
        let refresh = refresh
            .map(|ttl| seconds(ttl).map(|ttl| Refresh { ttl }))
            .transpose()?;
        let encoding = codec.encoding();
        let base = self.run(py, async {
            match self.backend.load(&key, refresh).await? {
                Some(loaded) => Base::read(loaded, encoding),
                None => Ok(None),
            }
        })?;
        Ok(base.map(|base| Record(Stored::new(base, codec))))
    }

    fn commit(&self, py: Python<'_>, commit: &Bound<'_, Commit>, ttl: f64) -> PyResult<()> {
        let ttl = seconds(ttl)?;
        let commit = commit.get();
        py.detach(|| {
            commit.drive(|machine| drive(self.drive, perform(&*self.backend, machine, ttl)))
        })
        .map_err(raise)
    }

    fn touch(&self, py: Python<'_>, key: &str, ttl: f64) -> PyResult<bool> {
        let (key, ttl) = (Key::from_text(key), seconds(ttl)?);
        self.run(py, async { self.backend.touch(&key, ttl).await })
    }

    fn get<'py>(&self, py: Python<'py>, key: &str) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let key = Key::from_text(key);
        let loaded = self.run(py, async { self.backend.load(&key, None).await })?;
        Ok(loaded.map(|loaded| PyBytes::new(py, &loaded.payload)))
    }

    fn put(&self, py: Python<'_>, key: &str, payload: &[u8], ttl: f64) -> PyResult<()> {
        let (key, ttl) = (Key::from_text(key), seconds(ttl)?);
        let payload = Bytes::copy_from_slice(payload);
        let save = async {
            self.backend
                .save(&key, payload, ttl, Expect::Anything)
                .await
        };
        self.run(py, save).map(drop)
    }

    fn delete(&self, py: Python<'_>, key: &str) -> PyResult<bool> {
        let key = Key::from_text(key);
        let deleted = self.run(py, async {
            self.backend.delete(&key, Expect::Anything).await
        })?;
        Ok(deleted == Deleted::Removed)
    }

    #[pyo3(signature = (prefix, cursor=None, limit=1000))]
    fn list(
        &self,
        py: Python<'_>,
        prefix: &str,
        cursor: Option<String>,
        limit: usize,
    ) -> PyResult<(Vec<String>, Option<String>)> {
        let cursor = cursor.map(Cursor::new);
        let page = self.run(py, async { self.backend.list(prefix, cursor, limit).await })?;
        let keys = page
            .keys
            .iter()
            .map(|key| key.as_str().to_owned())
            .collect();
        Ok((keys, page.next.map(|cursor| cursor.as_str().to_owned())))
    }

    #[pyo3(signature = (limit=1000))]
    fn sweep(&self, py: Python<'_>, limit: usize) -> PyResult<usize> {
        self.run(py, async { self.backend.sweep(limit).await })
    }

    fn take_notices(&self) -> Vec<(bool, String)> {
        let notices = self.backend.take_notices();
        notices
            .iter()
            .map(|notice| (notice.is_warning(), notice.text().to_owned()))
            .collect()
    }

    fn __repr__(&self) -> String {
        format!("<Store {}>", self.name)
    }
}

/// Sets what was given.
fn with<O, V>(options: O, value: Option<V>, set: impl FnOnce(O, V) -> O) -> O {
    match value {
        Some(value) => set(options, value),
        None => options,
    }
}
