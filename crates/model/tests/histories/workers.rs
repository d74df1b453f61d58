//! Processes of several threads each, which go through the rounds in step.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use flask_session_core::{Base, Store};
use flask_session_stores::{Settings, open};

use crate::round::{Done, Round};

const URL: &str = "FLASK_SESSION_HISTORY_URL";
const FIRST: &str = "FLASK_SESSION_HISTORY_FIRST_WORKER";
/// What our lines begin with; the test harness writes others.
const MARK: &str = "@";

pub(crate) const PROCESSES: usize = 2;
pub(crate) const THREADS: usize = 4;
pub(crate) const WORKERS: usize = PROCESSES * THREADS;

/// A store as one process has it.
pub(crate) fn store(url: &str) -> Arc<dyn Store> {
    open(Settings::new(url)).expect("a store").1
}

/// This test program once more, as a process of [`THREADS`] workers.
pub(crate) struct Process {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Process {
    pub(crate) fn start(url: &str, first: usize) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "workers::work", "--ignored", "--nocapture"])
            .env(URL, url)
            .env(FIRST, first.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program once more");
        let input = child.stdin.take().expect("a pipe");
        let output = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self {
            child,
            input,
            output,
        }
    }

    /// Lets the workers load, or commit, the session of a round. [`Process::answers`] waits.
    pub(crate) fn tell(&mut self, phase: &str, round: usize) {
        writeln!(self.input, "{phase} {round}").expect("the workers listen");
    }

    pub(crate) fn answers(&mut self) -> Vec<String> {
        let lines = self.output.by_ref().map(|line| line.expect("a line"));
        let ours = lines.filter_map(|line| Some(line.strip_prefix(MARK)?.to_owned()));
        let answers: Vec<String> = ours.take(THREADS).collect();
        assert_eq!(answers.len(), THREADS, "a process of workers has died");
        answers
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "run by another test"]
#[expect(
    clippy::disallowed_methods,
    reason = "how a test's child is told its task"
)]
fn work() {
    let url = std::env::var(URL).expect("only run as another test's child");
    let first: usize = std::env::var(FIRST).expect("the same").parse().unwrap();
    let store = store(&url);
    let loaded: Vec<Mutex<Option<Base>>> = (0..THREADS).map(|_| Mutex::default()).collect();
    println!();
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let (phase, number) = line.split_once(' ').unwrap();
        let round = Round {
            number: number.parse().unwrap(),
            workers: WORKERS,
        };
        thread::scope(|scope| {
            let store = &*store;
            for (thread, loaded) in loaded.iter().enumerate() {
                scope.spawn(move || {
                    let mut base = loaded.lock().unwrap();
                    if phase == "load" {
                        *base = round.load(store);
                        println!("{MARK}loaded");
                    } else {
                        let done = round.commit(first + thread, store, base.take());
                        println!("{MARK}{}", done.to_line());
                    }
                });
            }
        });
    }
}

/// All workers' processes on one store.
pub(crate) struct Workers(Vec<Process>);

impl Workers {
    pub(crate) fn start(url: &str) -> Self {
        let first = (0..PROCESSES).map(|process| process * THREADS);
        Self(first.map(|first| Process::start(url, first)).collect())
    }

    /// Lets every worker load the round's session, then, all at once, commit.
    pub(crate) fn play(&mut self, round: usize) -> Vec<Done> {
        self.phase("load", round);
        let lines = self.phase("commit", round);
        lines.iter().map(|line| Done::from_line(line)).collect()
    }

    fn phase(&mut self, phase: &str, round: usize) -> Vec<String> {
        for process in &mut self.0 {
            process.tell(phase, round);
        }
        self.0.iter_mut().flat_map(Process::answers).collect()
    }
}
