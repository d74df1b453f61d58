//! What each operation does on a connection.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{
    Cursor, Deleted, Error, ErrorKind, Expect, Key, Limit, Loaded, Page, Refresh, Revision, Saved,
    Timestamp,
};

use super::body::{Attempt, Body, Connection, Driver, Line, Problem};
use super::expiry::expiry;
use super::statement::Values;

/// An operation, to be tried on one connection and perhaps on another.
pub(super) trait Work: Sync {
    type Answer: Send;

    /// Tries it. `lost` says that it was tried before and that nobody knows how that ended.
    fn perform<D: Driver>(
        &self,
        body: &Body<D>,
        line: &mut Line<D::Connection>,
        lost: bool,
    ) -> impl Future<Output = Attempt<Self::Answer>> + Send;
}

pub(super) struct Load<'a> {
    pub(super) key: &'a Key,
    pub(super) refresh: Option<Refresh>,
}

impl Work for Load<'_> {
    type Answer = Option<Loaded>;

    async fn perform<D: Driver>(
        &self,
        body: &Body<D>,
        line: &mut Line<D::Connection>,
        _lost: bool,
    ) -> Attempt<Option<Loaded>> {
        let now = body.clock.now();
        let values = Values {
            key: self.key.as_str(),
            now,
            expiry: self.refresh.map_or(now, |refresh| expiry(now, refresh.ttl)),
            ..Values::default()
        };
        let statements = &line.statements;
        let rows = match (&self.refresh, &statements.load_and_touch) {
            (Some(_), Some(statement)) => line.connection.rows(statement, &values).await?,
            _ => line.connection.rows(&statements.load, &values).await?,
        };
        let Some(row) = rows.into_iter().next() else {
            return Ok(None);
        };
        if self.refresh.is_some()
            && statements.load_and_touch.is_none()
            && line.connection.change(&statements.touch, &values).await? == 0
        {
            return Ok(None);
        }
        Ok(Some(Loaded {
            revision: Revision::of_payload(row.bytes.clone()),
            payload: row.bytes,
            remaining: row.expiry.map(|expiry| expiry.since(now)),
        }))
    }
}

pub(super) struct Touch<'a> {
    pub(super) key: &'a Key,
    pub(super) ttl: Duration,
}

impl Work for Touch<'_> {
    type Answer = bool;

    async fn perform<D: Driver>(
        &self,
        body: &Body<D>,
        line: &mut Line<D::Connection>,
        _lost: bool,
    ) -> Attempt<bool> {
        let now = body.clock.now();
        let values = Values {
            key: self.key.as_str(),
            now,
            expiry: expiry(now, self.ttl),
            ..Values::default()
        };
        let touch = &line.statements.touch;
        Ok(line.connection.change(touch, &values).await? > 0)
    }
}

pub(super) struct Save<'a> {
    pub(super) key: &'a Key,
    pub(super) payload: Bytes,
    pub(super) ttl: Duration,
    pub(super) expect: &'a Expect,
}

impl Save<'_> {
    fn values(&self, now: Timestamp) -> Values<'_> {
        Values {
            key: self.key.as_str(),
            data: &self.payload,
            expiry: expiry(now, self.ttl),
            now,
            ..Values::default()
        }
    }

    /// Inserts a row; false if one of this key is there already.
    async fn insert<D: Driver>(
        &self,
        body: &Body<D>,
        line: &mut Line<D::Connection>,
        values: &Values<'_>,
    ) -> Attempt<bool> {
        let insert = &line.statements.insert;
        let table = &body.storage.table;
        // Without a constraint two could insert the same key, or take the same id.
        let counted = line.shape.needs_id && table.sequence.is_none();
        let alone = counted || !line.shape.unique;
        if alone {
            line.connection.exclude(table).await?;
        }
        let inserted = line.connection.change(insert, values).await;
        if alone {
            line.connection.admit(table, inserted.is_ok()).await?;
        }
        match inserted {
            Ok(rows) => Ok(rows > 0),
            Err(Problem::Duplicate) => Ok(false),
            Err(problem) => Err(problem),
        }
    }

    async fn saves_absent<D: Driver>(
        &self,
        body: &Body<D>,
        line: &mut Line<D::Connection>,
        lost: bool,
    ) -> Attempt<bool> {
        let values = self.values(body.clock.now());
        if self.insert(body, line, &values).await? {
            return Ok(true);
        }
        let revive = &line.statements.revive;
        if line.connection.change(revive, &values).await? > 0 {
            return Ok(true);
        }
        match present(line, &values).await? {
            // What we meant to write is there: the try whose answer was lost wrote it.
            Some(payload) => Ok(lost && payload == self.payload),
            // Gone between two statements, or another row has the id that was to be ours.
            None => Err(Problem::Duplicate),
        }
    }

    async fn swaps<D: Driver>(
        &self,
        body: &Body<D>,
        line: &mut Line<D::Connection>,
        old: &[u8],
        lost: bool,
    ) -> Attempt<bool> {
        let values = Values {
            old,
            ..self.values(body.clock.now())
        };
        let swap = &line.statements.swap;
        if line.connection.change(swap, &values).await? > 0 {
            return Ok(true);
        }
        Ok(lost && present(line, &values).await?.as_ref() == Some(&self.payload))
    }

    async fn overwrites<D: Driver>(
        &self,
        body: &Body<D>,
        line: &mut Line<D::Connection>,
    ) -> Attempt<bool> {
        let values = self.values(body.clock.now());
        let overwrite = &line.statements.overwrite;
        if line.connection.change(overwrite, &values).await? > 0 {
            return Ok(true);
        }
        if self.insert(body, line, &values).await? {
            Ok(true)
        } else {
            Err(Problem::Duplicate)
        }
    }
}

impl Work for Save<'_> {
    type Answer = Saved;

    async fn perform<D: Driver>(
        &self,
        body: &Body<D>,
        line: &mut Line<D::Connection>,
        lost: bool,
    ) -> Attempt<Saved> {
        if let Some(most) = line.shape.most.filter(|most| self.payload.len() > *most) {
            let limit = Limit {
                of: "the column data",
                bytes: Some(most),
                remedy: "make that column a LONGBLOB",
            };
            return Err(Problem::Final(limit.exceeded(Some(self.payload.len()))));
        }
        let stored = match self.expect {
            Expect::Absent => self.saves_absent(body, line, lost).await,
            Expect::Revision(revision) => {
                let old = revision.payload().ok_or_else(foreign_revision)?;
                match self.swaps(body, line, old, lost).await {
                    // Whoever made us give way has changed the record, or is about to.
                    Err(Problem::Interrupted(_)) => Ok(false),
                    answer => answer,
                }
            }
            Expect::Anything => self.overwrites(body, line).await,
        }?;
        Ok(if stored {
            Saved::Stored(Revision::of_payload(self.payload.clone()))
        } else {
            Saved::Conflict
        })
    }
}

/// The payload of the live row.
async fn present<C: Connection>(line: &mut Line<C>, values: &Values<'_>) -> Attempt<Option<Bytes>> {
    let rows = line.connection.rows(&line.statements.load, values).await?;
    Ok(rows.into_iter().next().map(|row| row.bytes))
}

fn foreign_revision() -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "the revision was made by another kind of store",
    )
}

pub(super) struct Delete<'a> {
    pub(super) key: &'a Key,
    pub(super) expect: &'a Expect,
}

impl Work for Delete<'_> {
    type Answer = Deleted;

    async fn perform<D: Driver>(
        &self,
        body: &Body<D>,
        line: &mut Line<D::Connection>,
        _lost: bool,
    ) -> Attempt<Deleted> {
        let mut values = Values {
            key: self.key.as_str(),
            now: body.clock.now(),
            ..Values::default()
        };
        if *self.expect == Expect::Absent {
            let conflict = present(line, &values).await?.is_some();
            return Ok(if conflict {
                Deleted::Conflict
            } else {
                Deleted::Absent
            });
        }
        let mut statement = &line.statements.delete;
        if let Expect::Revision(revision) = self.expect {
            values.old = revision.payload().ok_or_else(foreign_revision)?;
            statement = &line.statements.delete_old;
        }
        if line.connection.change(statement, &values).await? > 0 {
            return Ok(Deleted::Removed);
        }
        if *self.expect != Expect::Anything && present(line, &values).await?.is_some() {
            return Ok(Deleted::Conflict);
        }
        Ok(Deleted::Absent)
    }
}

pub(super) struct List<'a> {
    pub(super) prefix: &'a str,
    pub(super) cursor: &'a str,
    pub(super) limit: usize,
}

impl Work for List<'_> {
    type Answer = Page;

    async fn perform<D: Driver>(
        &self,
        body: &Body<D>,
        line: &mut Line<D::Connection>,
        _lost: bool,
    ) -> Attempt<Page> {
        let limit = self.limit.max(1);
        let values = Values {
            prefix: self.prefix,
            cursor: self.cursor,
            now: body.clock.now(),
            limit: i64::try_from(limit).unwrap_or(i64::MAX),
            ..Values::default()
        };
        let list = &line.statements.list;
        let rows = line.connection.rows(list, &values).await?;
        let full = rows.len() >= limit;
        let mut keys: Vec<Key> = Vec::with_capacity(rows.len());
        for row in rows {
            let key = Key::from_text(String::from_utf8_lossy(&row.bytes).into_owned());
            // Without a constraint a key may be there twice.
            if keys.last() != Some(&key) {
                keys.push(key);
            }
        }
        let next = keys.last().filter(|_| full);
        Ok(Page {
            next: next.map(|key| Cursor::new(key.as_str())),
            keys,
        })
    }
}

pub(super) struct Sweep {
    pub(super) limit: usize,
}

impl Work for Sweep {
    type Answer = usize;

    async fn perform<D: Driver>(
        &self,
        body: &Body<D>,
        line: &mut Line<D::Connection>,
        _lost: bool,
    ) -> Attempt<usize> {
        let values = Values {
            now: body.clock.now(),
            limit: i64::try_from(self.limit).unwrap_or(i64::MAX),
            ..Values::default()
        };
        let sweep = &line.statements.sweep;
        let swept = line.connection.change(sweep, &values).await?;
        Ok(usize::try_from(swept).unwrap_or(usize::MAX))
    }
}
