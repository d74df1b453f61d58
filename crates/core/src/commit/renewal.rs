//! Renewal: the session moves to a new id, and the old one dies.
//!
//! First the new record is saved, then the old one deleted: a crash between leaves both, and
//! nobody knows the new id yet. If the old record turns out to be gone, another request has
//! destroyed or renewed the session: that one wins, and what was saved is withdrawn.

use super::{Commit, Waiting, Withdrawal, contended};
use crate::session::{Operation, Outcome, Step};
use crate::{Deleted, Expect, Loaded, Result, Revision};

impl Commit {
    pub(super) fn renew(&mut self, expect: Expect) -> Step {
        let save = Operation::Save(self.destination().clone(), self.payload(), expect);
        self.ask(Waiting::RenewSave, save)
    }

    pub(super) fn ask_renew_delete(&mut self, stored: Revision) -> Step {
        let operation = Operation::Delete(self.key().clone(), self.expect_base());
        self.ask(Waiting::RenewDelete { stored }, operation)
    }

    pub(super) fn ask_renew_reload(&mut self) -> Step {
        let operation = Operation::Load(self.key().clone());
        self.ask(Waiting::RenewReload, operation)
    }

    pub(super) fn renewed(&mut self, stored: Revision, deleted: Deleted) -> Step {
        match deleted {
            Deleted::Removed => Step::Done(self.finished(stored)),
            Deleted::Absent if self.overwrites() => Step::Done(self.finished(stored)),
            Deleted::Absent => self.withdraw(Withdrawal::Gone),
            Deleted::Conflict if self.race().is_err() => self.withdraw(Withdrawal::Contended),
            Deleted::Conflict => self.ask_renew_reload(),
        }
    }

    pub(super) fn renew_reloaded(&mut self, found: Option<Loaded>) -> Result<Step> {
        let Some(theirs) = self.read(found)? else {
            return Ok(self.withdraw(Withdrawal::Gone));
        };
        self.rebase(theirs);
        if self.content.is_empty() {
            return Ok(self.withdraw(Withdrawal::Emptied));
        }
        Ok(self.renew(Expect::Anything))
    }

    pub(super) fn withdraw(&mut self, why: Withdrawal) -> Step {
        let operation = Operation::Delete(self.destination().clone(), Expect::Anything);
        self.ask(Waiting::Withdraw(why), operation)
    }

    pub(super) fn withdrawn(&mut self, why: &Withdrawal) -> Result<Step> {
        match why {
            Withdrawal::Gone => Ok(Step::Done(Outcome::Gone)),
            Withdrawal::Contended => Err(contended()),
            Withdrawal::Emptied => Ok(self.delete_emptied()),
        }
    }
}
