//! Committing a loaded or new session, while no hook of the storage is replaced.

use pyo3::prelude::*;
use pyo3::types::PyAny;

use super::entries;
use super::place::Place;
use super::site::Site;
use super::state::Session;
use crate::answer::Answer;
use crate::commit::Ending;
use crate::held::Held;
use crate::once::{intern, python};

python!(answer: Answer = "flask_session.cookie_hooks", "ANSWER");

/// One request's save.
pub(crate) struct Saving<'a, 'py> {
    pub(crate) site: Site<'a, 'py>,
    pub(crate) place: &'a Place<'py>,
    pub(crate) session: &'a Bound<'py, Session>,
    pub(crate) response: &'a Bound<'py, PyAny>,
    /// The response has its `Vary`: somebody had looked at the session.
    pub(crate) varied: bool,
}

impl<'py> Saving<'_, 'py> {
    pub(crate) fn save(&self) -> PyResult<()> {
        if self.session.borrow().unloaded.is_some() {
            self.save_untouched()
        } else {
            self.save_loaded(false)
        }
    }

    /// `asked`: an application's own `should_set_storage` has said yes.
    pub(crate) fn save_loaded(&self, asked: bool) -> PyResult<()> {
        let (site, session) = (&self.site, self.session);
        let slides = site.refreshes()?;
        let is_plain = site.answers_as_shipped()?;
        let is_empty = entries::is_empty(session)?;
        let (is_modified, is_suppressed, is_stored) = {
            let session = session.borrow();
            (
                session.modified,
                session.suppressed,
                session.record.is_some(),
            )
        };
        if is_empty {
            if !is_modified {
                return Ok(());
            }
            if !is_stored {
                return self.forget();
            }
        } else if is_plain || site.stores_as_shipped()? {
            if !slides && !is_modified && (is_suppressed || !is_stored) {
                return Ok(());
            }
        } else if !asked && !site.should_set_storage(session)? {
            return Ok(());
        }
        let sid = self.sid()?;
        let touch = self.is_touch_due(&sid, slides || asked)?;
        let ending = if !is_empty && !touch && self.is_as_loaded(&sid)? {
            Ending::Unchanged
        } else {
            self.commit(&sid, touch)?
        };
        match ending {
            Ending::Deleted if is_empty => return self.delete_cookie(),
            // Destroyed or renewed meanwhile: a cookie from here would undo what the other request has set.
            Ending::Gone => return Ok(()),
            _ => {}
        }
        session.borrow_mut().extended = false;
        if ending != Ending::Unchanged {
            let is_permanent = entries::is_permanent(session)?;
            site.touches()?.get().0.note(sid.extract()?, is_permanent);
            if ending != Ending::Touched && is_permanent {
                // The cookie's expiry follows the record's, also after a change inside a value.
                session.borrow_mut().modified = true;
            }
        }
        self.answer(&sid, is_plain)
    }

    /// Sets the cookie if it is to be set. `is_plain`: whether no hook of it is replaced.
    pub(crate) fn answer(&self, sid: &Bound<'py, PyAny>, is_plain: bool) -> PyResult<()> {
        let (py, site, session) = (self.site.py(), &self.site, self.session);
        if is_plain {
            let is_permanent = session.getattr(intern!(py, "permanent"))?.is_truthy()?;
            let is_modified = session.getattr(intern!(py, "modified"))?.is_truthy()?;
            let is_wanted = is_modified || (is_permanent && site.refreshes()?);
            if !is_wanted {
                return Ok(());
            }
            let answer = answer(py)?.get();
            if answer.write(
                site.interface,
                site.app,
                sid,
                is_permanent,
                self.response,
                self.varied,
            )? {
                return Ok(());
            }
        } else {
            let hook = intern!(py, "should_set_cookie");
            let is_wanted = site.interface.call_method1(hook, (site.app, session))?;
            if !is_wanted.is_truthy()? {
                return Ok(());
            }
        }
        let method = intern!(py, "_set_cookie");
        site.interface
            .call_method1(method, (site.app, session, sid, self.response))
            .map(drop)
    }

    /// Ends a session that was emptied before it was stored.
    fn forget(&self) -> PyResult<()> {
        let py = self.site.py();
        let (sid, is_adopted) = {
            let session = self.session.borrow();
            (session.sid.clone_ref(py), session.adopted)
        };
        // Nothing of ours is in the store, unless the application named a record itself.
        if let Some(sid) = sid.filter(|_| is_adopted) {
            self.place.delete(&self.site.key(sid.bind(py))?)?;
        }
        self.delete_cookie()
    }

    fn delete_cookie(&self) -> PyResult<()> {
        let method = intern!(self.site.py(), "_delete_cookie");
        self.site
            .interface
            .call_method1(method, (self.site.app, self.response))
            .map(drop)
    }

    /// The session's id, as its class gives it; a new one's is made now.
    fn sid(&self) -> PyResult<Bound<'py, PyAny>> {
        let sid = self.session.getattr(intern!(self.site.py(), "sid"))?;
        Ok(if sid.is_truthy()? {
            sid
        } else {
            intern!(self.site.py(), "").clone().into_any()
        })
    }

    /// Whether a session that needs no write must have its time to live restarted.
    fn is_touch_due(&self, sid: &Bound<'py, PyAny>, wanted: bool) -> PyResult<bool> {
        if !(wanted || self.session.borrow().modified) {
            return Ok(false);
        }
        let touches = self.site.touches()?;
        let recalled = touches.get().0.recall(sid.extract()?);
        // Unknown: perhaps another thread has destroyed or renewed it since it was loaded.
        Ok(recalled.is_none_or(|recalled| recalled.due && !self.session.borrow().extended))
    }

    /// Whether a commit would find nothing to do. False proves nothing.
    fn is_as_loaded(&self, sid: &Bound<'py, PyAny>) -> PyResult<bool> {
        let py = self.site.py();
        let (record, key) = {
            let session = self.session.borrow();
            let (Some(record), Some(key)) = (&session.record, &session.record_key) else {
                return Ok(false);
            };
            if session.assigned.is_some()
                || session.deleted.is_some()
                || session.renewed
                || session.adopted
                || session.cleared
            {
                return Ok(false);
            }
            (record.clone_ref(py), key.clone_ref(py))
        };
        Ok(self.site.key(sid)?.to_str()? == key.to_str(py)?
            && record
                .get()
                .holds(self.site.codec()?.get(), self.session.as_super()))
    }
}
