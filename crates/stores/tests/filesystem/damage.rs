//! Files that aren't what they should be.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use flask_session_core::{Deleted, ErrorKind, Expect, Key, Saved, Store};

use crate::folder::{Folder, HOUR, key, run};

type Spoil = (&'static str, fn(&Path));

/// Ways to spoil a record's file. Each is found when it is loaded.
const SPOIL: [Spoil; 7] = [
    ("empty", |path| fs::write(path, "").unwrap()),
    ("cut in its head", |path| cut(path, 20)),
    ("cut in its payload", |path| cut(path, 120)),
    ("one bit flipped in its payload", |path| flip(path, 150)),
    ("one bit flipped in its revision", |path| flip(path, 17)),
    ("somebody else's", |path| {
        fs::write(path, "a".repeat(500)).unwrap();
    }),
    ("a symbolic link", |path| {
        let elsewhere = path.with_extension("elsewhere");
        fs::rename(path, &elsewhere).unwrap();
        symlink(elsewhere, path).unwrap();
    }),
];

fn cut(path: &Path, length: usize) {
    let contents = fs::read(path).unwrap();
    fs::write(path, &contents[..length]).unwrap();
}

fn flip(path: &Path, position: usize) {
    let mut contents = fs::read(path).unwrap();
    contents[position] ^= 4;
    fs::write(path, contents).unwrap();
}

/// A folder with one spoiled record.
fn spoiled(spoil: fn(&Path)) -> (Folder, Key) {
    let (folder, key) = (Folder::new(), key());
    folder.put(&key, &[7; 300]);
    spoil(&folder.files()[0]);
    (folder, key)
}

#[test]
fn a_damaged_record_is_corrupt_when_it_is_loaded() {
    for (how, spoil) in SPOIL {
        let (folder, key) = spoiled(spoil);
        let error = folder.load(&key).expect_err(how);
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{how}: {error}");
        assert!(
            error
                .to_string()
                .starts_with("filesystem store, load: corrupt: ")
        );
    }
}

#[test]
fn a_damaged_record_can_be_replaced_and_deleted() {
    for (how, spoil) in SPOIL {
        for expect in [Expect::Absent, Expect::Anything] {
            let (folder, key) = spoiled(spoil);
            let saved = folder.save(&key, b"new", expect);
            assert!(matches!(saved, Ok(Saved::Stored(_))), "{how}");
            assert_eq!(folder.get(&key).unwrap(), "new", "{how}");
        }
        let (folder, key) = spoiled(spoil);
        assert_eq!(
            folder.delete(&key, Expect::Anything),
            Deleted::Removed,
            "{how}"
        );
        assert!(folder.get(&key).is_none(), "{how}");
    }
}

#[test]
fn touching_what_is_no_record_finds_nothing() {
    let file_is: [fn(&Path); 3] = [SPOIL[0].1, SPOIL[5].1, SPOIL[6].1];
    for spoil in file_is {
        let (folder, key) = spoiled(spoil);
        assert!(!run(folder.store.touch(&key, HOUR)).unwrap());
    }
}

#[test]
fn a_record_under_another_name_is_corrupt() {
    let (folder, mine, theirs) = (Folder::new(), key(), key());
    folder.put(&mine, b"mine");
    let file = folder.files()[0].clone();
    folder.put(&theirs, b"theirs");
    let files = folder.files();
    let other = files.iter().find(|other| **other != file).unwrap();
    fs::copy(other, &file).unwrap();
    assert_eq!(folder.load(&mine).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn other_files_in_our_folder_disturb_nobody() {
    let (folder, key) = (Folder::new(), key());
    folder.put(&key, b"payload");
    let shard = folder.files()[0].parent().unwrap().to_owned();
    fs::write(shard.join("README"), "hello").unwrap();
    fs::write(folder.directory().join("sessions/notes"), "hello").unwrap();
    assert_eq!(folder.listed(), [key]);
    assert_eq!(run(folder.store.sweep(10)).unwrap(), 0);
    assert!(shard.join("README").exists());
}

#[test]
fn nothing_is_made_before_the_first_save() {
    let (folder, key) = (Folder::new(), key());
    assert!(folder.get(&key).is_none());
    assert!(folder.refresh(&key, HOUR).is_none());
    assert!(!run(folder.store.touch(&key, HOUR)).unwrap());
    assert_eq!(folder.delete(&key, Expect::Anything), Deleted::Absent);
    assert!(folder.listed().is_empty());
    assert_eq!(run(folder.store.sweep(10)).unwrap(), 0);
    assert!(!folder.directory().exists());
}

#[test]
fn only_one_entry_is_made_in_the_configured_directory() {
    let folder = Folder::new();
    for _ in 0..20 {
        folder.put(&key(), b"payload");
    }
    let entries = fs::read_dir(folder.directory()).unwrap();
    let names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["sessions"]);
}

#[test]
fn a_folder_that_was_removed_while_in_use_is_made_again() {
    let (folder, key) = (Folder::new(), key());
    folder.put(&key, b"payload");
    fs::remove_dir_all(folder.directory()).unwrap();
    assert!(folder.get(&key).is_none());
    folder.put(&key, b"again");
    assert_eq!(folder.get(&key).unwrap(), "again");
}
