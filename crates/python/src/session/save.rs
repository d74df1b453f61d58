//! Flask's `save_session`: what changed is committed, and the cookie set.

use pyo3::exceptions::{PyException, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyType};

use super::entries;
use super::place::Place;
use super::saving::Saving;
use super::shipped::Shipped;
use super::site::{Site, direct_store};
use super::state::Session;
use super::untouched::rests;
use crate::answer::HeaderWriter;
use crate::held::Held;
use crate::once::{intern, python};

python!(local_proxy: PyType = "werkzeug.local", "LocalProxy");
python!(writer: HeaderWriter = "flask_session.set_cookie", "WRITER");

/// See `_core.pyi`.
#[pyfunction]
pub(crate) fn save_session(
    interface: &Bound<'_, PyAny>,
    app: &Bound<'_, PyAny>,
    session: &Bound<'_, PyAny>,
    response: &Bound<'_, PyAny>,
    shipped: &Bound<'_, Shipped>,
) -> PyResult<()> {
    let py = interface.py();
    if session.is_none() {
        return Ok(());
    }
    let Ok(session) = session.cast::<Session>() else {
        if session.get_type().is(local_proxy(py)?) {
            // An application's own call with flask.session.
            let session = session.call_method0(intern!(py, "_get_current_object"))?;
            return save_session(interface, app, &session, response, shipped);
        }
        if session.getattr(intern!(py, "accessed"))?.is_truthy()? {
            writer(py)?.get().vary_by_cookie(response)?;
        }
        return save_through_hooks(interface, app, session, response);
    };
    // A class may have an attribute of its own, over which nothing is noted.
    let noted = session.borrow().accessed;
    let accessed = noted || session.getattr(intern!(py, "accessed"))?.is_truthy()?;
    if accessed {
        writer(py)?.get().vary_by_cookie(response)?;
    }
    if session.borrow().load_failure.is_some() {
        return Ok(());
    }
    let site = Site::new(interface, app, shipped.get());
    if nothing_happened(session)? || rests(&site, session)? {
        session.borrow_mut().saved_by = Some(app.clone().unbind());
        return Ok(());
    }
    if is_answering_its_failure(session)? {
        return Ok(());
    }
    let store = direct_store(interface, site.shipped, Some(session))?;
    let place = store.as_ref().map(Place::of);
    let result = match &place {
        None => save_through_hooks(interface, app, session, response),
        Some(place) => Saving {
            site,
            place,
            session,
            response,
            varied: accessed,
        }
        .save(),
    };
    if let Err(failure) = &result
        && failure.is_instance_of::<PyException>(py)
    {
        let failure = failure.value(py).clone().into_any().unbind();
        Session::put(session, |session| &mut session.save_failure, Some(failure));
    }
    session.borrow_mut().accessed = accessed;
    if let Some(place) = &place {
        log(app, place.take_notices()?)?;
    }
    result
}

/// Writes into the application's log what its store has to say.
fn log(app: &Bound<'_, PyAny>, notices: Vec<(bool, String)>) -> PyResult<()> {
    // As Python's `logging` numbers them.
    const INFO: u8 = 20;
    const WARNING: u8 = 30;
    let py = app.py();
    for (is_warning, text) in notices {
        let level = if is_warning { WARNING } else { INFO };
        app.getattr(intern!(py, "logger"))?
            .call_method1(intern!(py, "log"), (level, text))?;
    }
    Ok(())
}

/// By the interface's own module: a test that empties `sys.modules` leaves several behind.
fn save_through_hooks(
    interface: &Bound<'_, PyAny>,
    app: &Bound<'_, PyAny>,
    session: &Bound<'_, PyAny>,
    response: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let method = intern!(interface.py(), "_save_through_hooks");
    interface
        .call_method1(method, (app, session, response))
        .map(drop)
}

/// Whether a visitor without session has got none.
fn nothing_happened(session: &Bound<'_, Session>) -> PyResult<bool> {
    {
        let session = session.borrow();
        if session.unloaded.is_some() || session.modified || session.record.is_some() {
            return Ok(false);
        }
    }
    entries::is_empty(session)
}

/// Flask answers the failure of a save, and saves once more for that answer. An error handler may have put a
/// value right that couldn't be stored, but no store that is down.
fn is_answering_its_failure(session: &Bound<'_, Session>) -> PyResult<bool> {
    let py = session.py();
    let failure = session.borrow().save_failure.clone_ref(py);
    let Some(failure) = failure else {
        return Ok(false);
    };
    let handled = py.import("sys")?.call_method0("exc_info")?.get_item(1)?;
    Ok(handled.is(&failure)
        && !handled.is_instance_of::<PyTypeError>()
        && !handled.is_instance_of::<PyValueError>())
}
