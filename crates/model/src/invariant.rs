//! What must hold at every step, whatever the schedule and the faults.

use std::collections::{BTreeMap, BTreeSet};

use flask_session_core::{Deleted, Error, ErrorKind, Key, Operation, Outcome, Reply, Saved};

use crate::content::{Content, content_of_record};
use crate::request::{Request, SESSIONS, TOGETHER, before};
use crate::shelf::Shelf;

/// What a step has broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Invariant {
    /// No acknowledged change is lost unless the same key was written later.
    NoChangeIsLost,
    /// Keys that one request assigned are found together.
    AssignedTogetherIsFoundTogether,
    /// After a clear and a set nothing older survives.
    NothingOlderSurvivesAClear,
    /// A session that was emptied key by key doesn't delete another request's key.
    EmptyingKeepsOthersKeys,
    /// Nothing is readable after an acknowledged destroy, or under a renewed-away id.
    NothingIsReadableAfterItsEnd,
    /// No request sees or changes another session.
    SessionsAreSeparate,
    /// A commit says "gone" only of a session that another request, or time, has ended.
    GoneIsSaidOfWhatOthersEnded,
    /// A commit says "deleted" only where its own request emptied the session.
    DeletedIsSaidByWhoDeletes,
    /// A commit says "touched" only of what is there.
    TouchedIsSaidOfWhatIsThere,
    /// A commit fails only where nobody can know what became of it.
    NothingFailsWithoutReason,
}

/// Who ended a session, or moved it away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum End {
    By(usize),
    Moved(usize),
    Expired,
}

/// What the model remembers besides the store and the requests, to tell right from wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Ledger {
    ends: BTreeMap<Key, End>,
    /// Keys under which nothing may be found any more.
    dead: BTreeSet<Key>,
    pub(crate) broken: Option<Invariant>,
}

impl Ledger {
    /// An operation of `request` is carried out, which turns `old` into `new`.
    pub(crate) fn performed(
        &mut self,
        (number, requests): (usize, &[Request]),
        operation: &Operation,
        reply: &Reply,
        (old, new): (&Shelf, &Shelf),
    ) {
        let request = &requests[number];
        let step = Step {
            request,
            requests,
            old,
            new,
        };
        match (operation, reply) {
            (Operation::Save(key, ..), Reply::Saved(Saved::Stored(_))) => {
                self.check(step.saved(key));
            }
            (Operation::Delete(key, _), Reply::Deleted(Deleted::Removed)) => {
                self.check(step.removed(key));
                let moved = request.renews()
                    && key == request.key()
                    && new.content(request.destination()).is_some();
                let end = if moved {
                    End::Moved(number)
                } else {
                    End::By(number)
                };
                self.ends.insert(key.clone(), end);
            }
            _ => {}
        }
        let dead = self.dead.iter().all(|key| new.content(key).is_none());
        self.check(or(dead, Invariant::NothingIsReadableAfterItsEnd));
        self.check(every_record_is_whole(new, requests));
    }

    /// The session's time to live has passed.
    pub(crate) fn expired(&mut self, key: &Key) {
        self.ends.insert(key.clone(), End::Expired);
    }

    /// The commit of `request` is over.
    pub(crate) fn done(
        &mut self,
        (number, request): (usize, &Request),
        outcome: &Outcome,
        loaded: Option<&Content>,
        store: &Shelf,
    ) {
        let here = store.content(request.key());
        let there = store.content(request.destination());
        let doing = &request.doing;
        let (holds, invariant) = match outcome {
            Outcome::Unchanged => (
                loaded.is_none_or(|content| doing.done_to(content) == *content),
                Invariant::NoChangeIsLost,
            ),
            Outcome::Touched => (here.is_some(), Invariant::TouchedIsSaidOfWhatIsThere),
            Outcome::Stored(base) | Outcome::Merged(base) => {
                let known = Some(content_of_record(&base.record)) == there;
                let done = there.is_some_and(|content| doing.done_to(&content) == content);
                let moved = self.ends.get(request.key()) == Some(&End::Moved(number));
                if request.renews() && !moved {
                    (false, Invariant::NothingIsReadableAfterItsEnd)
                } else {
                    (known && done, Invariant::NoChangeIsLost)
                }
            }
            Outcome::Deleted if here.is_some() || there.is_some() => {
                (false, Invariant::NothingIsReadableAfterItsEnd)
            }
            Outcome::Deleted => (
                loaded.is_some_and(|content| doing.done_to(content).is_empty()),
                Invariant::DeletedIsSaidByWhoDeletes,
            ),
            Outcome::Gone if request.renews() && there.is_some() => {
                (false, Invariant::NothingIsReadableAfterItsEnd)
            }
            Outcome::Gone => {
                let by_itself = [End::By(number), End::Moved(number)].map(Some);
                let end = self.ends.get(request.key()).copied();
                let ended = end.is_some() && !by_itself.contains(&end);
                // Who empties a session and gets no answer can't know who was first.
                let emptied = loaded.is_some_and(|content| doing.done_to(content).is_empty());
                (
                    here.is_none() && (ended || emptied),
                    Invariant::GoneIsSaidOfWhatOthersEnded,
                )
            }
        };
        self.check(or(holds, invariant));
        let ends = match outcome {
            Outcome::Stored(_) | Outcome::Merged(_) => request.renews(),
            Outcome::Deleted => doing.destroys(),
            _ => false,
        };
        if ends {
            self.dead.insert(request.key().clone());
        }
    }

    /// The commit of `request` has failed.
    pub(crate) fn failed(&mut self, request: &Request, answers_lost: bool, error: &Error) {
        let excused = request.renews() && answers_lost && error.kind() == ErrorKind::Unreachable;
        self.check(or(excused, Invariant::NothingFailsWithoutReason));
    }

    /// A request was shown `content` as that of its session.
    pub(crate) fn shown(&mut self, request: &Request, content: &Content) {
        let session = &request.session;
        let separate = content.values().all(|value| value.starts_with(session));
        self.check(or(separate, Invariant::SessionsAreSeparate));
    }

    /// Whether `key` was renewed away, or destroyed, and somebody was told so.
    pub(crate) fn is_dead(&self, key: &Key) -> bool {
        self.dead.contains(key)
    }

    fn check(&mut self, result: Result<(), Invariant>) {
        if let Err(invariant) = result {
            self.broken.get_or_insert(invariant);
        }
    }
}

/// A write that was carried out.
struct Step<'a> {
    request: &'a Request,
    requests: &'a [Request],
    old: &'a Shelf,
    new: &'a Shelf,
}

impl Step<'_> {
    /// A record is what lay there before and what the request does to it; nothing else.
    fn saved(&self, key: &Key) -> Result<(), Invariant> {
        let (old, new) = (self.old.content(key), self.new.content(key));
        let new = new.unwrap_or_default();
        if self.request.renews() {
            // Nobody knows this id yet; it is judged when the old one goes.
            let moves = key == self.request.destination();
            return or(moves, Invariant::NothingIsReadableAfterItsEnd);
        }
        if key != self.request.key() {
            return Err(Invariant::SessionsAreSeparate);
        }
        let doing = &self.request.doing;
        let old = match old {
            None if !self.request.loads => return Ok(()),
            None => return Err(Invariant::NothingIsReadableAfterItsEnd),
            Some(old) if !self.request.loads && old != new => {
                return Err(Invariant::SessionsAreSeparate);
            }
            Some(old) => old,
        };
        if doing.clears && new.keys().any(|key| !doing.assigns.contains_key(key)) {
            return Err(Invariant::NothingOlderSurvivesAClear);
        }
        if new == doing.done_to(&old) {
            Ok(())
        } else if is_mixed(&new, self.requests) {
            Err(Invariant::AssignedTogetherIsFoundTogether)
        } else {
            Err(Invariant::NoChangeIsLost)
        }
    }

    /// A record goes if the request has emptied it as it is, or has moved all of it.
    fn removed(&self, key: &Key) -> Result<(), Invariant> {
        let request = self.request;
        if key == request.destination() && request.renews() {
            return Ok(());
        }
        if key != request.key() {
            return Err(Invariant::SessionsAreSeparate);
        }
        let old = self.old.content(key).unwrap_or_default();
        let left = request.doing.done_to(&old);
        if left.is_empty() {
            Ok(())
        } else if request.renews() {
            let moved = self.new.content(request.destination()) == Some(left);
            or(moved, Invariant::NoChangeIsLost)
        } else {
            Err(Invariant::EmptyingKeepsOthersKeys)
        }
    }
}

/// Every record's keys that are assigned together are of one request, or what was there before.
fn every_record_is_whole(store: &Shelf, requests: &[Request]) -> Result<(), Invariant> {
    let mut contents = store.keys().filter_map(|key| store.content(key));
    if contents.any(|content| is_mixed(&content, requests)) {
        return Err(Invariant::AssignedTogetherIsFoundTogether);
    }
    Ok(())
}

fn is_mixed(content: &Content, requests: &[Request]) -> bool {
    let group = |content: &Content| TOGETHER.map(|key| content.get(key).cloned());
    let found = group(content);
    found.iter().any(Option::is_some)
        && !SESSIONS
            .iter()
            .any(|session| group(&before(session)) == found)
        && !requests
            .iter()
            .any(|request| group(&request.doing.assigns) == found)
}

fn or(holds: bool, invariant: Invariant) -> Result<(), Invariant> {
    if holds { Ok(()) } else { Err(invariant) }
}
