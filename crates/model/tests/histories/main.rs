//! Histories of real stores, recorded by threads of several processes and checked against the
//! model: what it says of requests one after the other must explain every round.

mod judge;
mod round;
mod workers;

use std::thread;
use std::time::Duration;

use flask_session_core::{Deleted, Expect, Store, drive};
use flask_session_model::{content_of, payload};
use flask_session_testkit::servers::{
    MemcachedServer, MongoServer, MysqlServer, PostgresqlServer, RedisServer,
};

use judge::{Found, judge};
use round::{LONG, Round};
use workers::{WORKERS, Workers, store};

/// Some of each kind of round.
const SHORT: usize = 12;
/// The fewest operations and the smallest share of conflicts that say something.
const FEWEST: usize = 10_000;
const LEAST: f64 = 0.05;
/// Longer than any store takes to find a record of one second expired.
const EXPIRY: Duration = Duration::from_millis(3_500);

#[derive(Debug, Default)]
struct Figures {
    operations: usize,
    conflicts: usize,
}

/// Plays `rounds` rounds on the store at `url` and judges each.
fn play(url: &str, rounds: usize) -> Figures {
    let store = store(url);
    let mut workers = Workers::start(url);
    let mut figures = Figures::default();
    for number in 0..rounds {
        let round = Round {
            number,
            workers: WORKERS,
        };
        create(&*store, round, LONG);
        let history = workers.play(number);
        let found = found(&*store, round);
        judge(round, &history, &found);
        figures.operations += history.len();
        figures.conflicts += history.iter().filter(|done| done.is_conflict()).count();
    }
    let expired = Round {
        number: rounds,
        workers: WORKERS,
    };
    create(&*store, expired, Duration::from_secs(1));
    thread::sleep(EXPIRY);
    for done in workers.play(rounds) {
        assert_eq!(done.outcome, "absent", "an expired session was found");
    }
    figures
}

fn create(store: &dyn Store, round: Round, ttl: Duration) {
    let (key, content) = (round.key(), payload(&round.before()));
    let _ = drive(store.save(&key, content, ttl, Expect::Absent)).expect("a new session");
}

fn found(store: &dyn Store, round: Round) -> Found {
    let take = |key| {
        let loaded = drive(store.load(&key, None)).expect("a load");
        if loaded.is_some() {
            let deleted = drive(store.delete(&key, Expect::Anything)).expect("a delete");
            assert_eq!(deleted, Deleted::Removed);
        }
        loaded.map(|loaded| content_of(&loaded.payload))
    };
    Found {
        session: take(round.key()),
        renewed: (0..WORKERS)
            .map(|worker| take(round.renewed_key(worker)))
            .collect(),
    }
}

fn share(figures: &Figures) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    let share = figures.conflicts as f64 / figures.operations as f64;
    share
}

fn short(url: &str) {
    let figures = play(url, SHORT);
    assert!(share(&figures) >= LEAST, "{figures:?}");
}

fn long(name: &str, url: &str) -> String {
    let figures = play(url, FEWEST.div_ceil(WORKERS));
    assert!(
        figures.operations >= FEWEST && share(&figures) >= LEAST,
        "{figures:?}"
    );
    format!(
        "figures: history on {name}: {} operations, {} conflicts ({:.0} %)",
        figures.operations,
        figures.conflicts,
        share(&figures) * 100.0
    )
}

/// A short history in `make test`, a long one in `make verify`.
macro_rules! histories {
    ($name:ident, $server:expr, $url:expr) => {
        mod $name {
            use super::*;

            #[test]
            fn a_history_of_several_processes_is_what_the_model_says() {
                let server = $server;
                short(&$url(&server));
            }

            #[test]
            #[ignore = "run by another test: make verify"]
            fn a_long_history_of_several_processes_is_what_the_model_says() {
                let server = $server;
                println!("{}", long(stringify!($name), &$url(&server)));
            }
        }
    };
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

histories!(redis, RedisServer::start(), RedisServer::url);
histories!(memcached, MemcachedServer::start(), MemcachedServer::url);
histories!(filesystem, folder(), |folder: &tempfile::TempDir| format!(
    "file:{}",
    folder.path().display()
));
histories!(sqlite, folder(), |folder: &tempfile::TempDir| format!(
    "sqlite:///{}/sessions.db",
    folder.path().display()
));
histories!(
    postgresql,
    PostgresqlServer::shared(),
    |server: &&PostgresqlServer| server.url()
);
histories!(mysql, MysqlServer::shared(), |server: &&MysqlServer| server
    .url());
histories!(mongodb, MongoServer::shared(), |server: &&MongoServer| {
    server.url("histories")
});
