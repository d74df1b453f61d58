//! Whether an application has replaced a hook or a setting. Asked several times in each request.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

/// Classes whose hooks are remembered, and so kept alive; an application has one or two interfaces.
const MOST_CLASSES: usize = 8;

/// See `_core.pyi`.
#[pyclass(frozen, module = "flask_session._core")]
pub(crate) struct Hooks {
    names: Vec<Py<PyString>>,
    originals: Py<PyDict>,
    seen: Mutex<Vec<Arc<Seen>>>,
}

/// What a class had under the hooks' names when all of it was original.
struct Seen {
    class: Py<PyType>,
    hooks: Vec<Py<PyAny>>,
}

#[pymethods]
impl Hooks {
    #[new]
    fn new(names: Vec<Py<PyString>>, originals: Bound<'_, PyDict>) -> Self {
        Self {
            names,
            originals: originals.unbind(),
            seen: Mutex::default(),
        }
    }

    /// Looks each hook up, since any class may have been changed; comparing it is the cheaper part.
    fn kept(&self, instance: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = instance.py();
        let (class, own) = (instance.get_type(), own_attributes(instance)?);
        for name in &self.names {
            if own.contains(name)? {
                return Ok(false);
            }
        }
        if let Some(seen) = self.seen(&class) {
            let pairs = self.names.iter().zip(&seen.hooks);
            let mut found = pairs.map(|(name, hook)| (class.getattr(name), hook));
            if found.all(|(found, hook)| found.is_ok_and(|found| found.is(hook))) {
                return Ok(true);
            }
        }
        let mut hooks = Vec::with_capacity(self.names.len());
        for name in &self.names {
            let known = self.originals.bind(py).get_item(name)?;
            let known = known.map(Bound::cast_into::<PyTuple>).transpose()?;
            match (class.getattr(name), known) {
                (Ok(hook), Some(known)) if known.iter_borrowed().any(|known| known.is(&hook)) => {
                    hooks.push(hook.unbind());
                }
                _ => return Ok(false),
            }
        }
        self.remember(Seen {
            class: class.unbind(),
            hooks,
        });
        Ok(true)
    }
}

impl Hooks {
    // The lock is held while no code of Python's can run.

    fn seen(&self, class: &Bound<'_, PyType>) -> Option<Arc<Seen>> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().find(|seen| seen.class.is(class)).cloned()
    }

    fn remember(&self, one: Seen) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut dropped: Vec<_> = seen
            .extract_if(.., |other| other.class.is(&one.class))
            .collect();
        if seen.len() >= MOST_CLASSES {
            dropped.append(&mut seen);
        }
        seen.push(Arc::new(one));
        drop(seen);
        drop(dropped);
    }
}

fn own_attributes<'py>(instance: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    let own = instance.getattr(intern!(instance.py(), "__dict__"))?;
    Ok(own.cast_into()?)
}

/// See `_core.pyi`.
#[pyfunction]
pub(crate) fn is_direct(
    interface: &Bound<'_, PyAny>,
    storage: &Bound<'_, Hooks>,
    coding: &Bound<'_, Hooks>,
    kind: &Bound<'_, PyType>,
) -> PyResult<bool> {
    let serializer = interface.getattr(intern!(interface.py(), "serializer"))?;
    Ok(codes_alone(&serializer, coding, kind)? && storage.get().kept(interface)?)
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
    let own = own_attributes(serializer)?;
    let Some(codec) = own.get_item(intern!(py, "codec"))? else {
        return Ok(false);
    };
    let parts = [
        intern!(py, "encoder"),
        intern!(py, "decoder"),
        intern!(py, "alternate_decoder"),
    ];
    for part in parts {
        if !own.get_item(part)?.is_some_and(|found| found.is(&codec)) {
            return Ok(false);
        }
    }
    coding.get().kept(serializer)
}

/// See `_core.pyi`.
#[pyfunction]
pub(crate) fn has_kept(
    mapping: &Bound<'_, PyDict>,
    keys: &Bound<'_, PyTuple>,
    values: &Bound<'_, PyTuple>,
) -> PyResult<bool> {
    for (key, value) in keys.iter_borrowed().zip(values.iter_borrowed()) {
        if !mapping.get_item(key)?.is_some_and(|found| found.is(value)) {
            return Ok(false);
        }
    }
    Ok(true)
}
