//! A store as sessions use it: a native one, or any object with its methods.

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::codec_class::Codec;
use crate::commit::Commit;
use crate::once::intern;
use crate::record::Record;
use crate::store::Store;

pub(crate) enum Place<'py> {
    Native(Bound<'py, Store>),
    /// Driven through a Python client, or from another thread.
    Foreign(Bound<'py, PyAny>),
}

impl<'py> Place<'py> {
    pub(crate) fn of(store: &Bound<'py, PyAny>) -> Self {
        match store.cast_exact::<Store>() {
            Ok(store) => Self::Native(store.clone()),
            Err(_) => Self::Foreign(store.clone()),
        }
    }

    /// `refresh` and `ttl`: seconds.
    pub(crate) fn load(
        &self,
        codec: &Bound<'py, Codec>,
        key: &Bound<'py, PyString>,
        refresh: Option<i64>,
    ) -> PyResult<Option<Bound<'py, Record>>> {
        let py = key.py();
        match self {
            Self::Native(store) => {
                let found = store
                    .get()
                    .load(py, codec.get(), key.to_str()?, refresh.map(float))?;
                found.map(|record| Bound::new(py, record)).transpose()
            }
            Self::Foreign(store) => {
                let load = intern!(py, "load");
                Ok(store.call_method1(load, (codec, key, refresh))?.extract()?)
            }
        }
    }

    pub(crate) fn commit(&self, commit: &Bound<'py, Commit>, ttl: i64) -> PyResult<()> {
        let py = commit.py();
        match self {
            Self::Native(store) => store.get().commit(py, commit, float(ttl)),
            Self::Foreign(store) => store
                .call_method1(intern!(py, "commit"), (commit, ttl))
                .map(drop),
        }
    }

    /// Whether there was a session to touch.
    pub(crate) fn touch(&self, key: &Bound<'py, PyString>, ttl: i64) -> PyResult<bool> {
        let py = key.py();
        match self {
            Self::Native(store) => store.get().touch(py, key.to_str()?, float(ttl)),
            Self::Foreign(store) => store
                .call_method1(intern!(py, "touch"), (key, ttl))?
                .is_truthy(),
        }
    }

    pub(crate) fn delete(&self, key: &Bound<'py, PyString>) -> PyResult<()> {
        let py = key.py();
        match self {
            Self::Native(store) => store.get().delete(py, key.to_str()?).map(drop),
            Self::Foreign(store) => store.call_method1(intern!(py, "delete"), (key,)).map(drop),
        }
    }

    /// What is to be logged: whether it is a warning, and its text.
    pub(crate) fn take_notices(&self) -> PyResult<Vec<(bool, String)>> {
        match self {
            Self::Native(store) => Ok(store.get().take_notices()),
            Self::Foreign(store) => store
                .call_method0(intern!(store.py(), "take_notices"))?
                .extract(),
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a time to live has fewer digits"
)]
fn float(seconds: i64) -> f64 {
    seconds as f64
}
