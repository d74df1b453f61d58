//! Whether an application has replaced a hook. Asked several times in each request.

use std::sync::OnceLock;

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use crate::once::intern;

/// See `_core.pyi`.
#[pyclass(frozen, module = "flask_session._core")]
pub(crate) struct Hooks {
    hooks: Vec<Hook>,
    originals: Py<PyDict>,
}

struct Hook {
    name: Py<PyString>,
    /// The original that was found first: most applications have one kind of interface.
    usual: OnceLock<Py<PyAny>>,
}

#[pymethods]
impl Hooks {
    #[new]
    fn new(names: Vec<Py<PyString>>, originals: Bound<'_, PyDict>) -> Self {
        let hook = |name| Hook {
            name,
            usual: OnceLock::new(),
        };
        Self {
            hooks: names.into_iter().map(hook).collect(),
            originals: originals.unbind(),
        }
    }

    pub(crate) fn kept(&self, instance: &Bound<'_, PyAny>) -> PyResult<bool> {
        let (class, own) = (instance.get_type(), own_attributes(instance)?);
        for hook in &self.hooks {
            if own.contains(&hook.name)? {
                return Ok(false);
            }
            // Looked up each time, since any of its classes may have been changed.
            let Ok(found) = class.getattr(&hook.name) else {
                return Ok(false);
            };
            if hook.usual.get().is_some_and(|usual| found.is(usual)) {
                continue;
            }
            if !self.is_original(hook, &found)? {
                return Ok(false);
            }
            let _ = hook.usual.set(found.unbind());
        }
        Ok(true)
    }

    /// The originals lead back to the modules that keep this.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.originals)?;
        for usual in self.hooks.iter().filter_map(|hook| hook.usual.get()) {
            visit.call(usual)?;
        }
        Ok(())
    }
}

impl Hooks {
    fn is_original(&self, hook: &Hook, found: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Some(known) = self.originals.bind(found.py()).get_item(&hook.name)? else {
            return Ok(false);
        };
        let known = known.cast_into::<PyTuple>()?;
        Ok(known.iter_borrowed().any(|known| known.is(found)))
    }
}

pub(crate) fn own_attributes<'py>(instance: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    let own = instance.getattr(intern!(instance.py(), "__dict__"))?;
    Ok(own.cast_into()?)
}

/// See `_core.pyi`.
#[pyfunction]
pub(crate) fn codes_alone(
    serializer: &Bound<'_, PyAny>,
    coding: &Bound<'_, Hooks>,
    kind: &Bound<'_, PyType>,
) -> PyResult<bool> {
    let py = serializer.py();
    if !serializer.get_type().is(kind) {
        return Ok(false);
    }
    let codec = serializer.getattr(intern!(py, "codec"))?;
    let parts = [
        intern!(py, "encoder"),
        intern!(py, "decoder"),
        intern!(py, "alternate_decoder"),
    ];
    for part in parts {
        if !serializer.getattr(part)?.is(&codec) {
            return Ok(false);
        }
    }
    coding.get().kept(serializer)
}
