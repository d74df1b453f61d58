//! Flask's `open_session`: the session is found, and not yet loaded.

use flask_session_core::SessionId;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyAny, PyDict, PyList, PyString};

use super::load::Candidate;
use super::shipped::Shipped;
use super::site::{Site, direct_store};
use super::state::Session;
use crate::cookie::cookie_values;
use crate::once::{intern, once, python};
use crate::overrides::own_attributes;

python!(most_candidates: PyAny = "flask_session.cookies", "MOST_CANDIDATES");

/// See `_core.pyi`.
#[pyfunction]
pub(crate) fn open_session<'py>(
    interface: &Bound<'py, PyAny>,
    app: &Bound<'py, PyAny>,
    request: &Bound<'py, PyAny>,
    shipped: &Bound<'py, Shipped>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = interface.py();
    let site = Site::new(interface, app, shipped.get());
    let sids = match usual_sids(&site, request)? {
        Some(sids) => sids,
        None => interface
            .call_method1(intern!(py, "_sids"), (app, request))?
            .extract()?,
    };
    let class = interface.getattr(intern!(py, "session_class"))?;
    let through_hooks = |sids: Vec<Bound<'py, PyString>>| {
        interface.call_method1(
            intern!(py, "_open_through_hooks"),
            (app, PyList::new(py, sids)?),
        )
    };
    if has_own_constructor(&class, site.shipped)? {
        return through_hooks(sids);
    }
    if sids.is_empty() {
        return unknown_visitor(&site, &class);
    }
    let Some(store) = direct_store(interface, site.shipped, None)? else {
        return through_hooks(sids);
    };
    let candidates = sids
        .into_iter()
        .map(|sid| {
            let key = site.key(&sid)?.unbind();
            let sid = sid.unbind();
            Ok(Candidate { sid, key })
        })
        .collect::<PyResult<_>>()?;
    let session = blank(&class)?;
    // C code that looks past our methods (`json` asks for the size first) mustn't take it for empty.
    session
        .as_super()
        .set_item(unloaded_entry(py)?, py.None())?;
    {
        let mut session = session.borrow_mut();
        session.interface = Some(interface.clone().unbind());
        session.app = Some(app.clone().unbind());
        session.store = Some(store.unbind());
        session.unloaded = Some(candidates);
    }
    if interface.getattr(intern!(py, "eager"))?.is_truthy()? {
        super::load::load(&session)?;
    }
    Ok(session.into_any())
}

/// A session for somebody who has none; it gets an id when it needs one.
fn unknown_visitor<'py>(
    site: &Site<'_, 'py>,
    class: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = site.py();
    let session = blank(class)?;
    if site.is_permanent()? {
        let entries = session.as_super();
        entries.set_item(intern!(py, "_permanent"), true)?;
    }
    let interface = site.interface;
    // An application's own ids may say who asks: they are made when its hook expects it.
    let sid = if site.shipped.generating.get().kept(interface)? {
        None
    } else {
        Some(interface.call_method0(intern!(py, "_new_sid"))?.unbind())
    };
    {
        let mut session = session.borrow_mut();
        session.interface = Some(interface.clone().unbind());
        session.sid = sid;
    }
    Ok(session.into_any())
}

/// A session of that class, empty and without an id. Its constructor is ours, so it needn't be called.
fn blank<'py>(class: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Session>> {
    Ok(session_new(class.py())?.call1((class,))?.cast_into()?)
}

/// `Session.__new__`.
fn session_new(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static NEW: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let new = once(py, &NEW, || {
        let new = py.get_type::<Session>().getattr(intern!(py, "__new__"))?;
        Ok(new.unbind())
    })?;
    Ok(new.bind(py))
}

pub(super) fn has_own_constructor(class: &Bound<'_, PyAny>, shipped: &Shipped) -> PyResult<bool> {
    let py = class.py();
    let constructor = class.getattr(intern!(py, "__init__"))?;
    Ok(!constructor.is(&shipped.constructor)
        || !class.getattr(intern!(py, "__new__"))?.is(session_new(py)?))
}

/// The one physical entry of an unloaded session.
fn unloaded_entry(py: Python<'_>) -> PyResult<&Bound<'_, Unloaded>> {
    static ENTRY: PyOnceLock<Py<Unloaded>> = PyOnceLock::new();
    let entry = once(py, &ENTRY, || Py::new(py, Unloaded))?;
    Ok(entry.bind(py))
}

#[pyclass(frozen, module = "flask_session._core")]
struct Unloaded;

#[pymethods]
impl Unloaded {
    #[expect(clippy::unused_self, reason = "a method of the class")]
    fn __repr__(&self) -> &'static str {
        "<a session that is not loaded yet>"
    }
}

/// The ids that the request's cookies name, where nobody has replaced how these are read and all are ids as
/// we make them; else `None`.
fn usual_sids<'py>(
    site: &Site<'_, 'py>,
    request: &Bound<'py, PyAny>,
) -> PyResult<Option<Vec<Bound<'py, PyString>>>> {
    let py = site.py();
    let (name, shipped) = (intern!(py, "cookies"), site.shipped.cookies.bind(py));
    let found = request.get_type().getattr(name);
    if !found.is_ok_and(|found| found.is(shipped)) {
        return Ok(None);
    }
    let own = own_attributes(request)?;
    if own.contains(name)? {
        return Ok(None);
    }
    let Some(header) = cookie_header(request, &own)? else {
        return Ok(Some(Vec::new()));
    };
    let header = header.to_str()?;
    if header.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let use_signer = site.interface.getattr(intern!(py, "use_signer"))?;
    if use_signer.is_truthy()? || !site.shipped.reading.get().kept(site.interface)? {
        return Ok(None);
    }
    let name = site
        .config()?
        .get_item(intern!(py, "SESSION_COOKIE_NAME"))?;
    let Ok(name) = name.cast_into::<PyString>() else {
        return Ok(None);
    };
    let most: usize = most_candidates(py)?.extract()?;
    let Some(found) = cookie_values(header, name.to_str()?, most) else {
        return Ok(None);
    };
    if !found.iter().all(|text| SessionId::admits(text)) {
        return Ok(None);
    }
    Ok(Some(
        found.iter().map(|text| PyString::new(py, text)).collect(),
    ))
}

/// `own`: the request's own attributes; found there, the environment costs half.
fn cookie_header<'py>(
    request: &Bound<'py, PyAny>,
    own: &Bound<'py, PyDict>,
) -> PyResult<Option<Bound<'py, PyString>>> {
    let py = request.py();
    let name = intern!(py, "environ");
    let environ = match own.get_item(name)? {
        Some(environ) => environ,
        None => request.getattr(name)?,
    };
    let name = intern!(py, "HTTP_COOKIE");
    let header = match environ.cast_exact::<PyDict>() {
        Ok(environ) => environ.get_item(name)?,
        Err(_) => Some(environ.call_method1(intern!(py, "get"), (name, ""))?),
    };
    Ok(header.map(Bound::cast_into).transpose()?)
}
