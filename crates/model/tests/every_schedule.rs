//! The short form of the model check; `make verify` runs the long one.

use flask_session_model::{Explored, Faults, Kind, combinations, explore};

fn keeps_every_invariant(scenarios: &[Vec<Kind>], faults: Faults) -> Explored {
    match explore(scenarios, faults, 2) {
        Ok(explored) => explored,
        Err(found) => panic!("{found}"),
    }
}

#[test]
fn two_requests_of_any_kinds_keep_every_invariant_under_every_fault() {
    let faults = Faults {
        losses: 1,
        crashes: 1,
        expiries: 1,
    };
    let explored = keeps_every_invariant(&combinations(2), faults);
    assert!(explored.states > 100_000, "{explored:?}");
}

#[test]
fn three_requests_of_any_kinds_keep_every_invariant() {
    let explored = keeps_every_invariant(&combinations(3), Faults::default());
    assert!(explored.states > 100_000, "{explored:?}");
}

/// What was found by the long form once: a save that arrives late, after a later one.
#[test]
fn a_renewal_among_writers_survives_a_save_that_arrives_late() {
    let faults = Faults {
        losses: 1,
        ..Faults::default()
    };
    let scenarios = [
        vec![Kind::Writes, Kind::Adds, Kind::RenewsToLogIn],
        vec![Kind::Writes, Kind::Adds, Kind::RenewsAndPopsAll],
        vec![Kind::Writes, Kind::RenewsToLogIn, Kind::Follows],
    ];
    keeps_every_invariant(&scenarios, faults);
}
