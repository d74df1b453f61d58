//! Processes that are killed while they write: afterwards each session is the old one or the new
//! one. Real children commit as a request does; they are killed by SIGKILL at random moments.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod place;
mod writer;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::thread;

use flask_session_core::{Base, Encoding, Expect, Store};
use flask_session_testkit::blocking::{key, load, save, stored};
use place::{Kind, Place};
use writer::{Event, WRITERS, content};

const SHORT: usize = 20;
const LONG: usize = 250;

/// What a session holds: the number of the commit that wrote it, or None where it is deleted.
type Held = Option<u64>;

#[derive(Debug, Default)]
struct Figures {
    kills: usize,
    commits: usize,
    /// Commits that had begun and weren't acknowledged when the process died.
    cut: usize,
    /// Of these, how many had taken place all the same.
    cut_and_there: usize,
    left_behind: usize,
}

/// Kills `kills` writers one after the other, and looks at everything after each.
fn kill(kind: Kind, kills: usize) -> Figures {
    let place = Place::new(kind);
    let mut held = BTreeMap::<String, Held>::new();
    let mut figures = Figures::default();
    for round in 0..kills {
        let events = die(&place, round as u64 * 1_000_000);
        figures.kills += 1;
        let store = place.open();
        for writer in 0..WRITERS {
            let name = writer::name(writer);
            let before = held.get(&name).copied().flatten();
            let (done, cut) = outcome(&events, writer, before);
            figures.commits += events.iter().filter(|event| event.is_done(writer)).count();
            let found = look(&*store, &name);
            assert!(
                found == done || Some(found) == cut,
                "{kind:?}, round {round}: {found:?} is neither {done:?} nor {cut:?}"
            );
            if let Some(cut) = cut {
                figures.cut += 1;
                figures.cut_and_there += usize::from(found == cut);
            }
            held.insert(name, found);
        }
        // Whoever comes next is held up by nothing.
        stored(save(&*store, &key("next"), &"x".into(), Expect::Anything));
    }
    figures.left_behind = place.left_behind();
    place.tidy();
    assert_eq!(place.left_behind(), 0, "{kind:?}: something stays for ever");
    for (name, held) in held {
        assert_eq!(
            look(&*place.open(), &name),
            held,
            "{kind:?}: tidying took a session"
        );
    }
    figures
}

/// Runs a writer for a moment and kills it. What it had said.
fn die(place: &Place, first: u64) -> Vec<Event> {
    let mut child = writer::command(&place.url(), first).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = Vec::new();
    while said.is_empty() {
        let line = lines
            .next()
            .expect("the writer ended before it wrote")
            .unwrap();
        said.extend(Event::parse(&line));
    }
    let rest = thread::spawn(move || {
        let lines = lines.map_while(Result::ok);
        lines
            .filter_map(|line| Event::parse(&line))
            .collect::<Vec<_>>()
    });
    thread::sleep(place.moment());
    child.kill().unwrap();
    child.wait().unwrap();
    said.extend(rest.join().unwrap());
    said
}

/// What the last acknowledged commit of `writer` left, and what the one would leave that had begun.
fn outcome(events: &[Event], writer: usize, before: Held) -> (Held, Option<Held>) {
    let (mut done, mut cut) = (before, None);
    for event in events.iter().filter(|event| event.writer == writer) {
        if event.done {
            done = writer::held_after(event.number);
            cut = None;
        } else {
            cut = Some(writer::held_after(event.number));
        }
    }
    (done, cut)
}

/// Loads a session and checks that it is whole.
fn look(store: &dyn Store, name: &str) -> Held {
    let loaded = load(store, &key(name)).expect("a record that can't be read")?;
    let base = Base::read(loaded, Encoding::default()).expect("a torn record")?;
    let data = base.record.to_data().expect("a torn value");
    let number = data.get("number").and_then(|number| match number {
        flask_session_core::Value::Int(number) => u64::try_from(*number).ok(),
        _ => None,
    });
    let number = number.expect("a session without its number");
    assert!(data == content(number), "a session of two halves");
    Some(number)
}

#[test]
fn after_a_kill_each_session_in_files_is_the_old_or_the_new_one() {
    kill(Kind::Files, SHORT);
}

#[test]
fn after_a_kill_each_session_in_sqlite_is_the_old_or_the_new_one() {
    kill(Kind::Sqlite, SHORT);
}

#[test]
fn after_a_kill_each_session_in_sqlite_with_a_log_is_the_old_or_the_new_one() {
    kill(Kind::SqliteWithLog, SHORT);
}

#[test]
#[ignore = "the long form; `make verify` runs it"]
fn a_long_series_of_kills() {
    for kind in [Kind::Files, Kind::Sqlite, Kind::SqliteWithLog] {
        let found = kill(kind, LONG);
        println!(
            "figures: {kind:?}: {} kills, {} commits acknowledged, {} cut off ({} of them there \
             afterwards), {} files left behind and removed, no session lost or torn",
            found.kills, found.commits, found.cut, found.cut_and_there, found.left_behind
        );
        assert!(found.cut > found.kills, "the kills met nothing");
        let (there, cut) = (found.cut_and_there, found.cut);
        assert!(0 < there && there < cut, "the kills met one moment only");
    }
}
