//! `Shipped`: what one import of this package ships, by which an application's own parts are told.

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::once::intern;
use crate::overrides::Hooks;

/// See `_core.pyi`.
#[pyclass(frozen, module = "flask_session._core")]
pub(crate) struct Shipped {
    pub(crate) constructor: Py<PyAny>,
    pub(crate) serializer: Py<PyType>,
    pub(crate) cookies: Py<PyAny>,
    pub(crate) need_hooks: Py<PyAny>,
    pub(crate) failure: Py<PyType>,
    pub(crate) storage: Py<Hooks>,
    pub(crate) coding: Py<Hooks>,
    pub(crate) storing: Py<Hooks>,
    pub(crate) reading: Py<Hooks>,
    pub(crate) generating: Py<Hooks>,
    pub(crate) answering: Py<Hooks>,
}

#[pymethods]
impl Shipped {
    #[new]
    #[pyo3(signature = (
        *, constructor, serializer, cookies, need_hooks, failure, storage, coding, storing, reading, generating, answering
    ))]
    #[expect(
        clippy::too_many_arguments,
        reason = "the contract of _core.pyi, by keyword"
    )]
    fn new(
        constructor: Py<PyAny>,
        serializer: Py<PyType>,
        cookies: Py<PyAny>,
        need_hooks: Py<PyAny>,
        failure: Py<PyType>,
        storage: Py<Hooks>,
        coding: Py<Hooks>,
        storing: Py<Hooks>,
        reading: Py<Hooks>,
        generating: Py<Hooks>,
        answering: Py<Hooks>,
    ) -> Self {
        Self {
            constructor,
            serializer,
            cookies,
            need_hooks,
            failure,
            storage,
            coding,
            storing,
            reading,
            generating,
            answering,
        }
    }

    /// These lead back to the module that keeps this.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.constructor)?;
        visit.call(&self.serializer)?;
        visit.call(&self.cookies)?;
        visit.call(&self.need_hooks)?;
        visit.call(&self.failure)?;
        for hooks in [
            &self.storage,
            &self.coding,
            &self.storing,
            &self.reading,
            &self.generating,
            &self.answering,
        ] {
            visit.call(hooks)?;
        }
        Ok(())
    }
}

/// By the interface, not kept in the process: each sub-interpreter imports its own, and so does a test that
/// empties `sys.modules`.
pub(crate) fn shipped<'py>(interface: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Shipped>> {
    let shipped = interface.getattr(intern!(interface.py(), "_shipped"))?;
    Ok(shipped.cast_into()?)
}
