//! Loading and touching.

use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{Deadline, Expect, Key, Loaded, Notice, Refresh, Result, Revision, Saved};
use redis::{Cmd, Value};

use super::body::{Body, Target};
use super::ladder::Rung;
use super::lifetime::Lifetime;
use super::reply;
use super::wire::Wire;

/// What the server answered where it may deny the command itself.
enum Asked {
    Replied(Vec<Value>),
    Denied,
}

impl<W: Wire> Body<W> {
    pub(super) async fn load(&self, key: &Key, refresh: Option<Refresh>) -> Result<Option<Loaded>> {
        let deadline = self.deadline();
        let found = match refresh {
            None => self.get(key.as_str(), &deadline).await?,
            Some(Refresh { ttl }) => self.get_and_expire(key, ttl, &deadline).await?,
        };
        Ok(found.map(|payload| Loaded {
            revision: Revision::of_payload(payload.clone()),
            payload,
            remaining: None,
        }))
    }

    /// The record and what is left of its life, which Redis tells only when asked.
    pub(super) async fn examine(&self, key: &Key) -> Result<Option<Loaded>> {
        let get = redis::cmd("GET").arg(key.as_str()).take();
        let life = redis::cmd("PTTL").arg(key.as_str()).take();
        let target = Target::Key(key.as_str());
        let replies = self.ask(target, &[&get, &life], &self.deadline()).await?;
        let mut replies = replies.into_iter();
        let payload = reply::payload(replies.next().ok_or_else(reply::unforeseen)?)?;
        let life = replies.next().ok_or_else(reply::unforeseen)?;
        // Without the permission for PTTL it isn't known; below 0, it has no end or is gone by now.
        let remaining = match reply::integer(&life) {
            Ok(milliseconds) => u64::try_from(milliseconds).ok().map(Duration::from_millis),
            Err(_) => None,
        };
        Ok(payload.map(|payload| Loaded {
            revision: Revision::of_payload(payload.clone()),
            payload,
            remaining,
        }))
    }

    pub(super) async fn touch(&self, key: &Key, ttl: Duration) -> Result<bool> {
        let deadline = self.deadline();
        if self.ladder.permits(Rung::Expire) {
            let command = Lifetime::of(ttl).expire(key.as_str());
            match self.ask_if_permitted(key, &command, &deadline).await? {
                Asked::Replied(replies) => {
                    return Ok(reply::integer(&reply::sole(replies)?)? == 1);
                }
                Asked::Denied => {}
            }
        }
        let found = self.get_and_expire(key, ttl, &deadline).await?;
        // Only now: what refuses everything has denied nothing in particular.
        self.ladder.deny(Rung::Expire);
        Ok(found.is_some())
    }

    pub(super) async fn get(&self, key: &str, deadline: &Deadline) -> Result<Option<Bytes>> {
        let get = redis::cmd("GET").arg(key).take();
        let replies = self.ask(Target::Key(key), &[&get], deadline).await?;
        reply::payload(reply::sole(replies)?)
    }

    async fn get_and_expire(
        &self,
        key: &Key,
        ttl: Duration,
        deadline: &Deadline,
    ) -> Result<Option<Bytes>> {
        let lifetime = Lifetime::of(ttl);
        let tried = self.ladder.permits(Rung::ReadAndExpire);
        if tried {
            let (option, number) = lifetime.option();
            let mut command = redis::cmd("GETEX");
            command.arg(key.as_str()).arg(option).arg(number);
            match self.ask_if_permitted(key, &command, deadline).await? {
                Asked::Replied(replies) => return reply::payload(reply::sole(replies)?),
                Asked::Denied => {}
            }
        }
        let may_expire = self.ladder.permits(Rung::Expire);
        let get = redis::cmd("GET").arg(key.as_str()).take();
        let expire = lifetime.expire(key.as_str());
        let commands = [&get, &expire];
        let commands = &commands[..if may_expire { 2 } else { 1 }];
        let target = Target::Key(key.as_str());
        let mut replies = self.ask(target, commands, deadline).await?.into_iter();
        let found = reply::payload(replies.next().ok_or_else(reply::unforeseen)?)?;
        // Only now: what refuses GET too has denied nothing in particular.
        if tried && self.ladder.deny(Rung::ReadAndExpire) {
            self.ladder.note(Notice::remark(
                "the server has no GETEX, or doesn't permit it to this Redis user; a session's \
                 time to live is restarted by a second command",
            ));
        }
        match replies.next() {
            Some(Value::ServerError(refusal)) if reply::is_denial(&refusal) => {
                self.ladder.deny(Rung::Expire);
            }
            Some(expired) => return reply::integer(&expired).map(|_| found),
            None => {}
        }
        match found {
            // In a box: it is rare, and larger than all the rest.
            Some(found) => Box::pin(self.rewrite(key, found, ttl, deadline)).await,
            None => Ok(None),
        }
    }

    /// Restarts the time to live where only SET can do that, as Flask-Session does on each
    /// request. Returns what is there: whoever wrote meanwhile has restarted it too.
    async fn rewrite(
        &self,
        key: &Key,
        found: Bytes,
        ttl: Duration,
        deadline: &Deadline,
    ) -> Result<Option<Bytes>> {
        let unchanged = Expect::Revision(Revision::of_payload(found.clone()));
        let saved = self.save_within(key, found.clone(), ttl, &unchanged, deadline);
        match saved.await? {
            Saved::Stored(_) => Ok(Some(found)),
            Saved::Conflict => self.get(key.as_str(), deadline).await,
        }
    }

    async fn ask_if_permitted(
        &self,
        key: &Key,
        command: &Cmd,
        deadline: &Deadline,
    ) -> Result<Asked> {
        let target = Target::Key(key.as_str());
        let replies = self.ask(target, &[command], deadline).await?;
        match replies.first() {
            Some(Value::ServerError(refusal)) if reply::is_denial(refusal) => Ok(Asked::Denied),
            Some(Value::ServerError(refusal)) => Err(reply::refused(refusal)),
            _ => Ok(Asked::Replied(replies)),
        }
    }
}
