//! Committing one request's session: a state machine without I/O.
//!
//! [`Commit`] asks for one store operation at a time and is told its outcome. It holds encoded
//! keys and values only, so every host (Flask, tower, a model checker) drives the same machine.

mod renewal;
mod saving;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use renewal::{Renewal, Withdrawal};

use crate::changes::{Changes, Edit};
use crate::limits::Excess;
use crate::record::Record;
use crate::session::{Base, Encoding, OnConflict, Operation, Outcome, Reply, Step, Target};
use crate::{Error, ErrorKind, Expect, Key, Result, Revision, Saved};

/// One request's session on its way into a store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Commit {
    target: Target,
    on_conflict: OnConflict,
    encoding: Encoding,
    /// What was loaded, at first or after the last lost race.
    base: Option<Base>,
    changes: Option<Changes>,
    /// What is to be stored.
    content: Record,
    waiting: Waiting,
    cleared: bool,
    touches: bool,
    renewal: Renewal,
    races: u8,
    merged: bool,
}

/// Which answer is awaited, and what it is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Waiting {
    Nothing,
    /// A save under the session's own key.
    Save,
    /// A load after a lost race for the session's own key.
    Reload,
    /// A touch of a session that needs no write.
    Touch,
    /// A delete of an emptied session.
    Empty,
    /// A load that tells whether our own save of a new session had arrived.
    Probe,
    /// A renewal: the save under the new key.
    RenewSave,
    /// A renewal: a load that tells what of our own is under the new key.
    RenewProbe,
    /// A renewal: the delete under the old key.
    RenewDelete,
    /// A renewal: a load of the old key after a lost race.
    RenewReload,
    /// A renewal that lost: the delete of what was already saved under the new key.
    Withdraw(Withdrawal),
}

/// After so many lost races in one commit the error is [`ErrorKind::Contended`].
const RACES: u8 = 32;

impl Commit {
    /// What a request did to a session. `base` is `None` for a session that was never stored.
    pub fn new(
        target: Target,
        base: Option<Base>,
        edit: Edit,
        encoding: Encoding,
        on_conflict: OnConflict,
    ) -> Result<Self> {
        let changes = base
            .as_ref()
            .map(|base| Changes::between(&base.record, &edit));
        let cleared = edit.cleared;
        let content = match &base {
            Some(base) => base.record.with_entries(edit.entries),
            None => Record::new(encoding.format, edit.entries),
        };
        Ok(Self {
            target,
            on_conflict,
            encoding,
            base,
            changes,
            content,
            cleared,
            touches: false,
            renewal: Renewal::default(),
            waiting: Waiting::Nothing,
            races: 0,
            merged: false,
        })
    }

    /// The same, restarting the stored record's time to live where nothing has to be written.
    ///
    /// ```
    /// use flask_session_core::{Commit, Edit, Encoding, Key, OnConflict, Outcome, Step, Target};
    ///
    /// let key = Key::from_text("session:an-id");
    /// let empty = Commit::new(Target::Same(key), None, Edit::default(), Encoding::default(), OnConflict::Merge)?;
    /// let mut commit = empty.touching();
    /// assert_eq!(commit.start()?, Step::Done(Outcome::Unchanged), "there is nothing to touch");
    /// # Ok::<(), flask_session_core::Error>(())
    /// ```
    #[must_use]
    pub fn touching(mut self) -> Self {
        self.touches = true;
        self
    }

    /// What is to be stored, as far as the answers up to now say.
    ///
    /// ```
    /// use flask_session_core::{Commit, Edit, Encoding, Key, OnConflict, Target};
    ///
    /// let key = Key::from_text("session:an-id");
    /// let commit = Commit::new(Target::Same(key), None, Edit::default(), Encoding::default(), OnConflict::Merge)?;
    /// assert!(commit.content().is_empty());
    /// # Ok::<(), flask_session_core::Error>(())
    /// ```
    pub fn content(&self) -> &Record {
        &self.content
    }

    /// Whether all that is asked for is to restart the time to live.
    pub fn is_touching(&self) -> bool {
        self.waiting == Waiting::Touch
    }

    /// The first step. A session that is larger than `encoding` allows is
    /// [`ErrorKind::TooLarge`], and nothing is asked of the store.
    pub fn start(&mut self) -> Result<Step> {
        if self.content.is_empty() {
            return Ok(self.start_empty());
        }
        Ok(match (&self.target, &self.base) {
            (Target::Renewed { .. }, Some(_)) => self.renew()?,
            (Target::Same(_), Some(_)) if !self.writes() => self.unchanged(),
            _ => self.save()?,
        })
    }

    /// The next step after the store's answer to the previous one.
    pub fn resume(&mut self, reply: Reply) -> Result<Step> {
        let waiting = std::mem::replace(&mut self.waiting, Waiting::Nothing);
        Ok(match (waiting, reply) {
            (Waiting::Save, Reply::Saved(Saved::Stored(revision))) => {
                Step::Done(self.finished(revision))
            }
            (Waiting::Save, Reply::Saved(Saved::Conflict) | Reply::Lost)
            | (Waiting::Probe, Reply::Lost) => self.lost_a_save()?,
            (Waiting::Probe, Reply::Loaded(found)) => self.probed(found)?,
            (Waiting::Reload, Reply::Loaded(found)) => self.reloaded(found)?,
            (Waiting::Reload, Reply::Lost) => self.reload()?,
            (Waiting::Touch, Reply::Touched(true)) => Step::Done(Outcome::Touched),
            (Waiting::Touch, Reply::Touched(false)) => Step::Done(Outcome::Gone),
            (Waiting::Touch, Reply::Lost) => {
                self.race()?;
                self.unchanged()
            }
            (Waiting::Empty, Reply::Deleted(deleted)) => self.emptied(deleted)?,
            (Waiting::Empty, Reply::Lost) => {
                self.race()?;
                self.delete_emptied()
            }
            (Waiting::RenewSave, Reply::Saved(Saved::Stored(revision))) => {
                self.renewal.saved = Some(revision);
                self.ask_renew_delete()
            }
            (Waiting::RenewSave, Reply::Saved(Saved::Conflict) | Reply::Lost)
            | (Waiting::RenewProbe, Reply::Lost) => self.renew_probe()?,
            (Waiting::RenewProbe, Reply::Loaded(found)) => self.renew_probed(found)?,
            (Waiting::RenewDelete, Reply::Deleted(deleted)) => self.renew_deleted(deleted),
            (Waiting::RenewDelete, Reply::Lost) => {
                self.renewal.unsure = true;
                self.race()?;
                self.ask_renew_delete()
            }
            (Waiting::RenewReload, Reply::Loaded(found)) => self.renew_reloaded(found)?,
            (Waiting::RenewReload, Reply::Lost) => {
                self.race()?;
                self.ask_renew_reload()
            }
            (Waiting::Withdraw(why), Reply::Deleted(_)) => why.end()?,
            (Waiting::Withdraw(why), Reply::Lost) => {
                self.race()?;
                self.withdraw(why)
            }
            (waiting, reply) => return Err(misused(&waiting, &reply)),
        })
    }
}

impl Commit {
    /// The key under which the session was loaded, or is made.
    fn key(&self) -> &Key {
        match &self.target {
            Target::Same(key) | Target::Adopted(key) => key,
            Target::Renewed { from, .. } => from,
        }
    }

    /// The key under which the session is to be found afterwards.
    fn destination(&self) -> &Key {
        match &self.target {
            Target::Same(key) | Target::Adopted(key) | Target::Renewed { to: key, .. } => key,
        }
    }

    fn ask(&mut self, waiting: Waiting, operation: Operation) -> Step {
        self.waiting = waiting;
        Step::Ask(operation)
    }

    fn payload(&self) -> Result<Bytes, Excess> {
        self.encoding.write_within(&self.content)
    }

    fn writes(&self) -> bool {
        self.changes.as_ref().is_none_or(Changes::writes)
    }

    fn overwrites(&self) -> bool {
        self.on_conflict == OnConflict::Overwrite || matches!(self.target, Target::Adopted(_))
    }

    /// What must still be there when a loaded session is written or deleted.
    fn expect_base(&self) -> Expect {
        match &self.base {
            _ if self.overwrites() => Expect::Anything,
            Some(base) => Expect::Revision(base.revision.clone()),
            None => Expect::Absent,
        }
    }

    /// Counts a lost race, and gives up after too many.
    fn race(&mut self) -> Result<()> {
        self.races += 1;
        if self.races > RACES {
            return Err(contended());
        }
        Ok(())
    }

    /// Takes another request's record as the new base and replays this request onto it.
    fn rebase(&mut self, theirs: Base) {
        if let Some(changes) = &self.changes {
            self.content = changes.replay(&theirs.record);
        }
        self.base = Some(theirs);
        self.merged = true;
    }

    fn finished(&self, revision: Revision) -> Outcome {
        let base = Base {
            record: self.content.clone(),
            revision,
        };
        if self.merged {
            Outcome::Merged(base)
        } else {
            Outcome::Stored(base)
        }
    }
}

fn contended() -> Error {
    Error::new(
        ErrorKind::Contended,
        format!("other requests changed the session {RACES} times while this one tried to save it"),
    )
}

fn misused(waiting: &Waiting, reply: &Reply) -> Error {
    let expected = match waiting {
        Waiting::Nothing => "nothing",
        Waiting::Save | Waiting::RenewSave => "the answer to a save",
        Waiting::Reload | Waiting::Probe | Waiting::RenewProbe | Waiting::RenewReload => {
            "the answer to a load"
        }
        Waiting::Touch => "the answer to a touch",
        Waiting::Empty | Waiting::RenewDelete | Waiting::Withdraw(_) => "the answer to a delete",
    };
    let got = match reply {
        Reply::Loaded(_) => "the answer to a load",
        Reply::Saved(_) => "the answer to a save",
        Reply::Deleted(_) => "the answer to a delete",
        Reply::Touched(_) => "the answer to a touch",
        Reply::Lost => "a lost answer",
    };
    Error::new(
        ErrorKind::Unexpected,
        format!("a commit expected {expected} and got {got}"),
    )
}
