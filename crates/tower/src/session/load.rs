//! Finding a session by the ids that a request names.

use flask_session_core::{Base, Error, ErrorKind, Recall, Refresh, Result, SessionId};

use super::commit::Cookie;
use super::content::Content;
use crate::site::Site;

/// The record under `id`. None if there is none, or none that can be read, which is logged.
async fn read(site: &Site, id: &SessionId, refresh: Option<Refresh>) -> Result<Option<Base>> {
    let loaded = site.store.load(&site.key(id), refresh).await;
    let read = loaded.and_then(|loaded| match loaded {
        Some(loaded) => Base::read(loaded, site.encoding()),
        None => Ok(None),
    });
    match read {
        Err(error) if error.kind() == ErrorKind::Corrupt => {
            site.report_unreadable(id, &error);
            Ok(None)
        }
        Ok(None) => {
            site.touches.forget(id.as_str());
            Ok(None)
        }
        read => read,
    }
}

/// The first of the sessions that the store knows, or a new one. `slides`: its life is extended in
/// the same round trip, if that is due.
pub(super) async fn first(site: &Site, ids: &[SessionId], slides: bool) -> Result<Content, Error> {
    for id in ids {
        let due = slides && site.touches.recall(id.as_str()).is_none_or(is_due);
        let refresh = due.then(|| site.refresh());
        if let Some(base) = read(site, id, refresh).await? {
            if due {
                site.touches.note(id.as_str(), base.record.permanent());
            }
            return Ok(Content::stored(id.clone(), base, due));
        }
    }
    Content::new(site)
}

/// Extends the life of a session that nobody touched; asks nothing of the store while that isn't
/// due.
pub(super) async fn look_after(site: &Site, ids: &[SessionId]) -> Result<Cookie> {
    if !site.config.refresh_each_request {
        return Ok(Cookie::Leave);
    }
    for id in ids {
        let permanent = match site.touches.recall(id.as_str()) {
            Some(recall) if !is_due(recall) => return Ok(Cookie::Leave),
            Some(recall) => {
                let (key, ttl) = (site.key(id), site.time_to_live());
                let touched = site.store.touch(&key, ttl).await?;
                touched.then_some(recall.permanent)
            }
            // Only the record says whether the session is permanent.
            None => {
                let base = read(site, id, Some(site.refresh())).await?;
                base.map(|base| base.record.permanent())
            }
        };
        if let Some(permanent) = permanent {
            site.touches.note(id.as_str(), permanent);
            return Ok(if permanent {
                Cookie::Set(id.clone(), true)
            } else {
                Cookie::Leave
            });
        }
        site.touches.forget(id.as_str());
    }
    Ok(Cookie::Leave)
}

fn is_due(recall: Recall) -> bool {
    recall.due
}
