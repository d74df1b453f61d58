//! The kinds of requests that the model lets race with each other.

use flask_session_core::{Key, Target};

use crate::content::{Content, Doing};

/// What one request does. `s` is the session that all but the last three use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Looks at the session; its refresh is due.
    Reads,
    /// Assigns a key that was there.
    Writes,
    /// Assigns a key that wasn't there.
    Adds,
    /// Assigns `user` and `name`.
    LogsIn,
    /// Assigns `user` and `name`, the first of them to what it was.
    LogsInAgain,
    /// Deletes one key.
    Pops,
    /// Deletes every key, one by one.
    PopsAll,
    /// Clears the session: a logout.
    Clears,
    /// Clears the session and assigns one key.
    ClearsAndSets,
    /// Takes a new id.
    Renews,
    /// Takes a new id and assigns `user` and `name`: a log-in.
    RenewsToLogIn,
    /// Clears the session, takes a new id and assigns `user` and `name`.
    RenewsAfresh,
    /// Takes a new id and deletes every key.
    RenewsAndPopsAll,
    /// Makes a session that wasn't there.
    Begins,
    /// Assigns a key of the session `t`.
    WritesElsewhere,
    /// Assigns a key under the new id that an earlier request of the scenario was given.
    Follows,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Reads,
        Self::Writes,
        Self::Adds,
        Self::LogsIn,
        Self::LogsInAgain,
        Self::Pops,
        Self::PopsAll,
        Self::Clears,
        Self::ClearsAndSets,
        Self::Renews,
        Self::RenewsToLogIn,
        Self::RenewsAfresh,
        Self::RenewsAndPopsAll,
        Self::Begins,
        Self::WritesElsewhere,
        Self::Follows,
    ];
}

/// Keys of a session that are only ever assigned together.
pub(crate) const TOGETHER: [&str; 2] = ["user", "name"];

/// What a session holds before the requests.
pub(crate) fn before(session: &str) -> Content {
    let value = format!("{session}0");
    ["a", "user", "name"]
        .into_iter()
        .map(|key| (key.to_owned(), value.clone()))
        .collect()
}

/// The sessions that are there before the requests.
pub(crate) const SESSIONS: [&str; 2] = ["s", "t"];

/// One of the requests of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    /// Which record it is about.
    pub target: Target,
    /// What its session's values begin with.
    pub session: String,
    /// Whether the record is there before.
    pub loads: bool,
    /// Whether its refresh is due.
    pub touches: bool,
    /// What it does.
    pub doing: Doing,
}

impl Request {
    /// The requests of a scenario.
    pub fn all(kinds: &[Kind]) -> Vec<Self> {
        let mut requests: Vec<Self> = Vec::new();
        for (number, kind) in kinds.iter().enumerate() {
            let mut request = Self::new(*kind, number);
            if *kind == Kind::Follows
                && let Some(renewal) = requests.iter().find(|request| request.renews())
            {
                request.target = Target::Same(renewal.destination().clone());
            }
            requests.push(request);
        }
        requests
    }

    /// The request `number` of a scenario. Its values begin with its session's name, and end
    /// with its number.
    fn new(kind: Kind, number: usize) -> Self {
        let session = match kind {
            Kind::Begins => format!("new{number}-"),
            Kind::WritesElsewhere => "t".to_owned(),
            _ => "s".to_owned(),
        };
        let mine = format!("{session}{}", number + 1);
        let as_it_was = format!("{session}0");
        let all = ["a", "user", "name"];
        let (pops, assigns): (&[&str], Vec<(&str, &str)>) = match kind {
            Kind::Reads | Kind::Clears | Kind::Renews => (&[], vec![]),
            Kind::Writes | Kind::WritesElsewhere | Kind::Follows => (&[], vec![("a", &mine)]),
            Kind::Adds | Kind::ClearsAndSets => (&[], vec![("c", &mine)]),
            Kind::LogsIn | Kind::Begins | Kind::RenewsToLogIn | Kind::RenewsAfresh => {
                (&[], vec![("user", &mine), ("name", &mine)])
            }
            Kind::LogsInAgain => (&[], vec![("user", &as_it_was), ("name", &mine)]),
            Kind::Pops => (&["a"], vec![]),
            Kind::PopsAll | Kind::RenewsAndPopsAll => (&all, vec![]),
        };
        let key = Key::from_text(session.as_str());
        let renews = matches!(
            kind,
            Kind::Renews | Kind::RenewsToLogIn | Kind::RenewsAfresh | Kind::RenewsAndPopsAll
        );
        let clears = matches!(
            kind,
            Kind::Clears | Kind::ClearsAndSets | Kind::RenewsAfresh
        );
        Self {
            target: if renews {
                Target::Renewed {
                    from: key,
                    to: Key::from_text(format!("s-renewed-by-{number}")),
                }
            } else {
                Target::Same(key)
            },
            session,
            loads: kind != Kind::Begins,
            touches: kind == Kind::Reads,
            doing: Doing {
                clears,
                pops: pops.iter().map(|key| (*key).to_owned()).collect(),
                assigns: owned(&assigns),
            },
        }
    }

    /// Where its session lies before, or is made.
    pub fn key(&self) -> &Key {
        match &self.target {
            Target::Same(key) | Target::Adopted(key) | Target::Renewed { from: key, .. } => key,
        }
    }

    /// Where its session is to lie afterwards.
    pub fn destination(&self) -> &Key {
        match &self.target {
            Target::Same(key) | Target::Adopted(key) | Target::Renewed { to: key, .. } => key,
        }
    }

    /// Whether it takes a new id.
    pub fn renews(&self) -> bool {
        matches!(self.target, Target::Renewed { .. })
    }
}

fn owned(content: &[(&str, &str)]) -> Content {
    let content = content.iter();
    content
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}
