//! One round: several workers load one session, then all commit at once. What each does is known
//! from the round's number.

use std::time::Duration;

use flask_session_core::{Base, Commit, Key, OnConflict, Outcome, Store, Target, drive, perform};
use flask_session_model::{Content, Doing, content_of_record, encoding};
use serde_json::{Value, json};

/// How long sessions live in all rounds but those on expiry.
pub(crate) const LONG: Duration = Duration::from_secs(600);

/// What a worker does in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    Adds,
    LogsIn,
    Reads,
    PopsAll,
    Clears,
    ClearsAndSets,
    Renews,
}

/// A round and the number of its workers, in all processes together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Round {
    pub(crate) number: usize,
    pub(crate) workers: usize,
}

impl Round {
    /// All but two workers write, each after the same load: whatever the machine's speed, all but
    /// one of these must meet another's change, or find the session gone.
    fn task(self, worker: usize) -> Task {
        // The special ones take turns.
        let turn = (worker + self.number / 6) % self.workers;
        match (self.number % 6, turn) {
            (1, 0) => Task::Clears,
            (2 | 3, 0) | (3, 1) => Task::Renews,
            (4, 0) => Task::PopsAll,
            (4, 1) => Task::ClearsAndSets,
            (5, 0 | 1) => Task::Reads,
            _ if worker.is_multiple_of(2) => Task::Adds,
            _ => Task::LogsIn,
        }
    }

    pub(crate) fn key(self) -> Key {
        Key::from_text(format!("session:round-{}", self.number))
    }

    pub(crate) fn renewed_key(self, worker: usize) -> Key {
        Key::from_text(format!("session:round-{}-renewed-by-{worker}", self.number))
    }

    pub(crate) fn renews(self, worker: usize) -> bool {
        self.task(worker) == Task::Renews
    }

    /// What the session holds before. `owner` says whose it is.
    pub(crate) fn before(self) -> Content {
        let owner = format!("round-{}", self.number);
        [("owner", owner.as_str()), ("user", "0"), ("name", "0")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into()
    }

    pub(crate) fn doing(self, worker: usize) -> Doing {
        let value = format!("{worker}-in-{}", self.number);
        let assigned = match self.task(worker) {
            Task::Adds | Task::ClearsAndSets => vec![format!("of-{worker}")],
            Task::LogsIn | Task::Renews => vec!["user".to_owned(), "name".to_owned()],
            Task::Reads | Task::PopsAll | Task::Clears => vec![],
        };
        let all = || self.before().into_keys().collect();
        let task = self.task(worker);
        Doing {
            clears: matches!(task, Task::Clears | Task::ClearsAndSets),
            pops: (task == Task::PopsAll).then(all).unwrap_or_default(),
            assigns: assigned
                .into_iter()
                .map(|key| (key, value.clone()))
                .collect(),
        }
    }

    /// What `worker` finds when it loads the session.
    pub(crate) fn load(self, store: &dyn Store) -> Option<Base> {
        let loaded = drive(store.load(&self.key(), None)).expect("a load");
        loaded.and_then(|loaded| Base::read(loaded, encoding()).expect("a readable record"))
    }

    /// The commit of `worker`, which has loaded `base`.
    pub(crate) fn commit(self, worker: usize, store: &dyn Store, base: Option<Base>) -> Done {
        let loaded = base.as_ref().map(|base| content_of_record(&base.record));
        if base.is_none() {
            return Done::new(worker, loaded, "absent", None);
        }
        let target = if self.renews(worker) {
            Target::Renewed {
                from: self.key(),
                to: self.renewed_key(worker),
            }
        } else {
            Target::Same(self.key())
        };
        let edit = self.doing(worker).edit(base.as_ref());
        let commit = Commit::new(target, base, edit, encoding(), OnConflict::Merge);
        let mut commit = commit.expect("what is encoded already").touching();
        let (outcome, base) = match drive(perform(store, &mut commit, LONG)) {
            Ok(Outcome::Unchanged) => ("unchanged".to_owned(), None),
            Ok(Outcome::Touched) => ("touched".to_owned(), None),
            Ok(Outcome::Stored(base)) => ("stored".to_owned(), Some(base)),
            Ok(Outcome::Merged(base)) => ("merged".to_owned(), Some(base)),
            Ok(Outcome::Deleted) => ("deleted".to_owned(), None),
            Ok(Outcome::Gone) => ("gone".to_owned(), None),
            Err(error) => (format!("{error}"), None),
        };
        let after = base.map(|base| content_of_record(&base.record));
        Done::new(worker, loaded, &outcome, after)
    }
}

/// What a worker's history says of one round.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) worker: usize,
    /// What it loaded.
    pub(crate) loaded: Option<Content>,
    /// What its commit said, or its error.
    pub(crate) outcome: String,
    /// What the session held afterwards, as the commit said.
    pub(crate) after: Option<Content>,
}

impl Done {
    fn new(worker: usize, loaded: Option<Content>, outcome: &str, after: Option<Content>) -> Self {
        Self {
            worker,
            loaded,
            outcome: outcome.to_owned(),
            after,
        }
    }

    /// Whether another request was met.
    pub(crate) fn is_conflict(&self) -> bool {
        ["merged", "gone"].contains(&self.outcome.as_str())
    }

    pub(crate) fn to_line(&self) -> String {
        json!([self.worker, self.loaded, self.outcome, self.after]).to_string()
    }

    pub(crate) fn from_line(line: &str) -> Self {
        let value: Value = serde_json::from_str(line).expect("a line of history");
        let content = |value: &Value| {
            value.as_object().map(|content| {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let entries = content.iter();
                entries
                    .map(|(key, value)| (key.clone(), text(value)))
                    .collect()
            })
        };
        Self {
            worker: value[0]
                .as_u64()
                .and_then(|worker| worker.try_into().ok())
                .expect("a worker"),
            loaded: content(&value[1]),
            outcome: value[2].as_str().unwrap_or_default().to_owned(),
            after: content(&value[3]),
        }
    }
}
