//! Holding what may be there.

use pyo3::prelude::*;

/// `Py::clone_ref` for what may be there.
pub(crate) trait Held {
    fn clone_ref(&self, py: Python<'_>) -> Self;
}

impl<T> Held for Option<Py<T>> {
    fn clone_ref(&self, py: Python<'_>) -> Self {
        self.as_ref().map(|held| held.clone_ref(py))
    }
}
