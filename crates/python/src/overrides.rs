//! Whether an application has replaced a hook or a setting. Asked several times in each request.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PySet, PyString, PyTuple, PyType};

/// See `_core.pyi`.
#[pyfunction]
pub(crate) fn keeps(
    instance: &Bound<'_, PyAny>,
    names: &Bound<'_, PyTuple>,
    originals: &Bound<'_, PySet>,
) -> PyResult<bool> {
    let kind = instance.get_type();
    let own = instance.getattr(intern!(instance.py(), "__dict__"))?;
    let own = own.cast::<PyDict>()?;
    for name in names.iter_borrowed() {
        let name = name.cast::<PyString>()?;
        // A hook may be an object that can't be hashed: that one is an application's.
        let is_original = |hook| originals.contains(hook).unwrap_or(false);
        if own.contains(name)? || !kind.getattr(name).is_ok_and(is_original) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// See `_core.pyi`.
#[pyfunction]
pub(crate) fn is_direct(
    interface: &Bound<'_, PyAny>,
    storage: &Bound<'_, PyTuple>,
    coding: &Bound<'_, PyTuple>,
    kind: &Bound<'_, PyType>,
    originals: &Bound<'_, PySet>,
) -> PyResult<bool> {
    let serializer = interface.getattr(intern!(interface.py(), "serializer"))?;
    Ok(codes_alone(&serializer, coding, kind, originals)? && keeps(interface, storage, originals)?)
}

/// See `_core.pyi`.
#[pyfunction]
pub(crate) fn codes_alone(
    serializer: &Bound<'_, PyAny>,
    coding: &Bound<'_, PyTuple>,
    kind: &Bound<'_, PyType>,
    originals: &Bound<'_, PySet>,
) -> PyResult<bool> {
    let py = serializer.py();
    if !serializer.get_type().is(kind) {
        return Ok(false);
    }
    let codec = serializer.getattr(intern!(py, "codec"))?;
    Ok(serializer.getattr(intern!(py, "encoder"))?.is(&codec)
        && serializer.getattr(intern!(py, "decoder"))?.is(&codec)
        && serializer
            .getattr(intern!(py, "alternate_decoder"))?
            .is(&codec)
        && keeps(serializer, coding, originals)?)
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
