//! Saving and deleting under an expectation.

use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{Deleted, Error, ErrorKind, Expect, Key, Limit, Revision, Saved};
use mongodb::bson::{Bson, Document, doc};

use super::MongoStore;
use super::document::{LARGEST, contents, expiration, expired, live, value, value_or_text};
use super::failure::Failure;

impl MongoStore {
    pub(super) async fn write(
        &self,
        key: &Key,
        payload: Bytes,
        ttl: Duration,
        expect: &Expect,
    ) -> Result<Saved, Failure> {
        if payload.len() > LARGEST {
            let limit = Limit {
                of: "MongoDB, for a session and what it replaces,",
                bytes: Some(LARGEST),
                remedy: "",
            };
            return Err(limit.exceeded(Some(payload.len())).into());
        }
        let stored = match self.write_once(key, &payload, ttl, expect).await {
            Err(Failure::Lost(_)) => self.settle(key, &payload, ttl, expect).await?,
            Err(Failure::Duplicate | Failure::WriteConflict) if *expect == Expect::Anything => {
                self.write_once(key, &payload, ttl, expect).await?
            }
            Err(Failure::Duplicate | Failure::WriteConflict) => false,
            stored => stored?,
        };
        Ok(if stored {
            Saved::Stored(Revision::of_payload(payload))
        } else {
            Saved::Conflict
        })
    }

    /// Tries once; whether it was stored.
    async fn write_once(
        &self,
        key: &Key,
        payload: &Bytes,
        ttl: Duration,
        expect: &Expect,
    ) -> Result<bool, Failure> {
        let sessions = self.connection.sessions(&self.options).await?;
        let unique = self.inspect(sessions).await.unique;
        let now = self.clock.now();
        let change = contents(payload, expiration(now, ttl));
        match expect {
            Expect::Revision(revision) => {
                let filter = revised(live(key, now), value(expected(revision)?));
                let updated = sessions.update_one(filter, change.clone()).await?;
                if updated.matched_count > 0 {
                    return Ok(true);
                }
                let Some(filter) = textual(live(key, now), expected(revision)?) else {
                    return Ok(false);
                };
                let updated = sessions.update_one(filter, change).await?;
                Ok(updated.matched_count > 0)
            }
            // An expired document is replaced; beside a live one the index forbids another.
            Expect::Absent if unique => {
                let filter = expired(key, now);
                let updated = sessions.update_one(filter, change).upsert(true).await?;
                Ok(updated.matched_count > 0 || updated.upserted_id.is_some())
            }
            expect => {
                if *expect == Expect::Absent && self.payload(key).await?.is_some() {
                    return Ok(false);
                }
                let filter = doc! { "id": key.as_str() };
                sessions.update_one(filter, change).upsert(true).await?;
                Ok(true)
            }
        }
    }

    /// After a save whose reply was lost: finds out whether it took place, and if not, tries
    /// again.
    async fn settle(
        &self,
        key: &Key,
        payload: &Bytes,
        ttl: Duration,
        expect: &Expect,
    ) -> Result<bool, Failure> {
        let found = self.payload(key).await?;
        if found.as_ref() == Some(payload) {
            return Ok(true);
        }
        let holds = match expect {
            Expect::Absent => found.is_none(),
            Expect::Revision(revision) => found.is_some() && found.as_ref() == revision.payload(),
            Expect::Anything => true,
        };
        if !holds {
            return Ok(false);
        }
        match self.write_once(key, payload, ttl, expect).await {
            Ok(true) => Ok(true),
            // The first try may have arrived after all, between the reading and the second.
            Ok(false) | Err(Failure::Duplicate | Failure::WriteConflict) => {
                Ok(self.payload(key).await?.as_ref() == Some(payload))
            }
            Err(failure) => Err(failure),
        }
    }

    pub(super) async fn forget(&self, key: &Key, expect: &Expect) -> Result<Deleted, Failure> {
        if *expect != Expect::Absent {
            // A second delete can do no more than the first. If the first took place unseen, the
            // answer is that there is no record, which is true.
            let removed = match self.remove(key, expect).await {
                Err(Failure::Lost(_) | Failure::WriteConflict) => self.remove(key, expect).await?,
                removed => removed?,
            };
            if removed {
                return Ok(Deleted::Removed);
            }
            if *expect == Expect::Anything {
                return Ok(Deleted::Absent);
            }
        }
        Ok(match self.payload(key).await? {
            Some(_) => Deleted::Conflict,
            None => Deleted::Absent,
        })
    }

    async fn remove(&self, key: &Key, expect: &Expect) -> Result<bool, Failure> {
        let sessions = self.connection.sessions(&self.options).await?;
        let unique = self.inspect(sessions).await.unique;
        let now = self.clock.now();
        let mut filter = live(key, now);
        if let Expect::Revision(revision) = expect {
            filter = revised(filter, value_or_text(expected(revision)?));
        }
        let removed = sessions.delete_one(filter).await?.deleted_count > 0;
        if removed && !unique {
            // Duplicates would bring the session back.
            sessions.delete_many(doc! { "id": key.as_str() }).await?;
        }
        Ok(removed)
    }
}

/// `filter`, and that the document still has this `val`.
fn revised(mut filter: Document, value: Bson) -> Document {
    filter.insert("val", value);
    filter
}

/// The same for a `val` that is text; None where the payload can't be text.
fn textual(filter: Document, payload: &Bytes) -> Option<Document> {
    let text = std::str::from_utf8(payload).ok()?;
    Some(revised(filter, Bson::String(text.to_owned())))
}

fn expected(revision: &Revision) -> Result<&Bytes, Failure> {
    revision.payload().ok_or_else(|| {
        let error = Error::new(
            ErrorKind::Unexpected,
            "the revision comes from another store",
        );
        Failure::Final(error)
    })
}
