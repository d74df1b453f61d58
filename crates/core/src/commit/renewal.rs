//! Renewal: the session moves to a new id, and the old one dies.
//!
//! First the new record is saved, then the old one deleted: a crash between leaves both, and
//! nobody knows the new id yet. If the old record turns out to be gone, another request has
//! destroyed or renewed the session: that one wins, and what was saved is withdrawn. The same
//! after a delete without an answer, though it may have been our own: a logout stays final.

use super::{Commit, Waiting, contended};
use crate::limits::Excess;
use crate::session::{Operation, Outcome, Step};
use crate::{Deleted, Error, ErrorKind, Expect, Loaded, Result, Revision};

/// How far a renewal is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Renewal {
    /// The revision of what this commit last saved under the new key.
    pub(super) saved: Option<Revision>,
    /// A delete of the old record was not answered: if it is absent later, it may have been this
    /// commit or another request that took it away.
    pub(super) unsure: bool,
}

/// Why a renewal takes back what it saved.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Withdrawal {
    Gone,
    Unsure,
    Contended,
    Emptied,
    TooLarge(Excess),
}

impl Withdrawal {
    pub(super) fn end(&self) -> Result<Step> {
        match self {
            Self::Gone => Ok(Step::Done(Outcome::Gone)),
            Self::Emptied => Ok(Step::Done(Outcome::Deleted)),
            Self::Contended => Err(contended()),
            Self::TooLarge(excess) => Err((*excess).into()),
            Self::Unsure => Err(Error::new(
                ErrorKind::Unreachable,
                "the answer to a delete was lost: whether it renewed the session, or another \
                 request had ended it, can't be known",
            )),
        }
    }
}

impl Commit {
    /// Saves under the new id, over nothing but what this commit itself saved there: an earlier
    /// save whose answer was lost may arrive late, and must not undo a later one.
    pub(super) fn renew(&mut self) -> Result<Step, Excess> {
        let payload = self.payload()?;
        let revision = self.renewal.saved.clone();
        let expect = revision.map_or(Expect::Absent, Expect::Revision);
        let save = Operation::Save(self.destination().clone(), payload, expect);
        Ok(self.ask(Waiting::RenewSave, save))
    }

    pub(super) fn renew_probe(&mut self) -> Result<Step> {
        self.race()?;
        let load = Operation::Load(self.destination().clone());
        Ok(self.ask(Waiting::RenewProbe, load))
    }

    /// Nobody else knows the new id: whatever is there is an earlier save of ours.
    pub(super) fn renew_probed(&mut self, found: Option<Loaded>) -> Result<Step> {
        let ours = self.payload()?;
        let is_saved = found.as_ref().is_some_and(|found| found.payload == ours);
        self.renewal.saved = found.map(|found| found.revision);
        if is_saved {
            return Ok(self.ask_renew_delete());
        }
        Ok(self.renew()?)
    }

    pub(super) fn ask_renew_delete(&mut self) -> Step {
        let operation = Operation::Delete(self.key().clone(), self.expect_base());
        self.ask(Waiting::RenewDelete, operation)
    }

    pub(super) fn ask_renew_reload(&mut self) -> Step {
        let operation = Operation::Load(self.key().clone());
        self.ask(Waiting::RenewReload, operation)
    }

    pub(super) fn renew_deleted(&mut self, deleted: Deleted) -> Step {
        let moved = match deleted {
            Deleted::Removed => true,
            Deleted::Absent => self.overwrites(),
            Deleted::Conflict if self.race().is_err() => {
                return self.withdraw(Withdrawal::Contended);
            }
            Deleted::Conflict => return self.ask_renew_reload(),
        };
        match &self.renewal.saved {
            Some(revision) if moved => Step::Done(self.finished(revision.clone())),
            _ => self.withdraw_from_absence(),
        }
    }

    pub(super) fn renew_reloaded(&mut self, found: Option<Loaded>) -> Result<Step> {
        let Some(theirs) = self.read(found)? else {
            return Ok(self.withdraw_from_absence());
        };
        self.rebase(theirs);
        if self.content.is_empty() {
            return Ok(self.delete_emptied());
        }
        // Together with the other request's change it may be too large.
        Ok(match self.renew() {
            Ok(step) => step,
            Err(excess) => self.withdraw(Withdrawal::TooLarge(excess)),
        })
    }

    fn withdraw_from_absence(&mut self) -> Step {
        self.withdraw(if self.renewal.unsure {
            Withdrawal::Unsure
        } else {
            Withdrawal::Gone
        })
    }

    pub(super) fn withdraw(&mut self, why: Withdrawal) -> Step {
        let operation = Operation::Delete(self.destination().clone(), Expect::Anything);
        self.ask(Waiting::Withdraw(why), operation)
    }
}
