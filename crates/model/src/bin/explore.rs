//! The model check, and what it explored in one line.
//!
//! Usage: `explore [short]`

#![expect(clippy::print_stdout, reason = "its figures are for make verify")]

use std::process::ExitCode;

use flask_session_model::{Counterexample, Explored, Faults, combinations, explore};

fn main() -> ExitCode {
    let short = std::env::args().any(|argument| argument == "short");
    match check(short) {
        Ok(Explored {
            scenarios,
            states,
            steps,
        }) => {
            println!("figures: model: {scenarios} scenarios, {states} states, {steps} steps");
            ExitCode::SUCCESS
        }
        Err(found) => {
            println!("{found}");
            ExitCode::FAILURE
        }
    }
}

/// Pairs of requests under every fault, and triples; the long form loses one answer more in each.
fn check(short: bool) -> Result<Explored, Box<Counterexample>> {
    let threads = std::thread::available_parallelism().map_or(1, Into::into);
    let pairs = Faults {
        losses: 1 + u8::from(!short),
        crashes: 1,
        expiries: 1,
    };
    let triples = Faults {
        losses: u8::from(!short),
        ..Faults::default()
    };
    let pairs = explore(&combinations(2), pairs, threads)?;
    let triples = explore(&combinations(3), triples, threads)?;
    Ok(Explored {
        scenarios: pairs.scenarios + triples.scenarios,
        states: pairs.states + triples.states,
        steps: pairs.steps + triples.steps,
    })
}
