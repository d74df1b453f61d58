//! What the filesystem store's operations take with 500, 5,000 and 50,000 sessions in the folder.
//!
//! `cargo run --release -p flask-session-stores --features filesystem --example filesystem_timings [folder]`

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{Expect, Key, Refresh, Result, Saved, SessionId, Store, drive};
use flask_session_stores::filesystem::{FilesystemStore, Options};

const TTL: Duration = Duration::from_secs(31 * 24 * 3600);
const ROUNDS: usize = 3000;

fn run<T>(operation: impl Future<Output = Result<T>>) -> T {
    drive(operation).unwrap()
}

fn key() -> Key {
    Key::new("session:", &SessionId::generate(32).unwrap())
}

/// Runs `operation` many times; the median and the 99th percentile, in microseconds.
#[expect(clippy::disallowed_methods, reason = "this measures time")]
fn time(mut operation: impl FnMut(usize)) -> String {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|round| {
            let start = std::time::Instant::now();
            operation(round);
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let microseconds = |part: usize| times[ROUNDS * part / 100].as_secs_f64() * 1e6;
    format!("{:5.1} /{:6.1}", microseconds(50), microseconds(99))
}

fn options(directory: &Path, threshold: usize, cap: bool, fsync: bool) -> Options {
    let mut options = Options::new(directory);
    options.threshold = threshold;
    options.cap = cap;
    options.fsync = fsync;
    options
}

fn measure(directory: &Path, sessions: usize) {
    let payload = Bytes::from(vec![b'x'; 2048]);
    let large = Bytes::from(vec![b'x'; 65_536]);
    let open =
        |threshold, cap, fsync| FilesystemStore::new(options(directory, threshold, cap, fsync));
    let store = open(0, false, false);
    let save = |store: &FilesystemStore, key: &Key, payload: &Bytes, expect| {
        let saved = run(store.save(key, payload.clone(), TTL, expect));
        assert!(matches!(saved, Saved::Stored(_)));
    };
    let keys: Vec<Key> = (0..sessions).map(|_| key()).collect();
    for key in &keys {
        save(&store, key, &payload, Expect::Absent);
    }
    let any = |round: usize| &keys[round * 7919 % keys.len()];
    let refresh = Some(Refresh { ttl: TTL });
    println!("{sessions} sessions of 2 kB (median / 99 %, in us)");
    let line = |what: &str, figures: String| println!("  {what:42} {figures}");
    line(
        "load",
        time(|round| assert!(run(store.load(any(round), None)).is_some())),
    );
    line(
        "load and refresh",
        time(|round| assert!(run(store.load(any(round), refresh)).is_some())),
    );
    line(
        "load an unknown one",
        time(|_| assert!(run(store.load(&key(), None)).is_none())),
    );
    line(
        "touch",
        time(|round| assert!(run(store.touch(any(round), TTL)))),
    );
    line(
        "save, whatever is there",
        time(|round| {
            save(&store, any(round), &payload, Expect::Anything);
        }),
    );
    line(
        "load and save with its revision",
        time(|round| {
            let loaded = run(store.load(any(round), None)).unwrap();
            save(
                &store,
                any(round),
                &payload,
                Expect::Revision(loaded.revision),
            );
        }),
    );
    line(
        "save 64 kB",
        time(|round| {
            save(&store, &keys[round % 10], &large, Expect::Anything);
        }),
    );
    line(
        "load 64 kB",
        time(|round| assert!(run(store.load(&keys[round % 10], None)).is_some())),
    );
    let synced = open(0, false, true);
    line(
        "save with fsync",
        time(|round| {
            save(&synced, any(round), &payload, Expect::Anything);
        }),
    );
    line(
        "new, never tidying (threshold 0)",
        time(|_| {
            save(&store, &key(), &payload, Expect::Absent);
        }),
    );
    let tidying = open(500, false, false);
    line(
        "new, over the threshold of 500",
        time(|_| {
            save(&tidying, &key(), &payload, Expect::Absent);
        }),
    );
    // So that the cap is met, and not first reached.
    let capped = open(sessions + 2 * ROUNDS, true, false);
    line(
        "new, over a cap of what is there",
        time(|_| {
            save(&capped, &key(), &payload, Expect::Absent);
        }),
    );
}

fn main() {
    let parent = std::env::args_os()
        .nth(1)
        .map_or_else(std::env::temp_dir, PathBuf::from);
    for sessions in [500, 5_000, 50_000] {
        let folder = tempfile::TempDir::new_in(&parent).unwrap();
        measure(folder.path(), sessions);
    }
}
