//! Loading, and extending a life.

use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{Key, Loaded, Refresh, Revision};
use mongodb::bson::doc;

use super::MongoStore;
use super::document::{expiration, fields, live, read};
use super::failure::Failure;

impl MongoStore {
    /// One `find`, or one `findAndModify`; tried again once if the connection broke.
    pub(super) async fn read(
        &self,
        key: &Key,
        refresh: Option<Refresh>,
    ) -> Result<Option<Loaded>, Failure> {
        match self.look_up(key, refresh).await {
            Err(Failure::Lost(_) | Failure::WriteConflict) => self.look_up(key, refresh).await,
            loaded => loaded,
        }
    }

    async fn look_up(
        &self,
        key: &Key,
        refresh: Option<Refresh>,
    ) -> Result<Option<Loaded>, Failure> {
        let sessions = self.connection.sessions(&self.options).await?;
        let now = self.clock.now();
        let filter = live(key, now);
        let found = match refresh {
            None => sessions.find_one(filter).projection(fields()).await?,
            Some(Refresh { ttl }) => {
                let later = doc! { "$set": { "expiration": expiration(now, ttl) } };
                let update = sessions.find_one_and_update(filter, later);
                update.projection(fields()).await?
            }
        };
        let Some(document) = found else {
            return Ok(None);
        };
        let (payload, remaining) = read(&document, now)?;
        Ok(Some(Loaded {
            revision: Revision::of_payload(payload.clone()),
            payload,
            remaining,
        }))
    }

    /// The payload of the live document.
    pub(super) async fn payload(&self, key: &Key) -> Result<Option<Bytes>, Failure> {
        let found = self.read(key, None).await?;
        Ok(found.map(|loaded| loaded.payload))
    }

    /// One `update`, tried again once if the connection broke.
    pub(super) async fn extend(&self, key: &Key, ttl: Duration) -> Result<bool, Failure> {
        match self.extend_once(key, ttl).await {
            Err(Failure::Lost(_) | Failure::WriteConflict) => self.extend_once(key, ttl).await,
            extended => extended,
        }
    }

    async fn extend_once(&self, key: &Key, ttl: Duration) -> Result<bool, Failure> {
        let sessions = self.connection.sessions(&self.options).await?;
        let now = self.clock.now();
        let later = doc! { "$set": { "expiration": expiration(now, ttl) } };
        let updated = sessions.update_one(live(key, now), later).await?;
        Ok(updated.matched_count > 0)
    }
}
