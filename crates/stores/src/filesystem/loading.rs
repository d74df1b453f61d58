//! Loading, ours before cachelib's.

use flask_session_core::{Key, Loaded, Refresh, Result, Revision};

use super::layout::Name;
use super::record::{self, Record};
use super::{FilesystemStore, cachelib};

enum Found {
    Missing,
    Expired,
    Live(Loaded),
}

impl Found {
    fn loaded(self) -> Option<Loaded> {
        match self {
            Self::Live(loaded) => Some(loaded),
            Self::Missing | Self::Expired => None,
        }
    }
}

impl FilesystemStore {
    pub(super) fn load_now(&self, key: &Key, refresh: Option<Refresh>) -> Result<Option<Loaded>> {
        let name = Name::of(key);
        let lock = match refresh {
            Some(_) => self.lock(&name)?,
            None => None,
        };
        let found = self.find(key, &name, refresh)?;
        if lock.is_some() || !matches!(found, Found::Expired) {
            return Ok(found.loaded());
        }
        // An expiry that is being rewritten may be seen half old, half new.
        let _lock = self.lock(&name)?;
        Ok(self.find(key, &name, refresh)?.loaded())
    }

    /// Reads what is under `key`, ours before cachelib's, and restarts its time to live.
    fn find(&self, key: &Key, name: &Name, refresh: Option<Refresh>) -> Result<Found> {
        if let Some(found) = self.find_ours(key, name, refresh)? {
            return Ok(found);
        }
        let legacy = cachelib::find(self.layout.directory(), key, refresh.is_some())?;
        let Some(legacy) = legacy else {
            // A save may have replaced cachelib's by ours between the two looks.
            let found = self.find_ours(key, name, refresh)?;
            return Ok(found.unwrap_or(Found::Missing));
        };
        let now = self.clock.now();
        if !legacy.is_live(now) {
            return Ok(Found::Expired);
        }
        if let Some(Refresh { ttl }) = refresh {
            legacy.write_expiry(now.after(ttl))?;
        }
        Ok(Found::Live(Loaded {
            revision: Revision::of_payload(legacy.payload.clone()),
            remaining: legacy.expiry().map(|expiry| expiry.since(now)),
            payload: legacy.payload,
        }))
    }

    fn find_ours(&self, key: &Key, name: &Name, refresh: Option<Refresh>) -> Result<Option<Found>> {
        if !self.is_made()? {
            return Ok(None);
        }
        let Some(mut file) = self.open_record(name, refresh.is_some())? else {
            return Ok(None);
        };
        let record = Record::read(&mut file, key)?;
        let now = self.clock.now();
        if record.head.expiry <= now {
            return Ok(Some(Found::Expired));
        }
        if let Some(Refresh { ttl }) = refresh {
            record::write_expiry(&file, now.after(ttl))?;
        }
        Ok(Some(Found::Live(Loaded {
            payload: record.payload,
            revision: Revision::of_number(record.head.revision),
            remaining: Some(record.head.expiry.since(now)),
        })))
    }
}
