//! Loading a session when somebody first looks at it.

use std::sync::Arc;

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyModule, PyString};

use super::place::Place;
use super::shipped::shipped;
use super::site::Site;
use super::state::Session;
use crate::error::SessionCorrupt;
use crate::held::Held;
use crate::once::{intern, once};
use crate::record::Record;

/// An id from the request's cookies, and where its session would lie.
pub(crate) struct Candidate {
    pub(crate) sid: Py<PyString>,
    pub(crate) key: Py<PyString>,
}

fn threading(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static THREADING: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module = once(py, &THREADING, || Ok(py.import("threading")?.unbind()))?;
    Ok(module.bind(py))
}

/// What every look at the session begins with.
pub(crate) fn touch(session: &Bound<'_, Session>) -> PyResult<()> {
    let unloaded = {
        let mut session = session.borrow_mut();
        session.accessed = true;
        session.unloaded.is_some()
    };
    if unloaded { load(session) } else { Ok(()) }
}

/// Runs `act` while no other thread loads this session or decodes its values.
pub(crate) fn locked<T>(
    session: &Bound<'_, Session>,
    act: impl FnOnce() -> PyResult<T>,
) -> PyResult<T> {
    let py = session.py();
    let held = session.borrow().lock.clone_ref(py);
    let lock = if let Some(lock) = held {
        lock
    } else {
        // Looked up now: gevent may patch it after the import.
        let made = threading(py)?.call_method0(intern!(py, "RLock"))?.unbind();
        // Another thread may have been faster meanwhile.
        session.borrow_mut().lock.get_or_insert(made).clone_ref(py)
    };
    let lock = lock.bind(py);
    lock.call_method0(intern!(py, "acquire"))?;
    let result = act();
    lock.call_method0(intern!(py, "release"))?;
    result
}

/// Loads the session now; does nothing if that is done. Raises what the store raises.
pub(crate) fn load(session: &Bound<'_, Session>) -> PyResult<()> {
    locked(session, || {
        let py = session.py();
        {
            let session = session.borrow();
            if session.unloaded.is_none() {
                return Ok(());
            }
            if let Some(failure) = &session.unloadable {
                return Err(PyErr::from_value(failure.bind(py).clone()));
            }
        }
        if let Err(failure) = fetch(session) {
            if failure.is_instance_of::<PyException>(py) {
                let failure = failure.value(py).clone().into_any();
                session.borrow_mut().unloadable = Some(failure.unbind());
            }
            return Err(failure);
        }
        Session::put(session, |session| &mut session.unloaded, None);
        Ok(())
    })
}

/// Fills the session from the first of its ids that the store knows, or makes it a new one.
fn fetch(session: &Bound<'_, Session>) -> PyResult<()> {
    let py = session.py();
    let (interface, app, store, candidates, is_late) = {
        let session = session.borrow();
        let (Some(interface), Some(app), Some(store), Some(candidates)) = (
            &session.interface,
            &session.app,
            &session.store,
            &session.unloaded,
        ) else {
            return Ok(());
        };
        (
            interface.clone_ref(py),
            app.clone_ref(py),
            store.clone_ref(py),
            Arc::clone(candidates),
            // Once the response is made, nobody learns of a longer life.
            session.saved_by.is_some(),
        )
    };
    let (interface, app) = (interface.bind(py), app.bind(py));
    let shipped = shipped(interface)?;
    let site = Site::new(interface, app, shipped.get());
    let place = Place::of(store.bind(py));
    let (touches, codec) = (site.touches()?, site.codec()?);
    let touches = &touches.get().0;
    let slides = !is_late && site.refreshes()? && site.stores_as_shipped()?;
    for candidate in &*candidates {
        let sid = candidate.sid.to_str(py)?;
        let is_due = slides && touches.recall(sid).is_none_or(|recalled| recalled.due);
        let refresh = is_due.then(|| site.lifetime()).transpose()?;
        let record = match place.load(&codec, candidate.key.bind(py), refresh) {
            Ok(Some(record)) => record,
            Ok(None) => {
                touches.forget(sid);
                continue;
            }
            Err(reason) if reason.is_instance_of::<SessionCorrupt>(py) => {
                site.report_corrupt(sid, &reason)?;
                continue;
            }
            Err(failure) if site.tolerates(&failure)? => {
                session.as_super().clear();
                session.borrow_mut().load_failure = Some(failure.into_value(py).into_any());
                return Ok(());
            }
            Err(failure) => return Err(failure),
        };
        if is_due {
            touches.note(sid, record.get().permanent());
        }
        return take(session, record, candidate, is_due);
    }
    session.as_super().clear();
    if site.is_permanent()? {
        session
            .as_super()
            .set_item(intern!(py, "_permanent"), true)?;
    }
    Ok(())
}

/// Makes it the session of that record.
fn take(
    session: &Bound<'_, Session>,
    record: Bound<'_, Record>,
    candidate: &Candidate,
    is_extended: bool,
) -> PyResult<()> {
    let py = session.py();
    record.get().fill(py, session.as_super())?;
    let mut session = session.borrow_mut();
    session.extended |= is_extended;
    session.record = Some(record.unbind());
    session.sid = Some(candidate.sid.clone_ref(py).into_any());
    session.record_sid = Some(candidate.sid.clone_ref(py).into_any());
    session.record_key = Some(candidate.key.clone_ref(py));
    session.is_new = false;
    Ok(())
}
