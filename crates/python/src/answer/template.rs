//! `Template` and `KeptCookie`: the text of a session cookie, and for how long it may be kept.

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

/// See `_core.pyi`.
#[pyclass(frozen, module = "flask_session._core")]
#[derive(Debug)]
pub(crate) struct Template {
    before: String,
    between: String,
    after: String,
}

#[pymethods]
impl Template {
    #[new]
    fn new(before: String, between: String, after: String) -> Self {
        Self {
            before,
            between,
            after,
        }
    }
}

impl Template {
    /// `date` is empty for a cookie without one.
    pub(super) fn text(&self, value: &str, date: &str) -> String {
        let parts = [&self.before, value, &self.between, date, &self.after];
        let mut text = String::with_capacity(parts.iter().map(|part| part.len()).sum());
        for part in parts {
            text.push_str(part);
        }
        text
    }
}

/// See `_core.pyi`.
#[pyclass(frozen, module = "flask_session._core")]
pub(crate) struct KeptCookie {
    kind: Py<PyType>,
    settings: Py<PyTuple>,
    values: Py<PyTuple>,
    same_site: Py<PyAny>,
    dated: Option<Py<Template>>,
    undated: Option<Py<Template>>,
}

#[pymethods]
impl KeptCookie {
    #[new]
    fn new(
        kind: Py<PyType>,
        settings: Py<PyTuple>,
        values: Py<PyTuple>,
        same_site: Py<PyAny>,
        dated: Option<Py<Template>>,
        undated: Option<Py<Template>>,
    ) -> Self {
        Self {
            kind,
            settings,
            values,
            same_site,
            dated,
            undated,
        }
    }

    /// The class may lead back to the interface that keeps this.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.kind)
    }
}

impl KeptCookie {
    /// Whether it was made of these.
    pub(super) fn holds(
        &self,
        config: &Bound<'_, PyAny>,
        same_site: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        if !config.get_type().is(&self.kind) || !same_site.is(&self.same_site) {
            return Ok(false);
        }
        let (py, config) = (config.py(), config.cast::<PyDict>()?);
        let (settings, values) = (self.settings.bind(py), self.values.bind(py));
        for (setting, value) in settings.iter_borrowed().zip(values.iter_borrowed()) {
            let found = config.get_item(setting)?;
            // The very object: 1 equals True, and is written otherwise.
            if !found.is_some_and(|found| found.is(value)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The one with a date or the one without; None if Werkzeug has to write it.
    pub(super) fn template(&self, dated: bool) -> Option<&Template> {
        let template = if dated { &self.dated } else { &self.undated };
        template.as_ref().map(Py::get)
    }
}
