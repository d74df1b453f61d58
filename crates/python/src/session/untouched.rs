//! Saving a session that nobody looked at: its expiry slides, and nothing is sent while that is not due.

use pyo3::prelude::*;

use super::saving::Saving;
use super::site::Site;
use super::state::Session;
use crate::error::SessionCorrupt;

/// Whether nobody looked at the session, and its life was extended within the interval: the usual static file.
pub(super) fn rests(site: &Site<'_, '_>, session: &Bound<'_, Session>) -> PyResult<bool> {
    let py = session.py();
    let first = match &session.borrow().unloaded {
        Some(candidates) => candidates.first().map(|first| first.sid.clone_ref(py)),
        None => None,
    };
    let Some(sid) = first else { return Ok(false) };
    let recalled = site.touches()?.get().0.recall(sid.to_str(py)?);
    Ok(recalled.is_some_and(|recalled| !recalled.due)
        && site.shipped.storage.get().kept(site.interface)?
        && site.stores_as_shipped()?
        && site.refreshes()?)
}

impl Saving<'_, '_> {
    pub(super) fn save_untouched(&self) -> PyResult<()> {
        if self.session.borrow().unloadable.is_some() {
            return Ok(());
        }
        if self.site.stores_as_shipped()? {
            if self.site.refreshes()? {
                return self.slide();
            }
        } else if self.site.should_set_storage(self.session)? {
            if self.session.borrow().unloaded.is_none() {
                // The hook looked at the session.
                return self.save_loaded(true);
            }
            return self.slide();
        }
        self.close();
        Ok(())
    }

    /// Keeps the first session that one of the ids names alive, and answers with its cookie.
    fn slide(&self) -> PyResult<()> {
        let (site, py) = (&self.site, self.site.py());
        let candidates = self.session.borrow().unloaded.clone().unwrap_or_default();
        let touches = site.touches()?;
        let touches = &touches.get().0;
        for candidate in &*candidates {
            let (sid, key) = (candidate.sid.bind(py), candidate.key.bind(py));
            let text = sid.to_str()?;
            let permanent = match touches.recall(text) {
                Some(recalled) if !recalled.due => break,
                Some(recalled) => match self.place.touch(key, site.lifetime()?) {
                    Ok(found) => found.then_some(recalled.permanent),
                    Err(failure) if site.tolerates(&failure)? => None,
                    Err(failure) => return Err(failure),
                },
                // Only the record says whether the session is permanent.
                None => match self.place.load(&site.codec()?, key, Some(site.lifetime()?)) {
                    Ok(record) => record.map(|record| record.get().permanent()),
                    Err(reason) if reason.is_instance_of::<SessionCorrupt>(py) => {
                        site.report_corrupt(text, &reason)?;
                        continue;
                    }
                    Err(failure) if site.tolerates(&failure)? => return Ok(()),
                    Err(failure) => return Err(failure),
                },
            };
            if let Some(permanent) = permanent {
                touches.note(text, permanent);
                let is_plain = site.answers_as_shipped()?;
                self.session.borrow_mut().known_permanent = Some(permanent);
                let answered = self.answer(sid, is_plain);
                self.session.borrow_mut().known_permanent = None;
                answered?;
                break;
            }
            touches.forget(text);
        }
        self.close();
        Ok(())
    }

    /// Changes come too late from now on.
    fn close(&self) {
        self.session.borrow_mut().saved_by = Some(self.site.app.clone().unbind());
    }
}
