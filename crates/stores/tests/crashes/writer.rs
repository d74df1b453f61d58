//! The process that is killed: four threads commit one session each, without end.

use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use flask_session_core::{
    Base, Commit, Data, Edit, Encoding, Format, OnConflict, Outcome, Record, Target, drive, perform,
};
use flask_session_stores::{Settings, open};
use flask_session_testkit::blocking::{LIFE, key, load};

const URL: &str = "FLASK_SESSION_TEST_URL";
const FIRST: &str = "FLASK_SESSION_TEST_FIRST";

/// Threads of one process, each with a session of its own.
pub(crate) const WRITERS: usize = 4;

/// This test binary once more, as a process that writes until it is killed.
pub(crate) fn command(url: &str, first: u64) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "writer::writes_until_it_is_killed", "--ignored"])
        .args(["--test-threads=1", "--nocapture"])
        .env(URL, url)
        .env(FIRST, first.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    command
}

/// A commit that began, or was acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) done: bool,
    pub(crate) writer: usize,
    pub(crate) number: u64,
}

impl Event {
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let done = match words.next()? {
            "begun" => false,
            "done" => true,
            _ => return None,
        };
        let (writer, number) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        // A line that was cut off would be a smaller number.
        let whole = words.next() == Some("!");
        whole.then_some(Self {
            done,
            writer,
            number,
        })
    }

    fn say(self) {
        let word = if self.done { "done" } else { "begun" };
        let line = format!("{word} {} {} !\n", self.writer, self.number);
        std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
    }

    pub(crate) fn is_done(&self, writer: usize) -> bool {
        self.done && self.writer == writer
    }
}

pub(crate) fn name(writer: usize) -> String {
    format!("of-writer-{writer}")
}

/// Each seventh commit deletes.
pub(crate) fn held_after(number: u64) -> Option<u64> {
    (!number.is_multiple_of(7)).then_some(number)
}

/// What commit `number` stores: from a few bytes to many pages, no two alike.
pub(crate) fn content(number: u64) -> Data {
    let letter = char::from(b'a' + u8::try_from(number % 26).unwrap());
    let length = usize::try_from(number * 7919 % 50_000).unwrap();
    let mut data = Data::new();
    data.insert("filling", letter.to_string().repeat(length));
    data.insert("number", i64::try_from(number).unwrap());
    data
}

#[test]
#[ignore = "run by another test, in a process of its own"]
#[expect(
    clippy::disallowed_methods,
    reason = "how a test's child is told its task"
)]
fn writes_until_it_is_killed() {
    let url = std::env::var(URL).expect("only run as another test's child");
    let first: u64 = std::env::var(FIRST).unwrap().parse().unwrap();
    // What the test harness has printed has no end of its line.
    std::io::stdout().lock().write_all(b"\n").unwrap();
    let threads: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let url = url.clone();
            // Long before the end of these it is killed.
            let numbers = first + 1..first + 1_000_000;
            thread::spawn(move || numbers.for_each(|number| commit(&url, writer, number)))
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

/// One request: it loads, changes, and commits.
fn commit(url: &str, writer: usize, number: u64) {
    thread_local! {
        static STORE: std::cell::OnceCell<std::sync::Arc<dyn flask_session_core::Store>> =
            const { std::cell::OnceCell::new() };
    }
    let store = STORE.with(|store| {
        let opened = || open(Settings::new(url)).unwrap().1;
        store.get_or_init(opened).clone()
    });
    let key = key(&name(writer));
    let encoding = Encoding::default();
    let loaded = load(&*store, &key).unwrap();
    let base = loaded.and_then(|loaded| Base::read(loaded, encoding).unwrap());
    let kept = held_after(number).map(|number| {
        let record = Record::from_data(&content(number), Format::Msgpack).unwrap();
        record.into_entries()
    });
    if kept.is_none() && base.is_none() {
        return;
    }
    let edit = Edit {
        cleared: kept.is_none(),
        entries: kept.unwrap_or_default(),
        ..Edit::default()
    };
    let begun = Event {
        done: false,
        writer,
        number,
    };
    begun.say();
    let mut commit =
        Commit::new(Target::Same(key), base, edit, encoding, OnConflict::Merge).unwrap();
    let outcome = drive(perform(&*store, &mut commit, LIFE)).unwrap();
    assert!(matches!(outcome, Outcome::Stored(_) | Outcome::Deleted));
    Event {
        done: true,
        ..begun
    }
    .say();
}
