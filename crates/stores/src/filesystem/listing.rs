//! Walking through all sessions, page by page.

use flask_session_core::{Cursor, Error, ErrorKind, Page, Result};

use super::layout::{Name, SHARDS};
use super::record::Head;
use super::{FilesystemStore, count};

impl FilesystemStore {
    /// A page of live keys, in the order of their files' names; the cursor is the last of them.
    pub(super) fn list_now(
        &self,
        prefix: &str,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page> {
        let after = match cursor {
            None => None,
            Some(cursor) => Some(Name::parse(cursor.as_str()).ok_or_else(|| {
                Error::new(
                    ErrorKind::Unsupported,
                    "this cursor is from another store's listing",
                )
            })?),
        };
        let mut keys = Vec::new();
        let first = after.as_ref().map_or(0, Name::shard_number);
        for shard in first..SHARDS {
            let mut names = count::names(&self.layout, shard)?;
            names.retain(|name| after.as_ref().is_none_or(|after| name > after));
            names.sort_unstable();
            for name in names {
                // It may go, or be replaced by a link, while we look.
                let Ok(Some(file)) = self.open_record(&name, false) else {
                    continue;
                };
                let Some((head, key)) = Head::read_with_key(&file)? else {
                    continue;
                };
                if head.expiry <= self.clock.now() || !key.as_str().starts_with(prefix) {
                    continue;
                }
                keys.push(key);
                if keys.len() >= limit {
                    let next = Some(Cursor::new(name.as_str()));
                    return Ok(Page { keys, next });
                }
            }
        }
        Ok(Page { keys, next: None })
    }
}
