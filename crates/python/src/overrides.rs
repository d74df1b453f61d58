//! Whether an application has replaced a hook or a setting. Asked several times in each request.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PySet, PyString, PyTuple};

/// See `_core.pyi`.
#[pyfunction]
pub(crate) fn keeps(
    instance: &Bound<'_, PyAny>,
    names: &Bound<'_, PyTuple>,
    originals: &Bound<'_, PySet>,
) -> PyResult<bool> {
    let kind = instance.get_type();
    let own = instance.getattr(pyo3::intern!(instance.py(), "__dict__"))?;
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
