//! One operation of a store, again and again: what `strace`, `perf` and callgrind look at.
//!
//! `cargo run --release --features all --example operate -- sqlite:////tmp/s.db modify 1000`

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that measures time and prints it"
)]

use std::env;
use std::time::{Duration, Instant};

use bytes::Bytes;
use flask_session_core::{Expect, Key, Refresh, Saved, drive};
use flask_session_stores::{Settings, open};

const LIFE: Duration = Duration::from_secs(3600);
const WARM: usize = 50;

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let [_, url, operation, calls] = arguments.as_slice() else {
        panic!("operate URL load|refresh|touch|save|modify CALLS");
    };
    let (_, store) = open(Settings::new(url)).unwrap();
    let key = Key::from_text("session:operated");
    let payloads = [1, 2].map(|byte| Bytes::from(vec![byte; 200]));
    let save = |expect, round: usize| {
        let payload = payloads[round % 2].clone();
        match drive(store.save(&key, payload, LIFE, expect)).unwrap() {
            Saved::Stored(revision) => revision,
            Saved::Conflict => panic!("a conflict"),
        }
    };
    let load = |refresh| drive(store.load(&key, refresh)).unwrap().unwrap().revision;
    let mut revision = save(Expect::Anything, 1);
    let mut once = |round: usize| match operation.as_str() {
        "load" => drop(load(None)),
        "refresh" => drop(load(Some(Refresh { ttl: LIFE }))),
        "touch" => assert!(drive(store.touch(&key, LIFE)).unwrap()),
        "save" => revision = save(Expect::Revision(revision.clone()), round),
        "modify" => drop(save(Expect::Revision(load(None)), round)),
        _ => panic!("no such operation"),
    };
    (0..WARM).for_each(&mut once);
    let mut times: Vec<Duration> = (0..calls.parse().unwrap())
        .map(|round| {
            let start = Instant::now();
            once(round);
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1e6;
    println!(
        "{operation:8} p25 {:7.1}  p50 {:7.1}  p75 {:7.1}  p99 {:7.1} us",
        at(25),
        at(50),
        at(75),
        at(99)
    );
}
