//! A MessagePack extension that isn't ours: kept as it is.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// A MessagePack extension value of another program: its code, and its data as bytes.
#[pyclass(frozen, module = "flask_session._core")]
#[derive(Debug)]
pub(crate) struct Ext {
    /// The extension's code, -128 to 127.
    #[pyo3(get)]
    pub(super) code: i8,
    /// What it carries.
    #[pyo3(get)]
    pub(super) data: Py<PyBytes>,
}

#[pymethods]
impl Ext {
    #[new]
    pub(super) fn new(code: i8, data: Py<PyBytes>) -> Self {
        Self { code, data }
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| {
            let other = other.get();
            self.code == other.code && self.data.as_bytes(py) == other.data.as_bytes(py)
        })
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        Ok(self.data.bind(py).hash()? ^ isize::from(self.code))
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let size = self.data.as_bytes(py).len();
        format!("Ext(code={}, data=<{size} bytes>)", self.code)
    }

    fn __getnewargs__<'py>(&self, py: Python<'py>) -> (i8, Bound<'py, PyBytes>) {
        (self.code, self.data.bind(py).clone())
    }
}
