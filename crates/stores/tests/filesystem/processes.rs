//! Several processes on one folder, and processes that are killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{Expect, Key, Saved, Store};
use flask_session_stores::filesystem::{FilesystemStore, Options};

use crate::folder::{Folder, HOUR, key, run};

const DIRECTORY: &str = "FLASK_SESSION_TEST_DIRECTORY";
const KEY: &str = "FLASK_SESSION_TEST_KEY";

/// This test binary once more, as a process of its own that runs one of the ignored tests.
pub(crate) struct ChildTest {
    test: String,
    directory: PathBuf,
    key: String,
    limits: String,
}

pub(crate) fn child(test: &str, directory: &Path, key: &str) -> ChildTest {
    ChildTest {
        test: test.to_owned(),
        directory: directory.to_owned(),
        key: key.to_owned(),
        limits: ":".to_owned(),
    }
}

impl ChildTest {
    /// Commands of the shell that are in force for the child.
    pub(crate) fn limited(mut self, limits: &str) -> Self {
        limits.clone_into(&mut self.limits);
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!("{}; exec \"$0\" \"$@\"", self.limits))
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", &self.test, "--ignored", "--test-threads=1"])
            .env(DIRECTORY, &self.directory)
            .env(KEY, &self.key)
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn output(&self) -> Output {
        let output = self.command().output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("running 1 test"), "no such test: {text}");
        output
    }

    fn start(&self) -> Child {
        self.command().stdout(Stdio::null()).spawn().unwrap()
    }
}

/// In the child: what it was started for.
#[expect(
    clippy::disallowed_methods,
    reason = "how a test's child is told its task"
)]
pub(crate) fn directory() -> (PathBuf, Key) {
    let directory = std::env::var(DIRECTORY).expect("only run as another test's child");
    (
        directory.into(),
        Key::from_text(std::env::var(KEY).unwrap()),
    )
}

#[test]
fn processes_that_race_lose_no_update() {
    const PROCESSES: usize = 4;
    let (folder, key) = (Folder::new(), key());
    let task = child(
        "processes::counts_to_a_hundred",
        &folder.directory(),
        key.as_str(),
    );
    let mut children: Vec<Child> = (0..PROCESSES).map(|_| task.start()).collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    let store = FilesystemStore::new(Options::new(folder.directory()));
    let loaded = run(store.load(&key, None)).unwrap().unwrap();
    assert_eq!(loaded.payload, (PROCESSES * 100).to_string());
    assert_eq!(folder.files().len(), 1);
    assert_eq!(folder.count(), 1);
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn counts_to_a_hundred() {
    let (directory, key) = directory();
    let store = FilesystemStore::new(Options::new(directory));
    let mut counted = 0;
    while counted < 100 {
        let loaded = run(store.load(&key, None)).unwrap();
        let number = loaded.as_ref().map_or(0, |loaded| {
            let text = std::str::from_utf8(&loaded.payload).unwrap();
            text.parse::<usize>().unwrap()
        });
        let expect = loaded.map_or(Expect::Absent, |loaded| Expect::Revision(loaded.revision));
        let payload = (number + 1).to_string().into();
        if matches!(
            run(store.save(&key, payload, HOUR, expect)),
            Ok(Saved::Stored(_))
        ) {
            counted += 1;
        }
    }
}

#[test]
fn a_process_killed_while_it_writes_leaves_one_whole_record() {
    let (folder, key) = (Folder::new(), key());
    let store = FilesystemStore::new(Options::new(folder.directory()));
    let task = child(
        "processes::writes_until_it_is_killed",
        &folder.directory(),
        key.as_str(),
    );
    for round in 0..15 {
        let save = store.save(&key, Bytes::from_static(b"x"), HOUR, Expect::Anything);
        assert!(run(save).is_ok(), "a killed process kept the lock");
        let mut writer = task.start();
        // Until it really writes, then some part of a write longer.
        while run(store.load(&key, None)).unwrap().unwrap().payload.len() == 1 {
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_micros(700 * round));
        writer.kill().unwrap();
        writer.wait().unwrap();
        let payload = run(store.load(&key, None)).unwrap().unwrap().payload;
        assert_eq!(payload.len(), 500_000 + usize::from(payload[0]));
        assert!(
            payload.iter().all(|byte| *byte == payload[0]),
            "round {round}"
        );
    }
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn writes_until_it_is_killed() {
    let (directory, key) = directory();
    let store = FilesystemStore::new(Options::new(directory));
    for number in (0..=255_u8).cycle() {
        let payload = vec![number; 500_000 + usize::from(number)].into();
        assert!(run(store.save(&key, payload, HOUR, Expect::Anything)).is_ok());
    }
}
