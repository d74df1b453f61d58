//! Loading a session when somebody first looks at it.

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyModule, PyString};

use super::place::Place;
use super::site::Site;
use super::state::Session;
use crate::error::SessionCorrupt;
use crate::held::Held;
use crate::once::{intern, once};

/// An id from the request's cookies, and where its session would lie.
pub(crate) struct Candidate {
    pub(crate) sid: Py<PyString>,
    pub(crate) key: Py<PyString>,
}

impl Candidate {
    pub(crate) fn clone_ref(&self, py: Python<'_>) -> Self {
        Self {
            sid: self.sid.clone_ref(py),
            key: self.key.clone_ref(py),
        }
    }
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
                return Err(PyErr::from_value(failure.bind(py).clone().into_any()));
            }
        }
        if let Err(failure) = fetch(session) {
            if failure.is_instance_of::<PyException>(py) {
                session.borrow_mut().unloadable = Some(failure.value(py).clone().unbind());
            }
            return Err(failure);
        }
        session.borrow_mut().unloaded = None;
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
        let candidates: Vec<_> = candidates.iter().map(|one| one.clone_ref(py)).collect();
        (
            interface.clone_ref(py),
            app.clone_ref(py),
            store.clone_ref(py),
            candidates,
            // Once the response is made, nobody learns of a longer life.
            session.saved_by.is_some(),
        )
    };
    let site = Site::new(interface.bind(py), app.bind(py));
    let place = Place::of(store.bind(py));
    let (touches, codec) = (site.touches()?, site.codec()?);
    let slides = !is_late && site.refreshes()? && site.stores_as_shipped()?;
    for Candidate { sid, key } in candidates {
        let text = sid.bind(py).to_str()?;
        let recalled = if slides {
            touches.get().0.recall(text)
        } else {
            None
        };
        let is_due = slides && recalled.is_none_or(|recalled| recalled.due);
        let refresh = is_due.then(|| site.lifetime()).transpose()?;
        let record = match place.load(&codec, key.bind(py), refresh) {
            Ok(record) => record,
            Err(reason) if reason.is_instance_of::<SessionCorrupt>(py) => {
                site.report_corrupt(text, &reason)?;
                continue;
            }
            Err(failure) if site.is_store_failure(&failure)? => {
                if !site.tolerates(&failure)? {
                    return Err(failure);
                }
                session.as_super().clear();
                session.borrow_mut().load_failure = Some(failure.into_value(py).into_any());
                return Ok(());
            }
            Err(failure) => return Err(failure),
        };
        let Some(record) = record else {
            touches.get().0.forget(text);
            continue;
        };
        if is_due {
            touches.get().0.note(text, record.get().permanent());
        }
        record.get().fill(py, session.as_super())?;
        let mut session = session.borrow_mut();
        session.extended |= is_due;
        session.record = Some(record.unbind());
        session.sid = Some(sid.clone_ref(py).into_any());
        session.record_sid = Some(sid.into_any());
        session.record_key = Some(key);
        session.is_new = false;
        return Ok(());
    }
    session.as_super().clear();
    if site.is_permanent()? {
        session
            .as_super()
            .set_item(intern!(py, "_permanent"), true)?;
    }
    Ok(())
}
