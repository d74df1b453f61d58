//! The session's own entries, past whatever its class overrides.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict};

use super::changes;
use super::load::{locked, touch};
use super::state::Session;
use crate::once::intern;
use crate::record::{Pending, is_bare};

/// The value under `key`, decoded.
pub(crate) fn find<'py>(
    session: &Bound<'py, Session>,
    key: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    touch(session)?;
    match session.as_super().get_item(key)? {
        Some(value) if value.is_exact_instance_of::<Pending>() => resolve(session, key).map(Some),
        found => Ok(found),
    }
}

pub(crate) fn get_item<'py>(
    session: &Bound<'py, Session>,
    key: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    match find(session, key)? {
        Some(value) => Ok(value),
        None => missing(session, key),
    }
}

pub(crate) fn set_item(
    session: &Bound<'_, Session>,
    key: &Bound<'_, PyAny>,
    value: &Bound<'_, PyAny>,
) -> PyResult<()> {
    changes::begin(session)?;
    session.as_super().set_item(key, value)?;
    changes::note_assigned(session, key)?;
    changes::updated(session)
}

pub(crate) fn del_item(session: &Bound<'_, Session>, key: &Bound<'_, PyAny>) -> PyResult<()> {
    changes::begin(session)?;
    session.as_super().del_item(key)?;
    changes::note_deleted(session, key)?;
    changes::updated(session)
}

/// Decodes the pending value under `key`; two threads get the same object.
pub(crate) fn resolve<'py>(
    session: &Bound<'py, Session>,
    key: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    locked(session, || {
        let entries = session.as_super();
        let Some(value) = entries.get_item(key)? else {
            return missing(session, key);
        };
        let Ok(pending) = value.cast_exact::<Pending>() else {
            return Ok(value);
        };
        let value = pending.get().load(session.py())?;
        entries.set_item(key, &value)?;
        Ok(value)
    })
}

/// Decodes every value.
pub(crate) fn resolve_all(session: &Bound<'_, Session>) -> PyResult<()> {
    let pending: Vec<_> = session
        .as_super()
        .iter()
        .filter(|(_, value)| value.is_exact_instance_of::<Pending>())
        .map(|(key, _)| key)
        .collect();
    pending
        .iter()
        .try_for_each(|key| resolve(session, key).map(drop))
}

/// Whether nothing but ``_permanent`` is in the loaded session.
pub(crate) fn is_empty(session: &Bound<'_, Session>) -> PyResult<bool> {
    is_bare(session.as_super())
}

/// The permanent flag of the loaded session, without touching it.
pub(crate) fn is_permanent(session: &Bound<'_, Session>) -> PyResult<bool> {
    match session
        .as_super()
        .get_item(intern!(session.py(), "_permanent"))?
    {
        Some(value) => value.is_truthy(),
        None => Ok(false),
    }
}

pub(crate) fn permanent(session: &Bound<'_, Session>) -> PyResult<bool> {
    let known = {
        let session = session.borrow();
        session
            .known_permanent
            .filter(|_| session.unloaded.is_some())
    };
    if let Some(known) = known {
        return Ok(known);
    }
    touch(session)?;
    is_permanent(session)
}

pub(crate) fn set_permanent(
    session: &Bound<'_, Session>,
    value: &Bound<'_, PyAny>,
) -> PyResult<()> {
    touch(session)?;
    // Many applications set it in every request: that alone needn't fail.
    if session.borrow().load_failure.is_some() {
        return Ok(());
    }
    let py = session.py();
    let value = PyBool::new(py, value.is_truthy()?);
    session.as_any().set_item(intern!(py, "_permanent"), value)
}

/// The dict's own error, or what a class's `__missing__` says.
fn missing<'py>(
    session: &Bound<'py, Session>,
    key: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = session.py();
    let dict = py.get_type::<PyDict>();
    dict.call_method1(intern!(py, "__getitem__"), (session, key))
}
