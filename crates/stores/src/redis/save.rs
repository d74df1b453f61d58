//! Saving and deleting under an expectation.

use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{
    Deadline, Deleted, Error, ErrorKind, Expect, Key, Limit, Result, Revision, Saved,
};

use super::body::{Body, Target, exchange};
use super::compare::{Change, Compared};
use super::lifetime::Lifetime;
use super::reply;
use super::ways::plain;
use super::wire::{Line, Wire};
use crate::transport::{Attempt, Choice, Interruption};

/// The most that a server takes in one argument, as it is delivered (`proto-max-bulk-len`).
const LARGEST: usize = 512 * 1024 * 1024;

/// A save, as it may be tried several times.
struct Write<'a> {
    key: &'a str,
    payload: &'a Bytes,
    lifetime: Lifetime,
    expect: &'a Expect,
}

impl<W: Wire> Body<W> {
    pub(super) async fn save(
        &self,
        key: &Key,
        payload: Bytes,
        ttl: Duration,
        expect: &Expect,
    ) -> Result<Saved> {
        self.save_within(key, payload, ttl, expect, &self.deadline())
            .await
    }

    pub(super) async fn save_within(
        &self,
        key: &Key,
        payload: Bytes,
        ttl: Duration,
        expect: &Expect,
        deadline: &Deadline,
    ) -> Result<Saved> {
        if payload.len() > LARGEST {
            let limit = Limit {
                of: "Redis",
                bytes: Some(LARGEST),
                remedy: "",
            };
            return Err(limit.exceeded(Some(payload.len())));
        }
        let write = Write {
            key: key.as_str(),
            payload: &payload,
            lifetime: Lifetime::of(ttl),
            expect,
        };
        let stored = match self.write(&write, Choice::Pooled, deadline).await {
            Ok(stored) => stored,
            Err(Interruption::Undone(_)) => {
                self.wire.pause().await;
                let again = self.write(&write, Choice::Fresh, deadline).await;
                again.map_err(Interruption::into_error)?
            }
            Err(Interruption::Lost(_)) => self.settle(&write, deadline).await?,
            Err(Interruption::Final(error)) => return Err(error),
        };
        Ok(if stored {
            Saved::Stored(Revision::of_payload(payload))
        } else {
            Saved::Conflict
        })
    }

    /// Tries once; whether it was stored.
    async fn write(&self, write: &Write<'_>, choice: Choice, deadline: &Deadline) -> Attempt<bool> {
        let target = Target::Key(write.key);
        let mut line = self.line(target, choice, deadline).await?;
        let change = Change::Set {
            payload: write.payload,
            lifetime: write.lifetime,
        };
        let stored = match write.expect {
            Expect::Revision(revision) => {
                let Some(expected) = revision.payload() else {
                    return Err(foreign_revision().into());
                };
                let compared =
                    self.change_if_equal(&mut line, write.key, expected, change, deadline);
                compared.await? == Compared::Done
            }
            expect => {
                let mut command = plain(write.key, change);
                if *expect == Expect::Absent {
                    command.arg("NX");
                }
                let replies = exchange(&mut line, &[&command], deadline).await?;
                reply::written(&reply::sole(replies)?)?
            }
        };
        line.keep();
        Ok(stored)
    }

    /// After a save whose reply was lost: finds out whether it took place, and if not, tries
    /// again.
    async fn settle(&self, write: &Write<'_>, deadline: &Deadline) -> Result<bool> {
        let found = self.get(write.key, deadline).await?;
        if found.as_ref() == Some(write.payload) {
            return Ok(true);
        }
        let holds = match write.expect {
            Expect::Absent => found.is_none(),
            Expect::Revision(revision) => found.is_some() && found.as_ref() == revision.payload(),
            Expect::Anything => true,
        };
        if !holds {
            return Ok(false);
        }
        let again = self.write(write, Choice::Pooled, deadline).await;
        if again.map_err(Interruption::into_error)? {
            return Ok(true);
        }
        // The first try may have arrived after all, between the reading and the second.
        let found = self.get(write.key, deadline).await?;
        Ok(found.as_ref() == Some(write.payload))
    }

    pub(super) async fn delete(&self, key: &Key, expect: &Expect) -> Result<Deleted> {
        let deadline = self.deadline();
        let key = key.as_str();
        match expect {
            Expect::Anything => {
                let command = plain(key, Change::Delete);
                let reply = reply::sole(self.ask(Target::Key(key), &[&command], &deadline).await?)?;
                Ok(match reply::integer(&reply)? {
                    0 => Deleted::Absent,
                    _ => Deleted::Removed,
                })
            }
            Expect::Absent => Ok(match self.get(key, &deadline).await? {
                Some(_) => Deleted::Conflict,
                None => Deleted::Absent,
            }),
            Expect::Revision(revision) => {
                let Some(expected) = revision.payload() else {
                    return Err(foreign_revision());
                };
                let first = self.remove(key, expected, Choice::Pooled, &deadline).await;
                let compared = match first {
                    Ok(compared) => compared,
                    Err(Interruption::Final(error)) => return Err(error),
                    // A second delete can do no more than the first. If the first took place
                    // unseen, the answer is that there is no record, which is true.
                    Err(Interruption::Undone(_) | Interruption::Lost(_)) => {
                        self.wire.pause().await;
                        let again = self.remove(key, expected, Choice::Fresh, &deadline).await;
                        again.map_err(Interruption::into_error)?
                    }
                };
                Ok(match compared {
                    Compared::Done => Deleted::Removed,
                    Compared::Absent => Deleted::Absent,
                    Compared::Different => Deleted::Conflict,
                    Compared::NotEqual => match self.get(key, &deadline).await? {
                        Some(_) => Deleted::Conflict,
                        None => Deleted::Absent,
                    },
                })
            }
        }
    }

    async fn remove(
        &self,
        key: &str,
        expected: &Bytes,
        choice: Choice,
        deadline: &Deadline,
    ) -> Attempt<Compared> {
        let mut line = self.line(Target::Key(key), choice, deadline).await?;
        let removed = self.change_if_equal(&mut line, key, expected, Change::Delete, deadline);
        let compared = removed.await?;
        line.keep();
        Ok(compared)
    }
}

fn foreign_revision() -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "the revision comes from another store",
    )
}
