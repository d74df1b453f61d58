//! Runs of the checker over every combination of requests.

use std::fmt;

use stateright::{Checker, HasDiscoveries, Model};

use crate::request::Kind;
use crate::shelf::Marks;
use crate::world::{Faults, World};

/// What was explored.
#[derive(Clone, Copy, Debug, Default)]
pub struct Explored {
    /// Combinations of requests, store and faults.
    pub scenarios: usize,
    /// Different states.
    pub states: usize,
    /// Steps from one state to another.
    pub steps: usize,
}

/// A schedule that breaks an invariant.
#[derive(Debug)]
pub struct Counterexample {
    /// The invariant, as a sentence.
    pub invariant: &'static str,
    /// Which requests raced, on which store.
    pub scenario: String,
    /// What happened, in order.
    pub events: Vec<String>,
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "broken: {}", self.invariant)?;
        writeln!(f, "among: {}", self.scenario)?;
        write!(f, "after: {}", self.events.join(", "))
    }
}

/// Every multiset of `size` kinds of requests.
pub fn combinations(size: usize) -> Vec<Vec<Kind>> {
    let mut found = vec![vec![]];
    for _ in 0..size {
        found = found
            .into_iter()
            .flat_map(|kinds: Vec<Kind>| {
                let last = kinds.last().copied();
                Kind::ALL
                    .into_iter()
                    .filter(move |kind| last.is_none_or(|last| *kind >= last))
                    .map(move |kind| [&kinds[..], &[kind]].concat())
            })
            .collect();
    }
    found
}

/// Explores every schedule of every one of `scenarios` under `faults`, on both kinds of stores.
/// Stops at the first counterexample.
pub fn explore(
    scenarios: &[Vec<Kind>],
    faults: Faults,
    threads: usize,
) -> Result<Explored, Box<Counterexample>> {
    let mut explored = Explored::default();
    for kinds in scenarios {
        for marks in [Marks::Numbers, Marks::Payloads] {
            let checker = World::new(kinds, marks, faults)
                .checker()
                .threads(threads)
                .finish_when(HasDiscoveries::AnyFailures)
                .spawn_dfs()
                .join();
            explored.scenarios += 1;
            explored.states += checker.unique_state_count();
            explored.steps += checker.state_count();
            if let Some((invariant, path)) = checker.discoveries().into_iter().next() {
                let events = path.into_actions();
                return Err(Box::new(Counterexample {
                    invariant,
                    scenario: format!("{kinds:?} on {marks:?} under {faults:?}"),
                    events: events.iter().map(|event| format!("{event:?}")).collect(),
                }));
            }
        }
    }
    Ok(explored)
}
