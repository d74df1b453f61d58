//! One commit, and what it says about the session.

use pyo3::prelude::*;
use pyo3::types::PyString;

use super::saving::Saving;
use crate::commit::{Commit, Ending};
use crate::held::Held;
use crate::once::intern;

impl<'py> Saving<'_, 'py> {
    /// Commits the session. Returns how that ended.
    pub(super) fn commit(&self, sid: &Bound<'py, PyAny>, touch: bool) -> PyResult<Ending> {
        let (site, session, py) = (&self.site, self.session, self.site.py());
        let key = site.key(sid)?;
        let commit = self.described(&key, touch)?;
        if let Err(failure) = self.place.commit(&commit, site.lifetime()?) {
            if commit.get().touches() && site.tolerates(&failure)? {
                // Nothing had to be written, and whether the session is still there is not known.
                return Ok(Ending::Gone);
            }
            return Err(failure);
        }
        let ending = commit.get().ending().unwrap_or(Ending::Unchanged);
        match ending {
            Ending::Stored | Ending::Merged => {
                if ending == Ending::Merged {
                    commit.get().settle(py, session.as_super())?;
                }
                if session.borrow().renewed {
                    self.forget_touches()?;
                }
                self.keep_base(&commit, key)?;
            }
            Ending::Deleted => {
                self.forget_touches()?;
                self.keep_base(&commit, key)?;
                session.borrow_mut().is_new = true;
            }
            Ending::Gone => self.forget_touches()?,
            Ending::Unchanged | Ending::Touched => {}
        }
        Ok(ending)
    }

    /// The commit, its values encoded.
    fn described(&self, key: &Bound<'py, PyString>, touch: bool) -> PyResult<Bound<'py, Commit>> {
        let (site, py) = (&self.site, self.site.py());
        let codec = site.codec()?;
        let on_conflict = site.interface.getattr(intern!(py, "on_conflict"))?;
        // No borrow may last while values are encoded: that may run Python code.
        let (record, record_key, assigned, deleted, is_renewed, is_adopted, is_cleared) = {
            let session = self.session.borrow();
            (
                session.record.clone_ref(py),
                session.record_key.clone_ref(py),
                session.assigned.clone_ref(py),
                session.deleted.clone_ref(py),
                session.renewed,
                session.adopted,
                session.cleared,
            )
        };
        let is_elsewhere = match &record_key {
            Some(record_key) => key.to_str()? != record_key.to_str(py)?,
            None => true,
        };
        // Also where the key prefix was changed since the session was opened.
        let adopts = is_adopted || (record.is_some() && !is_renewed && is_elsewhere);
        let renewed_from = record_key.as_ref().filter(|_| is_renewed);
        let commit = Commit::new(
            codec.get(),
            self.session.as_super(),
            key.to_str()?,
            record.as_ref().map(Py::get),
            renewed_from.map(|key| key.to_str(py)).transpose()?,
            adopts,
            on_conflict.eq("overwrite")?,
            assigned.as_ref().map(|keys| keys.bind(py).as_any()),
            deleted.as_ref().map(|keys| keys.bind(py).as_any()),
            is_cleared,
            touch,
        )?;
        Bound::new(py, commit)
    }

    /// What was written under `key` is the base of the next commit.
    fn keep_base(&self, commit: &Bound<'py, Commit>, key: Bound<'py, PyString>) -> PyResult<()> {
        let py = self.site.py();
        let record = commit.get().record();
        let record = record.map(|record| Py::new(py, record)).transpose()?;
        let mut session = self.session.borrow_mut();
        session.is_new = false;
        session.renewed = false;
        session.adopted = false;
        session.cleared = false;
        let sid = session.sid.clone_ref(py);
        let former = (
            std::mem::replace(&mut session.record, record),
            std::mem::replace(&mut session.record_sid, sid),
            session.record_key.replace(key.unbind()),
            session.assigned.take(),
            session.deleted.take(),
        );
        // Before these are freed: an application's own ids and keys may have finalizers.
        drop(session);
        drop(former);
        Ok(())
    }

    /// The former id isn't alive any more.
    fn forget_touches(&self) -> PyResult<()> {
        let py = self.site.py();
        let former = self.session.borrow().record_sid.clone_ref(py);
        if let Some(former) = former {
            self.site.touches()?.get().0.forget(former.extract(py)?);
        }
        Ok(())
    }
}
