//! The reader of old pickles, against what was made to break it.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod fuzzer;
mod gadgets;

use std::sync::{Mutex, MutexGuard, PoisonError};

use fuzzer::{Fuzzer, Limit};
use gadgets::gadgets;

/// The heap is measured for the whole process, so one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn every_known_gadget_is_refused_with_one_clear_error() {
    let _alone = alone();
    let mut fuzzer = Fuzzer::new(1);
    for (name, pickle) in gadgets() {
        let Err(error) = fuzzer.read(&pickle) else {
            panic!("{name} is read");
        };
        assert!(
            !error.contains('\n') && error.len() < 300,
            "{name}: {error}"
        );
        assert!(error.contains("corrupt"), "{name}: {error}");
    }
}

#[test]
fn what_names_code_is_refused_by_that_name_and_the_setting() {
    let _alone = alone();
    for (name, pickle) in gadgets() {
        let Some(named) = name.strip_prefix("names ") else {
            continue;
        };
        let error = Fuzzer::new(1).read(&pickle).unwrap_err();
        assert!(error.contains(named), "{name}: {error}");
        assert!(error.contains("SESSION_LEGACY_PICKLE"), "{name}: {error}");
    }
}

#[test]
fn mutated_pickles_are_read_or_refused_within_their_memory() {
    let _alone = alone();
    let figures = Fuzzer::new(1).run(Limit::Inputs(5_000));
    assert!(figures.accepted > 100, "{figures}");
    assert!(figures.outcomes > 20, "{figures}");
}
