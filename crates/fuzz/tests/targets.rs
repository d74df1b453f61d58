//! Each target with its seeds, and a few thousand inputs made of them.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::sync::{Mutex, PoisonError};
use std::thread;

use flask_session_fuzz::{Mutator, dictionary, find, seeds};

/// The heap is measured for the whole process, so one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// A quarter of the smallest stack that threads have by default, and no less in a debug build.
const STACK: usize = 512 << 10;

/// So that the longest seeds don't take all the time.
const LONG: usize = 4 << 10;

fn play(name: &'static str, inputs: u32) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let target = find(name).unwrap();
    let run = move || {
        let seeds = seeds(name);
        assert!(!seeds.is_empty());
        // The attacks among the seeds may be long.
        let mut taken = [0, 0];
        for seed in &seeds {
            taken[usize::from((target.run)(seed))] += 1;
        }
        let short = seeds.into_iter().filter(|seed| seed.len() <= LONG);
        let mut mutator = Mutator::new(1, short.collect(), dictionary(name));
        for _ in 0..inputs {
            let input = mutator.next_input();
            taken[usize::from(target.fuzz(&input))] += 1;
        }
        // Where nearly all is refused, or nearly all is taken, nothing was tried.
        let few = (inputs / 100).max(1);
        assert!(taken.iter().all(|count| *count >= few), "{name}: {taken:?}");
    };
    let played = thread::Builder::new().stack_size(STACK).spawn(run).unwrap();
    played.join().unwrap();
}

macro_rules! each {
    ($($test:ident: $name:literal, $inputs:literal;)*) => {
        $(#[test]
        fn $test() {
            play($name, $inputs);
        })*

        #[test]
        fn every_target_is_played() {
            let played = [$($name),*];
            let all: Vec<_> = flask_session_fuzz::TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(all, played);
        }
    };
}

each! {
    any_cookie_is_read_or_ignored: "cookie", 20_000;
    no_signature_is_taken_but_ours: "signer", 5_000;
    any_messagepack_is_read_or_refused: "msgpack", 10_000;
    any_json_is_read_or_refused: "json", 10_000;
    any_pickle_is_read_or_refused: "pickle", 5_000;
    any_notes_are_read_or_ignored: "notes", 10_000;
    any_session_file_is_read_or_refused: "files", 2_000;
    any_url_is_taken_or_refused_and_no_password_is_told: "urls", 5_000;
}
