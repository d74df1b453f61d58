//! Writing a session, and what its response must say.

use std::sync::Arc;

use flask_session_core::{Commit, Error, ErrorKind, Outcome, Result, SessionId, perform};
use http::HeaderMap;

use super::content::Content;
use super::{State, load};
use crate::site::Site;
use crate::{SessionError, cookie};

/// What becomes of the browser's cookie.
#[derive(Default)]
pub(super) enum Cookie {
    #[default]
    Leave,
    /// Set to this id; whether it outlives the browser.
    Set(SessionId, bool),
    Delete,
}

/// What a response must say about its session.
pub(crate) struct Changes {
    pub(super) site: Arc<Site>,
    pub(super) accessed: bool,
    pub(super) cookie: Cookie,
}

impl Changes {
    pub(crate) fn apply(&self, headers: &mut HeaderMap) {
        if self.accessed || !matches!(self.cookie, Cookie::Leave) {
            cookie::vary(headers);
        }
        match &self.cookie {
            Cookie::Leave => {}
            Cookie::Set(id, permanent) => cookie::set(&self.site, headers, id, *permanent),
            Cookie::Delete => cookie::delete(&self.site, headers),
        }
    }
}

impl State {
    /// Commits what is loaded, or looks after the life of what isn't.
    pub(super) async fn commit(&mut self, site: &Site) -> Result<(), SessionError> {
        match &mut self.loaded {
            Some(Ok(content)) => {
                content.sent = self.sent;
                match save(site, content).await? {
                    Saving::Nothing => {}
                    Saving::Says(cookie) => self.cookie = cookie,
                }
            }
            // Whoever touched it was told.
            Some(Err(_)) => {}
            None if self.sent || self.looked_after => {}
            None => {
                self.cookie = match load::look_after(site, &self.ids).await {
                    Err(failure) if site.tolerates(&failure) => Cookie::Leave,
                    cookie => cookie?,
                };
                self.looked_after = true;
            }
        }
        Ok(())
    }
}

/// What a save says about the cookie.
enum Saving {
    /// Whatever an earlier one said.
    Nothing,
    Says(Cookie),
}

/// Commits a loaded or new session, as `crates/python/src/session/saving.rs` does.
async fn save(site: &Site, content: &mut Content) -> Result<Saving> {
    let slides = site.config.refresh_each_request;
    let empty = content.is_empty();
    if content.is_new() {
        if !content.modified || (empty && content.sent) {
            return Ok(Saving::Nothing);
        }
        if empty {
            return Ok(Saving::Says(Cookie::Delete));
        }
    } else if empty && !content.modified {
        return Ok(Saving::Nothing);
    }
    if content.sent && !empty && content.needs_cookie() {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "the response was made, so the browser can't be told the id of a new or renewed session",
        ));
    }
    let id = content.id(site)?;
    let extended = std::mem::take(&mut content.extended);
    let recalled = site.touches.recall(id.as_str());
    // Unknown: perhaps another request has destroyed or renewed it since it was loaded.
    let due = recalled.is_none_or(|recalled| recalled.due && !extended);
    let touches = due && (slides || content.modified);
    let outcome = perform_commit(site, content, touches).await?;
    match outcome {
        Outcome::Gone => {
            // Destroyed or renewed meanwhile: a cookie from here would undo what the other
            // request has set.
            content.forget_changes();
            return Ok(Saving::Says(Cookie::Leave));
        }
        Outcome::Deleted => {
            content.settle_deleted();
            return Ok(Saving::Says(Cookie::Delete));
        }
        Outcome::Stored(base) | Outcome::Merged(base) => {
            content.settle(id.clone(), base);
            site.touches.note(id.as_str(), content.permanent());
            // The cookie's expiry follows the record's.
            content.modified |= content.permanent();
        }
        Outcome::Touched => {
            content.forget_changes();
            site.touches.note(id.as_str(), content.permanent());
        }
        Outcome::Unchanged => content.forget_changes(),
    }
    let permanent = content.permanent();
    if content.modified || (permanent && slides) {
        return Ok(Saving::Says(Cookie::Set(id, permanent)));
    }
    Ok(Saving::Nothing)
}

/// `touches`: if nothing has to be written, the time to live is restarted.
async fn perform_commit(site: &Site, content: &mut Content, touches: bool) -> Result<Outcome> {
    if content.is_stored() && !touches {
        return Ok(Outcome::Unchanged);
    }
    let target = content.target(site)?;
    let base = content.base.as_ref().map(|(_, base)| base.clone());
    let edit = content.edit();
    let policy = site.config.on_conflict;
    let mut commit = Commit::new(target, base, edit, site.encoding(), policy)?;
    if touches {
        commit = commit.touching();
    }
    let outcome = perform(&*site.store, &mut commit, site.time_to_live()).await?;
    if let Some((loaded, _)) = &content.base {
        let moved =
            !matches!(outcome, Outcome::Unchanged | Outcome::Touched) && content.needs_cookie();
        if moved || matches!(outcome, Outcome::Deleted | Outcome::Gone) {
            site.touches.forget(loaded.as_str());
        }
    }
    Ok(outcome)
}
