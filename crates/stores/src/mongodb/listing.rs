//! Listing, and removing what has expired.

use flask_session_core::{Cursor, Key, Page};
use mongodb::bson::{Bson, Document, RawBsonRef, doc};

use super::MongoStore;
use super::document::date;
use super::failure::Failure;

/// The most ids in one batch of a sweep.
const BATCH: usize = 1000;

impl MongoStore {
    /// Goes along the index on `id`, so that a page costs the same wherever it lies. A cursor is
    /// the last `id` of the page before.
    pub(super) async fn page(
        &self,
        prefix: &str,
        cursor: Option<Cursor>,
        limit: usize,
    ) -> Result<Page, Failure> {
        let sessions = self.connection.sessions(&self.options).await?;
        let limit = limit.max(1);
        let mut range = doc! { "$gte": prefix };
        if let Some(end) = after_all_with(prefix) {
            range.insert("$lt", end);
        }
        if let Some(cursor) = &cursor {
            range.insert("$gt", cursor.as_str());
        }
        let filter = doc! {
            "id": range,
            "expiration": { "$not": { "$lte": date(self.clock.now()) } },
        };
        let mut found = sessions
            .find(filter)
            .projection(doc! { "_id": 0, "id": 1 })
            .sort(doc! { "id": 1 })
            .limit(i64::try_from(limit).unwrap_or(i64::MAX))
            .await?;
        let (mut keys, mut shown) = (Vec::new(), 0);
        while found.advance().await? {
            shown += 1;
            if let Ok(Some(RawBsonRef::String(id))) = found.current().get("id")
                && id.starts_with(prefix)
            {
                keys.push(Key::from_text(id));
            }
        }
        // Duplicates, if there are any, lie side by side.
        keys.dedup();
        let next = keys.last().filter(|_| shown >= limit);
        let next = next.map(|key| Cursor::new(key.as_str()));
        Ok(Page { keys, next })
    }

    /// Nothing while the server does it by its index.
    pub(super) async fn remove_expired(&self, limit: usize) -> Result<usize, Failure> {
        let sessions = self.connection.sessions(&self.options).await?;
        if self.inspect(sessions).await.expires {
            return Ok(0);
        }
        let dead = doc! { "$lte": date(self.clock.now()) };
        let filter = doc! { "expiration": dead.clone() };
        let limit = limit.clamp(1, BATCH);
        let mut found = sessions
            .find(filter)
            .projection(doc! { "_id": 1 })
            .limit(i64::try_from(limit).unwrap_or(i64::MAX))
            .await?;
        let mut ids: Vec<Bson> = Vec::new();
        while found.advance().await? {
            if let Ok(Some(id)) = found.current().get("_id") {
                ids.extend(Bson::try_from(id));
            }
        }
        if ids.is_empty() {
            return Ok(0);
        }
        // Checked again: one of them may have been replaced by a new session meanwhile.
        let filter: Document = doc! { "_id": { "$in": ids }, "expiration": dead };
        let deleted = sessions.delete_many(filter).await?.deleted_count;
        Ok(usize::try_from(deleted).unwrap_or(usize::MAX))
    }
}

/// The first text that sorts after everything that begins with `prefix`, as MongoDB sorts; None if
/// there is no such text.
fn after_all_with(prefix: &str) -> Option<String> {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            end.push(next);
            return Some(end);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_ends_after_the_last_text_with_its_prefix() {
        assert_eq!(after_all_with("session:").as_deref(), Some("session;"));
        assert_eq!(after_all_with("").as_deref(), None);
        assert_eq!(after_all_with("a\u{d7ff}").as_deref(), Some("a\u{e000}"));
        assert_eq!(after_all_with("a\u{10ffff}").as_deref(), Some("b"));
    }
}
