//! What an interface and its application say, by the names that applications may assign and override.

use std::cell::OnceCell;

use pyo3::prelude::*;
use pyo3::types::{PyAny, PyDict, PyString};

use super::shipped::Shipped;
use super::state::Session;
use crate::codec_class::Codec;
use crate::error::StoreFailure;
use crate::held::Held;
use crate::lifetime::Lifetime;
use crate::once::{intern, python};
use crate::overrides::codes_alone;
use crate::store::Store;
use crate::touches::Touches;

/// An interface and the application that it serves at the moment.
pub(crate) struct Site<'a, 'py> {
    pub(crate) interface: &'a Bound<'py, PyAny>,
    pub(crate) app: &'a Bound<'py, PyAny>,
    pub(crate) shipped: &'a Shipped,
    refreshes: OnceCell<bool>,
}

python!(lifetime: Lifetime = "flask_session.lifetime", "LIFETIME");

impl<'a, 'py> Site<'a, 'py> {
    pub(crate) fn new(
        interface: &'a Bound<'py, PyAny>,
        app: &'a Bound<'py, PyAny>,
        shipped: &'a Shipped,
    ) -> Self {
        Self {
            interface,
            app,
            shipped,
            refreshes: OnceCell::new(),
        }
    }

    pub(crate) fn py(&self) -> Python<'py> {
        self.interface.py()
    }

    /// Where `sid`'s session lies in the store.
    pub(crate) fn key(&self, sid: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
        let key = self
            .interface
            .call_method1(intern!(self.py(), "_get_store_id"), (sid,))?;
        Ok(key.cast_into()?)
    }

    pub(crate) fn codec(&self) -> PyResult<Bound<'py, Codec>> {
        let py = self.py();
        let serializer = self.interface.getattr(intern!(py, "serializer"))?;
        Ok(serializer.getattr(intern!(py, "codec"))?.cast_into()?)
    }

    pub(crate) fn touches(&self) -> PyResult<Bound<'py, Touches>> {
        let py = self.py();
        let touches = self.interface.getattr(intern!(py, "_touches"))?;
        if let Ok(touches) = touches.cast_into::<Touches>() {
            return Ok(touches);
        }
        let made = self
            .interface
            .call_method1(intern!(py, "_touched"), (self.app,))?;
        Ok(made.cast_into()?)
    }

    pub(crate) fn config(&self) -> PyResult<Bound<'py, PyAny>> {
        self.app.getattr(intern!(self.py(), "config"))
    }

    /// Whether each request extends a session's life. Looked up once in each call of Flask's.
    pub(crate) fn refreshes(&self) -> PyResult<bool> {
        if let Some(refreshes) = self.refreshes.get() {
            return Ok(*refreshes);
        }
        let setting = intern!(self.py(), "SESSION_REFRESH_EACH_REQUEST");
        let refreshes = self.config()?.get_item(setting)?.is_truthy()?;
        Ok(*self.refreshes.get_or_init(|| refreshes))
    }

    /// How long sessions live, in seconds.
    pub(crate) fn lifetime(&self) -> PyResult<i64> {
        lifetime(self.py())?.get().seconds(self.app)
    }

    /// Whether new sessions are permanent.
    pub(crate) fn is_permanent(&self) -> PyResult<bool> {
        self.interface
            .getattr(intern!(self.py(), "permanent"))?
            .is_truthy()
    }

    pub(crate) fn stores_as_shipped(&self) -> PyResult<bool> {
        self.shipped.storing.get().kept(self.interface)
    }

    pub(crate) fn answers_as_shipped(&self) -> PyResult<bool> {
        self.shipped.answering.get().kept(self.interface)
    }

    /// Whether `should_set_storage`, an application's own, says yes.
    pub(crate) fn should_set_storage(&self, session: &Bound<'py, Session>) -> PyResult<bool> {
        let hook = intern!(self.py(), "should_set_storage");
        self.interface
            .call_method1(hook, (self.app, session))?
            .is_truthy()
    }

    /// Whether the store failed, and not the session. Native stores raise what was imported first.
    fn is_store_failure(&self, failure: &PyErr) -> bool {
        let py = self.py();
        failure.is_instance_of::<StoreFailure>(py)
            || failure.is_instance(py, self.shipped.failure.bind(py))
    }

    /// Whether the request goes on without its session, since it is the store that failed.
    pub(crate) fn tolerates(&self, failure: &PyErr) -> PyResult<bool> {
        if !self.is_store_failure(failure) {
            return Ok(false);
        }
        let py = self.py();
        let method = intern!(py, "_tolerates");
        self.interface
            .call_method1(method, (self.app, failure.value(py)))?
            .is_truthy()
    }

    pub(crate) fn report_corrupt(&self, sid: &str, reason: &PyErr) -> PyResult<()> {
        let py = self.py();
        let method = intern!(py, "_report_corrupt");
        self.interface
            .call_method1(method, (self.app, sid, reason.value(py)))
            .map(drop)
    }
}

/// Whether a wait in native code would stop every greenlet.
fn is_under_greenlets(py: Python<'_>) -> PyResult<bool> {
    python!(under_greenlets: PyAny = "flask_session.greenlets", "under_greenlets");
    python!(modules: PyDict = "sys", "modules");
    let modules = modules(py)?;
    let may_be = modules.contains(intern!(py, "gevent.monkey"))?
        || modules.contains(intern!(py, "eventlet.patcher"))?;
    Ok(may_be && !under_greenlets(py)?.call0()?.is_none())
}

/// The store to use directly, for `session` if there is one; `None` if all hooks must be called.
pub(crate) fn direct_store<'py>(
    interface: &Bound<'py, PyAny>,
    shipped: &Shipped,
    session: Option<&Bound<'py, Session>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = interface.py();
    let serializer = interface.getattr(intern!(py, "serializer"))?;
    if !codes_alone(
        &serializer,
        shipped.coding.bind(py),
        shipped.serializer.bind(py),
    )? || !shipped.storage.get().kept(interface)?
    {
        return Ok(None);
    }
    let used = match session {
        None => None,
        Some(session) => {
            let session = session.borrow();
            // Stored, but not loaded from a record: there is nothing to compare a change with. Hooks of the
            // application have loaded it, or it is a copy.
            if session.record.is_none()
                && !(session.is_new || session.adopted)
                && session.unloaded.is_none()
            {
                return Ok(None);
            }
            session.store.clone_ref(py)
        }
    };
    let store = interface.call_method0(intern!(py, "_current_store"))?;
    if used.is_some_and(|used| used.is(&store)) {
        // Found to need no guard when the session was opened.
        return Ok(Some(store));
    }
    if store.is_none() || shipped.need_hooks.bind(py).contains(store.get_type())? {
        return Ok(None);
    }
    // Asked each time: gunicorn patches sockets in its workers, after a preloaded application is there.
    if store.is_exact_instance_of::<Store>() && !is_under_greenlets(py)? {
        return Ok(Some(store));
    }
    interface
        .call_method1(intern!(py, "_guard"), (store,))
        .map(Some)
}
