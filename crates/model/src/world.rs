//! A few requests, a store, and what can go wrong: every schedule of them, for the checker.

use std::sync::Arc;

use flask_session_core::{
    Base, Commit, Expect, Key, Loaded, OnConflict, Operation, Outcome, Reply, Step,
};
use stateright::{Model, Property};

use crate::content::{Content, content_of, encoding, payload};
use crate::invariant::{Invariant, Ledger};
use crate::request::{Kind, Request, SESSIONS, before};
use crate::shelf::{Marks, Shelf};

/// How often each thing may go wrong in one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Faults {
    /// An answer is lost: the operation was carried out, or wasn't, or will be later.
    pub losses: u8,
    /// A process dies before or after an operation is carried out.
    pub crashes: u8,
    /// The session `s` expires.
    pub expiries: u8,
}

/// What the checker explores.
#[derive(Debug)]
pub struct World {
    requests: Vec<Request>,
    marks: Marks,
    faults: Faults,
}

/// One moment of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    store: Shelf,
    progress: Vec<Arc<Progress>>,
    /// Operations whose answer was lost and that are still on their way, and whose they are.
    delayed: Vec<(usize, Operation)>,
    left: Faults,
    ledger: Ledger,
}

/// How far a request is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Progress {
    NotOpened,
    Asking {
        commit: Box<Commit>,
        operation: Operation,
        loaded: Option<Content>,
        answers_lost: bool,
    },
    Over,
}

/// What may happen next; the number is the request's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The request loads its session, does its work and begins its commit.
    Opens(usize),
    /// The next operation is carried out and answered.
    Answered(usize),
    /// It is carried out, and the answer is lost.
    AnswerLost(usize),
    /// It isn't carried out, and there is no answer.
    RequestLost(usize),
    /// There is no answer, and it will be carried out at some later moment.
    Delayed(usize),
    /// A delayed operation is carried out.
    Arrives(usize),
    /// The process dies; its operation is not carried out.
    DiesBefore(usize),
    /// The process dies; its operation is carried out.
    DiesAfter(usize),
    /// The session expires.
    Expires,
}

impl World {
    /// `kinds` racing on a store whose revisions are `marks`, under `faults`.
    pub fn new(kinds: &[Kind], marks: Marks, faults: Faults) -> Self {
        Self {
            requests: Request::all(kinds),
            marks,
            faults,
        }
    }

    /// A new id can be used once the request that made it has been answered.
    fn may_open(&self, moment: &Moment, number: usize) -> bool {
        let key = self.requests[number].key();
        let mut renewals = self.requests.iter().filter(|request| request.renews());
        let renewal = renewals.find(|request| request.destination() == key);
        renewal.is_none_or(|renewal| moment.ledger.is_dead(renewal.key()))
    }

    fn opens(&self, moment: &mut Moment, number: usize) {
        let request = &self.requests[number];
        let load = Operation::Load(request.key().clone());
        let loaded = match moment.store.perform(&load) {
            Reply::Loaded(Some(loaded)) if request.loads => Some(loaded),
            // Nothing there: a host makes a new session, which is another request of the model.
            _ if request.loads => {
                moment.progress[number] = Arc::new(Progress::Over);
                return;
            }
            _ => None,
        };
        let content = loaded
            .as_ref()
            .map(|loaded| self.shown(moment, number, loaded));
        let base =
            loaded.and_then(|loaded| Base::read(loaded, encoding()).expect("a readable record"));
        let edit = request.doing.edit(base.as_ref());
        let target = request.target.clone();
        let mut commit = Commit::new(target, base, edit, encoding(), OnConflict::Merge)
            .expect("what is encoded already");
        if request.touches {
            commit = commit.touching();
        }
        let step = commit.start().expect("a small session");
        self.goes_on(moment, number, (commit, content, false), step);
    }

    fn shown(&self, moment: &mut Moment, number: usize, loaded: &Loaded) -> Content {
        let content = content_of(&loaded.payload);
        moment.ledger.shown(&self.requests[number], &content);
        content
    }

    fn goes_on(
        &self,
        moment: &mut Moment,
        number: usize,
        (commit, loaded, answers_lost): (Commit, Option<Content>, bool),
        step: Step,
    ) {
        let progress = match step {
            Step::Ask(operation) => Progress::Asking {
                commit: Box::new(commit),
                operation,
                loaded,
                answers_lost,
            },
            Step::Done(outcome) => {
                self.done(moment, number, &outcome, loaded.as_ref());
                Progress::Over
            }
        };
        moment.progress[number] = Arc::new(progress);
    }

    fn done(
        &self,
        moment: &mut Moment,
        number: usize,
        outcome: &Outcome,
        loaded: Option<&Content>,
    ) {
        let request = &self.requests[number];
        moment
            .ledger
            .done((number, request), outcome, loaded, &moment.store);
    }

    /// Carries out an operation.
    fn performs(&self, moment: &mut Moment, number: usize, operation: &Operation) -> Reply {
        let old = moment.store.clone();
        let reply = moment.store.perform(operation);
        let requests = (number, &self.requests[..]);
        let shelves = (&old, &moment.store);
        moment
            .ledger
            .performed(requests, operation, &reply, shelves);
        if let Reply::Loaded(Some(loaded)) = &reply {
            self.shown(moment, number, loaded);
        }
        reply
    }

    fn resumes(&self, moment: &mut Moment, number: usize, reply: Reply) {
        let Progress::Asking {
            commit,
            loaded,
            answers_lost,
            ..
        } = &*Arc::clone(&moment.progress[number])
        else {
            return;
        };
        let answers_lost = *answers_lost || reply == Reply::Lost;
        let mut commit = (**commit).clone();
        match commit.resume(reply) {
            Ok(step) => {
                let state = (commit, loaded.clone(), answers_lost);
                self.goes_on(moment, number, state, step);
            }
            Err(error) => {
                let request = &self.requests[number];
                moment.ledger.failed(request, answers_lost, &error);
                moment.progress[number] = Arc::new(Progress::Over);
            }
        }
    }
}

impl Moment {
    fn operation(&self, number: usize) -> Option<Operation> {
        match &*self.progress[number] {
            Progress::Asking { operation, .. } => Some(operation.clone()),
            _ => None,
        }
    }
}

impl Model for World {
    type State = Moment;
    type Action = Event;

    fn init_states(&self) -> Vec<Moment> {
        let mut store = Shelf::new(self.marks);
        for session in SESSIONS {
            let content = payload(&before(session));
            let save = Operation::Save(Key::from_text(session), content, Expect::Absent);
            store.perform(&save);
        }
        let unopened = Arc::new(Progress::NotOpened);
        vec![Moment {
            store,
            progress: vec![unopened; self.requests.len()],
            delayed: Vec::new(),
            left: self.faults,
            ledger: Ledger::default(),
        }]
    }

    fn actions(&self, moment: &Moment, events: &mut Vec<Event>) {
        if moment.left.expiries > 0 && moment.store.content(&session()).is_some() {
            events.push(Event::Expires);
        }
        events.extend((0..moment.delayed.len()).map(Event::Arrives));
        for (number, progress) in moment.progress.iter().enumerate() {
            match &**progress {
                Progress::NotOpened if self.may_open(moment, number) => {
                    events.push(Event::Opens(number));
                }
                Progress::NotOpened | Progress::Over => {}
                Progress::Asking { operation, .. } => {
                    events.push(Event::Answered(number));
                    let writes = matches!(operation, Operation::Save(..) | Operation::Delete(..));
                    if moment.left.losses > 0 {
                        events.push(Event::RequestLost(number));
                    }
                    if moment.left.losses > 0 && writes {
                        events.extend([Event::AnswerLost(number), Event::Delayed(number)]);
                    }
                    if moment.left.crashes > 0 {
                        events.push(Event::DiesBefore(number));
                    }
                    if moment.left.crashes > 0 && writes {
                        events.push(Event::DiesAfter(number));
                    }
                }
            }
        }
    }

    fn next_state(&self, moment: &Moment, event: Event) -> Option<Moment> {
        let mut next = moment.clone();
        match event {
            Event::Opens(number) => self.opens(&mut next, number),
            Event::Answered(number) => {
                let operation = next.operation(number)?;
                let reply = self.performs(&mut next, number, &operation);
                self.resumes(&mut next, number, reply);
            }
            Event::AnswerLost(number) => {
                next.left.losses -= 1;
                let operation = next.operation(number)?;
                self.performs(&mut next, number, &operation);
                self.resumes(&mut next, number, Reply::Lost);
            }
            Event::RequestLost(number) => {
                next.left.losses -= 1;
                self.resumes(&mut next, number, Reply::Lost);
            }
            Event::Delayed(number) => {
                next.left.losses -= 1;
                let operation = next.operation(number)?;
                next.delayed.push((number, operation));
                self.resumes(&mut next, number, Reply::Lost);
            }
            Event::Arrives(index) => {
                let (number, operation) = next.delayed.remove(index);
                self.performs(&mut next, number, &operation);
            }
            Event::DiesBefore(number) => {
                next.left.crashes -= 1;
                next.progress[number] = Arc::new(Progress::Over);
            }
            Event::DiesAfter(number) => {
                next.left.crashes -= 1;
                let operation = next.operation(number)?;
                self.performs(&mut next, number, &operation);
                next.progress[number] = Arc::new(Progress::Over);
            }
            Event::Expires => {
                next.left.expiries -= 1;
                next.store.expire(&session());
                next.ledger.expired(&session());
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        fn keeps(moment: &Moment, invariant: Invariant) -> bool {
            moment.ledger.broken != Some(invariant)
        }
        vec![
            Property::always(
                "no acknowledged change is lost unless the same key was written later",
                |_, moment| keeps(moment, Invariant::NoChangeIsLost),
            ),
            Property::always(
                "keys that one request assigned are found together",
                |_, moment| keeps(moment, Invariant::AssignedTogetherIsFoundTogether),
            ),
            Property::always(
                "after a clear and a set nothing older survives",
                |_, moment| keeps(moment, Invariant::NothingOlderSurvivesAClear),
            ),
            Property::always(
                "a session emptied by pop keeps another request's key",
                |_, moment| keeps(moment, Invariant::EmptyingKeepsOthersKeys),
            ),
            Property::always(
                "nothing is readable after an acknowledged destroy or under a renewed-away id",
                |_, moment| keeps(moment, Invariant::NothingIsReadableAfterItsEnd),
            ),
            Property::always("no request sees another session's data", |_, moment| {
                keeps(moment, Invariant::SessionsAreSeparate)
            }),
            Property::always(
                "gone is said of what another request or time has ended",
                |_, moment| keeps(moment, Invariant::GoneIsSaidOfWhatOthersEnded),
            ),
            Property::always("deleted is said by who deletes", |_, moment| {
                keeps(moment, Invariant::DeletedIsSaidByWhoDeletes)
            }),
            Property::always("touched is said of what is there", |_, moment| {
                keeps(moment, Invariant::TouchedIsSaidOfWhatIsThere)
            }),
            Property::always("nothing fails without reason", |_, moment| {
                keeps(moment, Invariant::NothingFailsWithoutReason)
            }),
        ]
    }
}

/// The session that expires.
fn session() -> Key {
    Key::from_text(SESSIONS[0])
}
