//! A wall clock that is set forwards or back while sessions are kept.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::sync::Arc;
use std::time::Duration;

use flask_session_core::{Breaker, Expect, MemoryStore, Store, Touches, drive};
use flask_session_testkit::ManualClock;
use flask_session_testkit::blocking::key;

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

fn stored() -> (Arc<ManualClock>, MemoryStore) {
    let clock = Arc::new(ManualClock::new());
    let store = MemoryStore::with_clock(clock.clone());
    let key = key("a");
    let save = store.save(&key, "payload".into(), HOUR, Expect::Absent);
    drive(save).map(drop).unwrap();
    (clock, store)
}

fn lives(store: &MemoryStore) -> bool {
    drive(store.load(&key("a"), None)).unwrap().is_some()
}

#[test]
fn set_back_a_session_lives_longer_by_no_more_than_the_step() {
    let (clock, store) = stored();
    clock.step_back(10 * MINUTE);
    clock.advance(HOUR);
    assert!(lives(&store));
    clock.advance(10 * MINUTE);
    assert!(!lives(&store), "it lives on");
}

#[test]
fn set_forwards_a_session_ends_earlier_by_no_more_than_the_step() {
    let (clock, store) = stored();
    clock.step_forwards(10 * MINUTE);
    clock.advance(49 * MINUTE);
    assert!(lives(&store), "it ended too early");
    clock.advance(MINUTE);
    assert!(!lives(&store));
}

#[test]
fn whoever_comes_after_the_step_has_the_whole_life_again() {
    for forwards in [true, false] {
        let (clock, store) = stored();
        if forwards {
            clock.step_forwards(10 * MINUTE);
        } else {
            clock.step_back(10 * HOUR);
        }
        assert!(drive(store.touch(&key("a"), HOUR)).unwrap());
        clock.advance(59 * MINUTE);
        assert!(lives(&store));
        clock.advance(MINUTE);
        assert!(!lives(&store));
    }
}

#[test]
fn what_is_measured_within_a_process_takes_no_notice() {
    let clock = Arc::new(ManualClock::new());
    let touches = Touches::new(MINUTE, 10, clock.clone());
    let breaker = Breaker::new(clock.clone());
    for _ in 0..3 {
        let admitted = breaker.admit().unwrap();
        clock.advance(Duration::from_secs(5));
        breaker.failed(admitted);
    }
    touches.note("a", true);
    for step in [ManualClock::step_forwards, ManualClock::step_back] {
        step(&clock, 10 * HOUR);
        assert!(!touches.recall("a").unwrap().due, "it is due too early");
        assert!(breaker.admit().is_err(), "the store is tried too early");
    }
    clock.step_back(10 * HOUR);
    clock.advance(MINUTE);
    assert!(touches.recall("a").unwrap().due, "it is never due");
    assert!(breaker.admit().is_ok(), "the store is never tried again");
}
