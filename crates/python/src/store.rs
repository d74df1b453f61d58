//! `Store`: a native store under a blocking host.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use flask_session_core::{
    Base, Cursor, Deleted, Expect, Guarantee, Guarded, Key, MemoryStore, Refresh, Result, Saved,
    Store as Backend, SystemClock, drive, perform,
};
use flask_session_stores::{Setting, Settings};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt};

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
}

/// See `_core.pyi`.
#[pyfunction]
pub(crate) fn backends() -> Vec<(&'static str, Vec<&'static str>)> {
    flask_session_stores::BACKENDS
        .iter()
        .map(|backend| (backend.name, backend.schemes.to_vec()))
        .collect()
}

/// Runs one operation with the interpreter released.
fn run<T: Send>(py: Python<'_>, operation: impl Future<Output = Result<T>> + Send) -> PyResult<T> {
    py.detach(|| drive(operation)).map_err(raise)
}

#[pymethods]
impl Store {
    #[staticmethod]
    fn memory() -> Self {
        Self {
            backend: Arc::new(MemoryStore::new()),
            name: "memory",
        }
    }

    #[staticmethod]
    #[pyo3(signature = (url, **options))]
    fn open(url: &str, options: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let mut settings = Settings::new(url);
        for (name, value) in options.into_iter().flatten() {
            if !value.is_none() {
                settings = settings.with(name.extract::<String>()?, setting(&value)?);
            }
        }
        let (row, backend) = flask_session_stores::open(settings).map_err(raise)?;
        Ok(Self {
            backend: Arc::new(Guarded::new(backend, Arc::new(SystemClock))),
            name: row.name,
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
    pub(crate) fn load(
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
        let base = run(py, async {
            match self.backend.load(&key, refresh).await? {
                Some(loaded) => Base::read(loaded, encoding),
                None => Ok(None),
            }
        })?;
        Ok(base.map(|base| Record(Stored::new(base, codec))))
    }

    pub(crate) fn commit(
        &self,
        py: Python<'_>,
        commit: &Bound<'_, Commit>,
        ttl: f64,
    ) -> PyResult<()> {
        let ttl = seconds(ttl)?;
        let commit = commit.get();
        py.detach(|| commit.drive(|machine| drive(perform(&*self.backend, machine, ttl))))
            .map_err(raise)
    }

    pub(crate) fn touch(&self, py: Python<'_>, key: &str, ttl: f64) -> PyResult<bool> {
        let (key, ttl) = (Key::from_text(key), seconds(ttl)?);
        run(py, async { self.backend.touch(&key, ttl).await })
    }

    fn get<'py>(&self, py: Python<'py>, key: &str) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let key = Key::from_text(key);
        let loaded = run(py, async { self.backend.load(&key, None).await })?;
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
        run(py, save).map(drop)
    }

    fn examine<'py>(
        &self,
        py: Python<'py>,
        key: &str,
    ) -> PyResult<Option<(Bound<'py, PyBytes>, Option<f64>)>> {
        let key = Key::from_text(key);
        let loaded = run(py, async { self.backend.examine(&key).await })?;
        Ok(loaded.map(|loaded| {
            let remaining = loaded.remaining.map(|left| left.as_secs_f64());
            (PyBytes::new(py, &loaded.payload), remaining)
        }))
    }

    #[pyo3(signature = (key, payload, ttl, expected))]
    fn replace(
        &self,
        py: Python<'_>,
        key: &str,
        payload: &[u8],
        ttl: f64,
        expected: Option<&[u8]>,
    ) -> PyResult<bool> {
        let (key, ttl) = (Key::from_text(key), seconds(ttl)?);
        let payload = Bytes::copy_from_slice(payload);
        run(py, async {
            let expect = match expected {
                None => Expect::Absent,
                Some(expected) => match self.backend.load(&key, None).await? {
                    Some(loaded) if loaded.payload == expected => Expect::Revision(loaded.revision),
                    _ => return Ok(false),
                },
            };
            let saved = self.backend.save(&key, payload, ttl, expect).await?;
            Ok(matches!(saved, Saved::Stored(_)))
        })
    }

    pub(crate) fn delete(&self, py: Python<'_>, key: &str) -> PyResult<bool> {
        let key = Key::from_text(key);
        let deleted = run(py, async {
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
        let page = run(py, async { self.backend.list(prefix, cursor, limit).await })?;
        let keys = page
            .keys
            .iter()
            .map(|key| key.as_str().to_owned())
            .collect();
        Ok((keys, page.next.map(|cursor| cursor.as_str().to_owned())))
    }

    #[pyo3(signature = (limit=1000))]
    fn sweep(&self, py: Python<'_>, limit: usize) -> PyResult<usize> {
        run(py, async { self.backend.sweep(limit).await })
    }

    pub(crate) fn take_notices(&self) -> Vec<(bool, String)> {
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

/// An option's value. A bool is a number in Python, so it is looked at first.
fn setting(value: &Bound<'_, PyAny>) -> PyResult<Setting> {
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(Setting::Flag(flag.is_true()));
    }
    if value.is_instance_of::<PyInt>() || value.is_instance_of::<PyFloat>() {
        return Ok(Setting::Number(value.extract()?));
    }
    let text = value.py().import("os")?.call_method1("fspath", (value,))?;
    Ok(Setting::Text(text.extract()?))
}
