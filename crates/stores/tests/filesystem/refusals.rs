//! When the operating system refuses.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use flask_session_core::{ErrorKind, Expect, Saved, Store};
use flask_session_stores::filesystem::{FilesystemStore, Options};
use flask_session_testkit::{ManualClock, wait_until};

use crate::folder::{Folder, HOUR, key, run};
use crate::processes::{child, directory};

fn save_in(directory: impl Into<std::path::PathBuf>) -> flask_session_core::Error {
    let store = FilesystemStore::new(Options::new(directory));
    run(store.save(&key(), "payload".into(), HOUR, Expect::Anything)).unwrap_err()
}

#[test]
fn a_directory_that_is_a_file_is_a_wrong_setting() {
    let folder = Folder::new();
    fs::write(folder.directory(), "a file").unwrap();
    let error = folder
        .save(&key(), b"payload", Expect::Anything)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
    assert!(error.to_string().contains("SESSION_FILE_DIR"), "{error}");
    assert_eq!(
        folder.load(&key()).unwrap_err().kind(),
        ErrorKind::Misconfigured
    );
}

#[test]
fn a_directory_that_nobody_may_write_is_refused() {
    // Not even root may make a folder here.
    let error = save_in("/sys/flask_session");
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
    assert!(error.to_string().contains("SESSION_FILE_DIR"), "{error}");
}

#[test]
fn a_path_that_is_too_long_is_a_wrong_setting() {
    let error = save_in(std::env::temp_dir().join("x".repeat(300)));
    assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
}

#[test]
fn a_symbolic_link_never_leads_our_files_elsewhere() {
    let (folder, elsewhere) = (Folder::new(), tempfile::TempDir::new().unwrap());
    fs::create_dir(folder.directory()).unwrap();
    let sessions = folder.directory().join("sessions");
    symlink(elsewhere.path(), &sessions).unwrap();
    let error = folder
        .save(&key(), b"payload", Expect::Anything)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
    fs::remove_file(&sessions).unwrap();
    fs::create_dir(&sessions).unwrap();
    for shard in 0..256 {
        let target = elsewhere.path().join("made by following");
        symlink(target, sessions.join(format!("{shard:02x}"))).unwrap();
    }
    let error = folder
        .save(&key(), b"payload", Expect::Anything)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn a_write_that_fails_keeps_the_old_record_and_leaves_no_litter() {
    let (folder, key) = (Folder::new(), key());
    folder.put(&key, b"old");
    // A real failed write: files of this child may have 64 blocks, 64 kB at most.
    let output = child(
        "refusals::writes_too_much",
        &folder.directory(),
        key.as_str(),
    )
    .limited("trap '' XFSZ; ulimit -f 64")
    .output();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert_eq!(folder.get(&key).unwrap(), "old");
    assert_eq!(folder.files().len(), 1, "{:?}", folder.files());
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn writes_too_much() {
    let (directory, key) = directory();
    let store = FilesystemStore::new(Options::new(directory));
    let payload = vec![1; 1_000_000].into();
    let error = run(store.save(&key, payload, HOUR, Expect::Anything)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
}

#[test]
fn too_many_open_files_is_a_transient_error_that_says_so() {
    let (folder, key) = (Folder::new(), key());
    folder.put(&key, b"old");
    let output = child(
        "refusals::has_no_descriptor_left",
        &folder.directory(),
        key.as_str(),
    )
    .limited("ulimit -n 64")
    .output();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert_eq!(folder.get(&key).unwrap(), "old");
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn has_no_descriptor_left() {
    let (directory, key) = directory();
    let clock = Arc::new(ManualClock::new());
    let store = FilesystemStore::with_clock(Options::new(directory), clock);
    assert!(run(store.load(&key, None)).unwrap().is_some());
    let mut open = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        open.push(file);
    }
    let save = store.save(&key, "new".into(), HOUR, Expect::Anything);
    for error in [
        run(store.load(&key, None)).unwrap_err(),
        run(save).unwrap_err(),
    ] {
        assert!(error.is_transient(), "{error}");
        assert!(error.to_string().contains("ulimit"), "{error}");
    }
    drop(open);
    assert!(run(store.load(&key, None)).unwrap().is_some());
}

#[test]
fn a_lock_is_waited_for_and_not_for_ever() {
    let (folder, key) = (Folder::new(), key());
    folder.put(&key, b"old");
    let lock = File::open(folder.files()[0].with_file_name("lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(folder.get(&key).unwrap(), "old", "readers don't wait");
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(50));
            lock.unlock().unwrap();
        });
        // A busy machine may let that thread sleep for longer than the store waits.
        wait_until("the lock is free and the record saved", || {
            match folder.save(&key, b"new", Expect::Anything) {
                Ok(saved) => matches!(saved, Saved::Stored(_)),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
                    false
                }
            }
        });
    });
    lock.lock().unwrap();
    let error = folder.save(&key, b"newer", Expect::Anything).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    assert_eq!(folder.get(&key).unwrap(), "new");
    assert_eq!(folder.files().len(), 1);
}
