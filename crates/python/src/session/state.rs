//! `Session`: the native part of the dict that users hold.

use std::sync::Arc;

use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PySet, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use super::changes::{self, OnUpdate};
use super::entries;
use super::load::{Candidate, touch};
use crate::record::Record;

/// See `_core.pyi`.
#[pyclass(subclass, mapping, extends = PyDict, module = "flask_session._core")]
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what Flask asks of a session"
)]
pub(crate) struct Session {
    pub(crate) accessed: bool,
    pub(crate) on_update: OnUpdate,
    #[pyo3(get, name = "_sid")]
    pub(crate) sid: Option<Py<PyAny>>,
    #[pyo3(get, set, name = "_new")]
    pub(crate) is_new: bool,
    #[pyo3(get, set, name = "_modified")]
    pub(crate) modified: bool,
    /// `modified` was set to false by hand.
    #[pyo3(get, name = "_suppressed")]
    pub(crate) suppressed: bool,
    /// Makes the id of a new session when it is first needed.
    #[pyo3(get, name = "_interface")]
    pub(crate) interface: Option<Py<PyAny>>,
    /// Until it is loaded: the ids that the request's cookies name, in the order to try.
    pub(crate) unloaded: Option<Arc<[Candidate]>>,
    pub(crate) app: Option<Py<PyAny>>,
    pub(crate) store: Option<Py<PyAny>>,
    /// Why loading failed; each later touch fails alike, at once.
    pub(crate) unloadable: Option<Py<PyAny>>,
    /// Made when it is first needed, per session: no other process inherits it locked.
    pub(crate) lock: Option<Py<PyAny>>,
    /// Known without loading, while an untouched session is saved.
    pub(crate) known_permanent: Option<bool>,
    pub(crate) record: Option<Py<Record>>,
    pub(crate) record_sid: Option<Py<PyAny>>,
    /// Where the record lies in the store.
    pub(crate) record_key: Option<Py<PyString>>,
    /// The id was regenerated; the record still lies under `record_key`.
    pub(crate) renewed: bool,
    /// The application chose the id.
    #[pyo3(get, set, name = "_adopted")]
    pub(crate) adopted: bool,
    pub(crate) assigned: Option<Py<PySet>>,
    pub(crate) deleted: Option<Py<PySet>>,
    pub(crate) cleared: bool,
    /// It could not be loaded: it stays empty.
    #[pyo3(get, name = "_load_failure")]
    pub(crate) load_failure: Option<Py<PyAny>>,
    /// Why the last save failed.
    pub(crate) save_failure: Option<Py<PyAny>>,
    /// Encoded as loaded, where hooks of the application load it.
    #[pyo3(get, name = "_snapshot")]
    pub(crate) snapshot: Option<Py<PyAny>>,
    /// Its life was extended when it was loaded, in this request.
    pub(crate) extended: bool,
    /// The application whose response was made without the session: changes come too late.
    pub(crate) saved_by: Option<Py<PyAny>>,
    /// The attribute that was deleted and not yet assigned again, as `mock.patch.object` does it.
    absent: Option<&'static str>,
}

impl Session {
    /// Assigns a field. What was there is freed after the borrow: it may have finalizers.
    pub(super) fn put<T>(slf: &Bound<'_, Self>, field: impl FnOnce(&mut Self) -> &mut T, value: T) {
        let former = std::mem::replace(field(&mut slf.borrow_mut()), value);
        drop(former);
    }

    fn check(&self, attribute: &'static str) -> PyResult<()> {
        if self.absent == Some(attribute) {
            return Err(PyAttributeError::new_err(attribute));
        }
        Ok(())
    }
}

#[pymethods]
impl Session {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            is_new: true,
            ..Self::default()
        }
    }

    // Attributes

    /// Whether somebody has looked at the session; the response then says ``Vary: Cookie``.
    #[getter]
    fn get_accessed(&self) -> PyResult<bool> {
        self.check("accessed")?;
        Ok(self.accessed)
    }

    #[setter]
    fn set_accessed(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let value = value.is_truthy()?;
        let mut session = slf.borrow_mut();
        session.accessed = value;
        session.absent = None;
        Ok(())
    }

    #[deleter]
    fn delete_accessed(&mut self) {
        self.absent = Some("accessed");
    }

    #[getter]
    fn on_update(slf: &Bound<'_, Self>) -> PyResult<Option<Py<PyAny>>> {
        slf.borrow().check("on_update")?;
        changes::on_update(slf)
    }

    #[setter]
    fn set_on_update(slf: &Bound<'_, Self>, value: Bound<'_, PyAny>) -> PyResult<()> {
        let value = OnUpdate::of(value)?;
        slf.borrow_mut().absent = None;
        Self::put(slf, |session| &mut session.on_update, value);
        Ok(())
    }

    #[deleter]
    fn delete_on_update(&mut self) {
        self.absent = Some("on_update");
    }

    /// The session's id.
    #[getter(sid)]
    fn loaded_sid<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyAny>>> {
        slf.borrow().check("sid")?;
        changes::sid(slf)
    }

    #[setter(sid)]
    fn assign_sid(slf: &Bound<'_, Self>, value: Bound<'_, PyAny>) -> PyResult<()> {
        slf.borrow_mut().absent = None;
        changes::assign_sid(slf, value)
    }

    #[deleter(sid)]
    fn delete_sid(&mut self) {
        self.absent = Some("sid");
    }

    /// Whether the session was never stored.
    #[getter(new)]
    fn is_never_stored(slf: &Bound<'_, Self>) -> PyResult<bool> {
        touch(slf)?;
        Ok(slf.borrow().is_new)
    }

    /// Whether an entry was assigned or deleted; may be set. Reading it does not load the session.
    #[getter]
    fn get_modified(&self) -> PyResult<bool> {
        self.check("modified")?;
        Ok(self.modified)
    }

    #[setter]
    fn set_modified(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let value = value.is_truthy()?;
        if value {
            touch(slf)?;
        }
        let mut session = slf.borrow_mut();
        session.modified = value;
        session.suppressed = !value;
        session.absent = None;
        Ok(())
    }

    #[deleter]
    fn delete_modified(&mut self) {
        self.absent = Some("modified");
    }

    /// The ``_permanent`` entry.
    #[getter]
    fn get_permanent(slf: &Bound<'_, Self>) -> PyResult<bool> {
        entries::permanent(slf)
    }

    #[setter]
    fn set_permanent(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        entries::set_permanent(slf, value)
    }

    #[setter(_sid)]
    fn set_own_sid(slf: &Bound<'_, Self>, value: Option<Py<PyAny>>) {
        Self::put(slf, |session| &mut session.sid, value);
    }

    #[setter(_interface)]
    fn set_interface(slf: &Bound<'_, Self>, value: Option<Py<PyAny>>) {
        Self::put(slf, |session| &mut session.interface, value);
    }

    #[setter(_load_failure)]
    fn set_load_failure(slf: &Bound<'_, Self>, value: Option<Py<PyAny>>) {
        Self::put(slf, |session| &mut session.load_failure, value);
    }

    #[setter(_snapshot)]
    fn set_snapshot(slf: &Bound<'_, Self>, value: Option<Py<PyAny>>) {
        Self::put(slf, |session| &mut session.snapshot, value);
    }

    // The dict's methods that pages use most

    fn __bool__(slf: &Bound<'_, Self>) -> PyResult<bool> {
        touch(slf)?;
        Ok(!entries::is_empty(slf)?)
    }

    fn __len__(slf: &Bound<'_, Self>) -> PyResult<usize> {
        touch(slf)?;
        Ok(slf.as_super().len())
    }

    fn __contains__(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        touch(slf)?;
        slf.as_super().contains(key)
    }

    fn __getitem__<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        entries::get_item(slf, key)
    }

    fn __setitem__(
        slf: &Bound<'_, Self>,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        entries::set_item(slf, key, value)
    }

    fn __delitem__(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>) -> PyResult<()> {
        entries::del_item(slf, key)
    }

    /// The value under ``key``, or ``default``.
    #[pyo3(signature = (key, default = None))]
    fn get<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(entries::find(slf, key)?.or(default))
    }

    // What the others are made of

    fn _touch(slf: &Bound<'_, Self>) -> PyResult<()> {
        touch(slf)
    }

    fn _touch_all(slf: &Bound<'_, Self>) -> PyResult<()> {
        touch(slf)?;
        entries::resolve_all(slf)
    }

    fn _resolve<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        entries::resolve(slf, key)
    }

    fn _change(slf: &Bound<'_, Self>) -> PyResult<()> {
        changes::begin(slf)
    }

    #[pyo3(signature = (*keys))]
    fn _note_assigned(slf: &Bound<'_, Self>, keys: &Bound<'_, PyTuple>) -> PyResult<()> {
        keys.iter()
            .try_for_each(|key| changes::note_assigned(slf, &key))
    }

    fn _note_deleted(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>) -> PyResult<()> {
        changes::note_deleted(slf, key)
    }

    fn _note_cleared(&mut self) {
        self.cleared = true;
    }

    fn _updated(slf: &Bound<'_, Self>) -> PyResult<()> {
        changes::updated(slf)
    }

    fn _renew(slf: &Bound<'_, Self>, sid: Bound<'_, PyAny>) -> PyResult<()> {
        changes::renew(slf, sid)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let OnUpdate::Own(own) = &self.on_update {
            visit.call(own)?;
        }
        for held in [
            &self.sid,
            &self.interface,
            &self.app,
            &self.store,
            &self.lock,
            &self.record_sid,
            // Their tracebacks may lead back here.
            &self.unloadable,
            &self.load_failure,
            &self.save_failure,
            &self.snapshot,
            &self.saved_by,
        ] {
            visit.call(held)?;
        }
        visit.call(&self.assigned)?;
        visit.call(&self.deleted)
    }

    fn __clear__(&mut self) {
        *self = Self::default();
    }
}
