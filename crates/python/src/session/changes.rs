//! What a request does to a session, noted for the merge.

use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PySet};

use super::load::touch;
use super::state::Session;
use crate::held::Held;
use crate::once::{intern, python};

/// Whom a session tells of its changes.
#[derive(Default)]
pub(crate) enum OnUpdate {
    /// Itself.
    #[default]
    Usual,
    /// What an application has assigned.
    Own(Option<Py<PyAny>>),
}

python!(usual: PyCFunction = "flask_session._core", "note_update");

impl OnUpdate {
    pub(crate) fn of(value: Bound<'_, PyAny>) -> PyResult<Self> {
        if value.is(usual(value.py())?) {
            return Ok(Self::Usual);
        }
        Ok(Self::Own((!value.is_none()).then(|| value.unbind())))
    }
}

/// Whom the session tells of its changes. No borrow lasts while they are told.
fn told(session: &Bound<'_, Session>) -> OnUpdate {
    let py = session.py();
    match &session.borrow().on_update {
        OnUpdate::Usual => OnUpdate::Usual,
        OnUpdate::Own(own) => OnUpdate::Own(own.clone_ref(py)),
    }
}

/// The same as Python sees it.
pub(crate) fn on_update(session: &Bound<'_, Session>) -> PyResult<Option<Py<PyAny>>> {
    match told(session) {
        OnUpdate::Usual => Ok(Some(usual(session.py())?.clone().into_any().unbind())),
        OnUpdate::Own(own) => Ok(own),
    }
}

/// See `_core.pyi`.
#[pyfunction]
pub(crate) fn note_update(session: &Bound<'_, Session>) -> PyResult<()> {
    let py = session.py();
    let late = {
        let mut session = session.borrow_mut();
        session.modified = true;
        session.suppressed = false;
        session.accessed = true;
        session.saved_by.clone_ref(py)
    };
    let Some(app) = late else { return Ok(()) };
    let app = app.bind(py);
    if app.getattr(intern!(py, "debug"))?.is_truthy()? {
        app.getattr(intern!(py, "logger"))?.call_method1(
            intern!(py, "warning"),
            ("The session was changed after the response was made (in a streamed body or a teardown \
              function); the change is not saved.",),
        )?;
    }
    Ok(())
}

/// What every change of the session ends with.
pub(crate) fn updated(session: &Bound<'_, Session>) -> PyResult<()> {
    match told(session) {
        OnUpdate::Usual => note_update(session),
        OnUpdate::Own(None) => Ok(()),
        OnUpdate::Own(Some(own)) => own.call1(session.py(), (session,)).map(drop),
    }
}

/// What every change of the session begins with. Raises `StoreFailure` if it could not be loaded.
pub(crate) fn begin(session: &Bound<'_, Session>) -> PyResult<()> {
    touch(session)?;
    let py = session.py();
    let failure = session.borrow().load_failure.clone_ref(py);
    let Some(failure) = failure else {
        return Ok(());
    };
    let failure = failure.bind(py);
    let raised = failure.get_type().call1((format!(
        "this session is empty and can't be changed, because it could not be loaded \
         (SESSION_ON_STORE_FAILURE is 'null'): {failure}"
    ),))?;
    let raised = PyErr::from_value(raised);
    raised.set_cause(py, Some(PyErr::from_value(failure.clone())));
    Err(raised)
}

// A key may be in both: what the session holds at the end tells the commit which of them counts.

pub(crate) fn note_assigned(session: &Bound<'_, Session>, key: &Bound<'_, PyAny>) -> PyResult<()> {
    note(session, |session| &mut session.assigned, key)
}

pub(crate) fn note_deleted(session: &Bound<'_, Session>, key: &Bound<'_, PyAny>) -> PyResult<()> {
    note(session, |session| &mut session.deleted, key)
}

/// No borrow may last while a set is made (garbage may be collected then, and finalizers run) or the key's
/// own `__hash__` is called: these may look at the session.
fn note(
    session: &Bound<'_, Session>,
    keys: impl Fn(&mut Session) -> &mut Option<Py<PySet>>,
    key: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let py = session.py();
    let held = keys(&mut session.borrow_mut()).clone_ref(py);
    let keys = if let Some(keys) = held {
        keys
    } else {
        let made = PySet::empty(py)?.unbind();
        keys(&mut session.borrow_mut())
            .get_or_insert(made)
            .clone_ref(py)
    };
    keys.bind(py).add(key)
}

/// The session's id; a new one's is made now.
pub(crate) fn sid<'py>(session: &Bound<'py, Session>) -> PyResult<Option<Bound<'py, PyAny>>> {
    touch(session)?;
    let py = session.py();
    let (sid, interface) = {
        let session = session.borrow();
        (session.sid.clone_ref(py), session.interface.clone_ref(py))
    };
    match (sid, interface) {
        (Some(sid), _) => Ok(Some(sid.into_bound(py))),
        (None, None) => Ok(None),
        (None, Some(interface)) => {
            let made = interface.bind(py).call_method0(intern!(py, "_new_sid"))?;
            // Another thread may have been faster meanwhile; then `made` is freed after the borrow.
            let mut session = session.borrow_mut();
            let sid = session.sid.get_or_insert(made.clone().unbind());
            Ok(Some(sid.clone_ref(py).into_bound(py)))
        }
    }
}

pub(crate) fn assign_sid(session: &Bound<'_, Session>, value: Bound<'_, PyAny>) -> PyResult<()> {
    touch(session)?;
    let py = session.py();
    let held = session.borrow().sid.clone_ref(py);
    let is_the_same = match &held {
        Some(held) => value.eq(held)?,
        None => value.is_none(),
    };
    if is_the_same {
        return Ok(());
    }
    let sid = (!value.is_none()).then(|| value.unbind());
    let interface = {
        let mut session = session.borrow_mut();
        session.sid = sid;
        session.adopted = true;
        session.renewed = false;
        session.interface.clone_ref(py)
    };
    match interface {
        Some(interface) => interface.setattr(py, intern!(py, "_foreign_ids"), true),
        None => Ok(()),
    }
}

/// Takes another id, under which the record moves at save.
pub(crate) fn renew(session: &Bound<'_, Session>, sid: Bound<'_, PyAny>) -> PyResult<()> {
    touch(session)?;
    {
        let mut session = session.borrow_mut();
        session.renewed = session.record.is_some();
        session.adopted = false;
    }
    Session::put(session, |session| &mut session.sid, Some(sid.unbind()));
    session.setattr(intern!(session.py(), "modified"), true)
}
