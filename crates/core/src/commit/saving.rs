//! Saving, emptying and merging under the session's own key.

use super::renewal::Withdrawal;
use super::{Commit, Waiting, contended};
use crate::session::{Base, Operation, Outcome, Step, Target};
use crate::{Deleted, Expect, Loaded, Result};

impl Commit {
    /// Nothing has to be written.
    pub(super) fn unchanged(&mut self) -> Step {
        if !self.touches || self.base.is_none() {
            return Step::Done(Outcome::Unchanged);
        }
        let touch = Operation::Touch(self.destination().clone());
        self.ask(Waiting::Touch, touch)
    }

    pub(super) fn save(&mut self) -> Result<Step> {
        let (key, expect) = (self.destination().clone(), self.expect_base());
        let save = Operation::Save(key, self.payload()?, expect);
        Ok(self.ask(Waiting::Save, save))
    }

    /// Another request was faster, or the answer was lost: what is there now?
    pub(super) fn lost_a_save(&mut self) -> Result<Step> {
        if self.base.is_some() && !matches!(self.target, Target::Adopted(_)) {
            return self.reload();
        }
        self.race()?;
        let load = Operation::Load(self.destination().clone());
        Ok(self.ask(Waiting::Probe, load))
    }

    /// A new session whose save wasn't answered: ours is there, or nothing is.
    pub(super) fn probed(&mut self, found: Option<Loaded>) -> Result<Step> {
        match found {
            None => self.save(),
            Some(loaded) if loaded.payload == self.payload()? => {
                Ok(Step::Done(self.finished(loaded.revision)))
            }
            Some(_) if self.overwrites() => self.save(),
            // Somebody else's session under an id of 256 random bits: never adopt it.
            Some(_) => Err(contended()),
        }
    }

    pub(super) fn reload(&mut self) -> Result<Step> {
        self.race()?;
        let load = Operation::Load(self.key().clone());
        Ok(self.ask(Waiting::Reload, load))
    }

    pub(super) fn reloaded(&mut self, found: Option<Loaded>) -> Result<Step> {
        let Some(theirs) = self.read(found)? else {
            return Ok(Step::Done(Outcome::Gone));
        };
        if theirs.record == self.content {
            return Ok(Step::Done(self.finished(theirs.revision)));
        }
        self.rebase(theirs);
        if let Some(base) = &self.base
            && base.record == self.content
        {
            return Ok(Step::Done(Outcome::Merged(base.clone())));
        }
        if self.content.is_empty() {
            return Ok(self.delete_emptied());
        }
        self.save()
    }

    pub(super) fn read(&self, found: Option<Loaded>) -> Result<Option<Base>> {
        match found {
            Some(loaded) => Base::read(loaded, self.encoding),
            None => Ok(None),
        }
    }

    /// A session that holds nothing any more is deleted; a new one was never written.
    pub(super) fn start_empty(&mut self) -> Step {
        let adopted = matches!(self.target, Target::Adopted(_));
        match &self.base {
            None if !adopted => Step::Done(Outcome::Unchanged),
            Some(_) if !adopted && !self.writes() => self.unchanged(),
            _ => self.delete_emptied(),
        }
    }

    /// After a `clear` the record goes, whatever it holds by now. A session that was emptied key
    /// by key goes only if no other request has put something into it meanwhile.
    pub(super) fn delete_emptied(&mut self) -> Step {
        let expect = if self.cleared {
            Expect::Anything
        } else {
            self.expect_base()
        };
        let expect = if expect == Expect::Absent {
            Expect::Anything
        } else {
            expect
        };
        let operation = Operation::Delete(self.key().clone(), expect);
        self.ask(Waiting::Empty, operation)
    }

    pub(super) fn emptied(&mut self, deleted: Deleted) -> Result<Step> {
        let mine = match deleted {
            Deleted::Removed => true,
            Deleted::Absent => self.cleared || self.overwrites(),
            Deleted::Conflict if matches!(self.target, Target::Renewed { .. }) => {
                self.race()?;
                return Ok(self.ask_renew_reload());
            }
            Deleted::Conflict => return self.reload(),
        };
        Ok(match (&self.renewal.saved, mine) {
            (Some(_), true) => self.withdraw(Withdrawal::Emptied),
            (Some(_), false) => self.withdraw(Withdrawal::Gone),
            (None, true) => Step::Done(Outcome::Deleted),
            (None, false) => Step::Done(Outcome::Gone),
        })
    }
}
