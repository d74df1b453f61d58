//! Fuzzes the reader of old pickles: `cargo run --example fuzz_pickles -- SECONDS [SEED]`.
//!
//! Says what it came to in one line, and fails at the first input that panics, hangs, takes too much memory, or
//! is rewritten as another session.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "whoever runs it reads what it says"
)]

#[path = "../tests/pickles/fuzzer.rs"]
mod fuzzer;
#[path = "../tests/pickles/gadgets.rs"]
mod gadgets;

use std::time::Duration;

use fuzzer::{Fuzzer, Limit};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().map_or(600, |text| text.parse().unwrap());
    let seed = arguments
        .next()
        .map_or_else(fresh, |text| text.parse().unwrap());
    eprintln!("seed {seed}");
    let run = move || Fuzzer::new(seed).run(Limit::Time(Duration::from_secs(seconds)));
    // As little stack as a thread of Rust has.
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(run);
    let figures = thread.unwrap().join().unwrap();
    println!("figures: {figures}");
}

fn fresh() -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    u64::from_le_bytes(bytes)
}
