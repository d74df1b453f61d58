//! The store's operations, over any transport.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{
    Clock, Deadline, Deleted, Error, ErrorKind, Expect, Guarantee, Key, Limit, Loaded, Refresh,
    Result, Revision, Saved, SystemClock,
};

use super::findings::{Command, Findings};
use super::lifetime::expiry;
use super::protocol::{Condition, LONGEST_KEY, Reply, Request, is_legal};
use super::wire::Wire;
use crate::transport::{Attempt, Choice, Interruption};

/// Payloads up to so many bytes fit into an item of every server.
const ALWAYS_FITS: usize = 512;

const ITEM_SIZE: Limit<'static> = Limit {
    of: "this memcached (its item_size_max, less what it adds)",
    bytes: None,
    remedy: "start it with a larger -I; nothing was written",
};

/// The store's operations over any transport.
#[derive(Debug)]
pub(super) struct Body<W> {
    pub(super) wire: W,
    pub(super) findings: Arc<Findings>,
    pub(super) timeout: Duration,
}

/// A save, as it may be tried several times.
struct Write<'a> {
    key: &'a str,
    payload: &'a Bytes,
    expiry: u64,
    expect: &'a Expect,
}

/// What a revision stands for on the server.
enum Current {
    Cas(u64),
    /// The server has no cas numbers: whatever there is.
    Unnumbered,
    Different,
    Absent,
}

impl<W: Wire> Body<W> {
    pub(super) async fn load(&self, key: &Key, refresh: Option<Refresh>) -> Result<Option<Loaded>> {
        let (key, deadline) = (legal(key)?, self.deadline());
        let found = match refresh {
            None => self.get(key, &deadline).await?,
            Some(Refresh { ttl }) => self.get_and_touch(key, ttl, &deadline).await?,
        };
        Ok(found.map(|(payload, cas)| Loaded {
            payload,
            revision: Revision::of_number(cas),
            remaining: None,
        }))
    }

    pub(super) async fn touch(&self, key: &Key, ttl: Duration) -> Result<bool> {
        let (key, deadline) = (legal(key)?, self.deadline());
        self.extend(key, ttl, &deadline).await
    }

    pub(super) async fn save(
        &self,
        key: &Key,
        payload: Bytes,
        ttl: Duration,
        expect: &Expect,
    ) -> Result<Saved> {
        let (key, deadline) = (legal(key)?, self.deadline());
        self.check_size(payload.len(), &deadline).await?;
        let write = Write {
            key,
            payload: &payload,
            expiry: expiry(ttl, SystemClock.now()),
            expect,
        };
        let stored = match self.write(&write, Choice::Pooled, &deadline).await {
            Ok(stored) => stored,
            Err(Interruption::Undone(_)) => {
                self.wire.pause().await;
                let again = self.write(&write, Choice::Fresh, &deadline).await;
                again.map_err(Interruption::into_error)?
            }
            Err(Interruption::Lost(_)) => self.settle(&write, &deadline).await?,
            Err(Interruption::Final(error)) => return Err(error),
        };
        Ok(if stored {
            // The server doesn't say which cas number the record got.
            Saved::Stored(Revision::of_payload(payload))
        } else {
            Saved::Conflict
        })
    }

    pub(super) async fn delete(&self, key: &Key, expect: &Expect) -> Result<Deleted> {
        let (key, deadline) = (legal(key)?, self.deadline());
        match expect {
            Expect::Anything => deleted(&self.ask(&Request::delete(key), &deadline).await?),
            Expect::Absent => Ok(match self.get(key, &deadline).await? {
                Some(_) => Deleted::Conflict,
                None => Deleted::Absent,
            }),
            Expect::Revision(revision) => match self.current(key, revision, &deadline).await? {
                Current::Cas(cas) => self.delete_if(key, cas, &deadline).await,
                Current::Unnumbered => deleted(&self.ask(&Request::delete(key), &deadline).await?),
                Current::Different => Ok(Deleted::Conflict),
                Current::Absent => Ok(Deleted::Absent),
            },
        }
    }

    fn deadline(&self) -> Deadline {
        Deadline::within(self.timeout)
    }

    async fn get(&self, key: &str, deadline: &Deadline) -> Result<Option<(Bytes, u64)>> {
        found(self.ask(&Request::gets(key), deadline).await?)
    }

    async fn get_and_touch(
        &self,
        key: &str,
        ttl: Duration,
        deadline: &Deadline,
    ) -> Result<Option<(Bytes, u64)>> {
        if self.findings.permits(Command::ReadAndTouch) {
            let request = Request::gats(key, expiry(ttl, SystemClock.now()));
            match self.ask(&request, deadline).await? {
                Reply::Unknown => self.findings.deny(Command::ReadAndTouch),
                reply => return found(reply),
            }
        }
        match self.get(key, deadline).await? {
            Some(record) if self.extend(key, ttl, deadline).await? => Ok(Some(record)),
            _ => Ok(None),
        }
    }

    async fn extend(&self, key: &str, ttl: Duration, deadline: &Deadline) -> Result<bool> {
        let request = Request::touch(key, expiry(ttl, SystemClock.now()));
        done(&self.ask(&request, deadline).await?)
    }

    /// Fails if the server would not take so much. It doesn't ask for what surely fits.
    async fn check_size(&self, length: usize, deadline: &Deadline) -> Result<()> {
        if length > ALWAYS_FITS && !self.findings.asked() {
            match self.ask(&Request::settings(), deadline).await {
                Ok(Reply::Settings(settings)) => self.findings.learn(&settings),
                // Proxies don't answer this, or hang up.
                Ok(_) => self.findings.learn(&[]),
                Err(error) if error.kind() == ErrorKind::Unreachable => {}
                Err(error) => return Err(error),
            }
        }
        match self.findings.largest() {
            Some(largest) if length > largest => {
                let limit = Limit {
                    bytes: Some(largest),
                    ..ITEM_SIZE
                };
                Err(limit.exceeded(Some(length)))
            }
            _ => Ok(()),
        }
    }

    /// Tries once; whether it was stored.
    async fn write(&self, write: &Write<'_>, choice: Choice, deadline: &Deadline) -> Attempt<bool> {
        let condition = match write.expect {
            Expect::Anything => Condition::None,
            Expect::Absent => Condition::Absent,
            Expect::Revision(revision) => {
                match self.current(write.key, revision, deadline).await? {
                    Current::Cas(cas) => Condition::Cas(cas),
                    Current::Unnumbered => Condition::Present,
                    Current::Different | Current::Absent => return Ok(false),
                }
            }
        };
        let request = Request::store(write.key, write.payload, write.expiry, condition);
        match self.wire.exchange(&request, choice, deadline).await? {
            Reply::Failed(failure) if failure.error().kind() == ErrorKind::TooLarge => {
                let limit = match condition {
                    Condition::None => Limit {
                        remedy: "start it with a larger -I; it has removed what was stored before",
                        ..ITEM_SIZE
                    },
                    Condition::Absent | Condition::Present | Condition::Cas(_) => ITEM_SIZE,
                };
                Err(limit.exceeded(Some(write.payload.len())).into())
            }
            reply => Ok(done(&reply)?),
        }
    }

    /// After a save whose reply was lost: finds out whether it took place, and if not, tries
    /// again.
    async fn settle(&self, write: &Write<'_>, deadline: &Deadline) -> Result<bool> {
        let found = self.get(write.key, deadline).await?;
        let is_ours = |found: &Option<(Bytes, u64)>| {
            let payload = found.as_ref().map(|(payload, _)| payload);
            payload == Some(write.payload)
        };
        if is_ours(&found) {
            return Ok(true);
        }
        let holds = match (write.expect, &found) {
            (Expect::Anything, _) | (Expect::Absent, None) => true,
            (Expect::Revision(revision), Some((payload, cas))) => {
                revision.number() == Some(*cas) || revision.payload() == Some(payload)
            }
            (Expect::Absent, Some(_)) | (Expect::Revision(_), None) => false,
        };
        if !holds {
            return Ok(false);
        }
        let again = self.write(write, Choice::Pooled, deadline).await;
        if again.map_err(Interruption::into_error)? {
            return Ok(true);
        }
        // The first try may have arrived after all, between the reading and the second.
        Ok(is_ours(&self.get(write.key, deadline).await?))
    }

    /// The cas number that stands for `revision` now.
    async fn current(
        &self,
        key: &str,
        revision: &Revision,
        deadline: &Deadline,
    ) -> Result<Current> {
        if self.findings.guarantee() == Guarantee::Overwrite {
            return Ok(Current::Unnumbered);
        }
        if let Some(cas) = revision.number() {
            return Ok(Current::Cas(cas));
        }
        Ok(match self.get(key, deadline).await? {
            Some((payload, cas)) if revision.payload() == Some(&payload) => Current::Cas(cas),
            Some(_) => Current::Different,
            None => Current::Absent,
        })
    }

    /// A second try can do no more than the first; if the first took place unseen, the answer is
    /// that there is no record, which is true.
    async fn delete_if(&self, key: &str, cas: u64, deadline: &Deadline) -> Result<Deleted> {
        if self.findings.permits(Command::DeleteIf) {
            match self.ask(&Request::delete_if(key, cas), deadline).await? {
                Reply::Unknown => self.findings.deny(Command::DeleteIf),
                reply => return deleted(&reply),
            }
        }
        deleted(&self.ask(&Request::bury_if(key, cas), deadline).await?)
    }

    /// The reply to a request that may be carried out twice. Once more, on a new connection, if
    /// the first try is interrupted.
    async fn ask(&self, request: &Request, deadline: &Deadline) -> Result<Reply> {
        match self.wire.exchange(request, Choice::Pooled, deadline).await {
            Ok(reply) => return Ok(reply),
            Err(Interruption::Final(error)) => return Err(error),
            Err(Interruption::Lost(_)) => {}
            Err(Interruption::Undone(_)) => self.wire.pause().await,
        }
        let again = self.wire.exchange(request, Choice::Fresh, deadline).await;
        again.map_err(Interruption::into_error)
    }
}

fn legal(key: &Key) -> Result<&str> {
    if is_legal(key.as_str()) {
        return Ok(key.as_str());
    }
    Err(Error::new(
        ErrorKind::Misconfigured,
        format!(
            "memcached's keys have at most {LONGEST_KEY} bytes, without spaces or control \
             characters; look at SESSION_KEY_PREFIX and SESSION_ID_LENGTH"
        ),
    ))
}

fn found(reply: Reply) -> Result<Option<(Bytes, u64)>> {
    match reply {
        Reply::Found(payload, cas) => Ok(Some((payload, cas))),
        Reply::Missing => Ok(None),
        reply => Err(unforeseen(&reply)),
    }
}

fn done(reply: &Reply) -> Result<bool> {
    match reply {
        Reply::Done => Ok(true),
        Reply::Missing | Reply::Differs => Ok(false),
        reply => Err(unforeseen(reply)),
    }
}

fn deleted(reply: &Reply) -> Result<Deleted> {
    match reply {
        Reply::Done => Ok(Deleted::Removed),
        Reply::Missing => Ok(Deleted::Absent),
        Reply::Differs => Ok(Deleted::Conflict),
        reply => Err(unforeseen(reply)),
    }
}

fn unforeseen(reply: &Reply) -> Error {
    match reply {
        Reply::Failed(failure) => failure.error(),
        Reply::Unknown => Error::new(
            ErrorKind::Unsupported,
            "the server doesn't know the command",
        ),
        _ => Error::new(
            ErrorKind::Unexpected,
            "the server's reply isn't what the command answers",
        ),
    }
}
