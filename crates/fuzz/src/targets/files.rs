//! Session files: ours, and those that Flask-Session 0.4 to 0.8 left through cachelib. An input's first
//! byte says which, the rest is the file.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{
    Deleted, ErrorKind, Expect, Format, Key, Refresh, Result, Saved, Store, drive,
};
use flask_session_stores::filesystem::{FilesystemStore, Options};
use tempfile::TempDir;

use super::record;
use crate::Target;
use crate::heap::bounded;

pub(super) const TARGET: Target = Target { name: "files", run };

/// The key whose hashes are the names below.
const KEY: &str = "session:a-session-in-a-file";
const MD5: &str = "1bfa117de4d1f1063b41157d32c1ca61";
const SHA256: &str = "7a5cf1ef5d921a0af73b78937ef0808ec276fba3da4dda8231a6c00e1a52982f";
const TTL: Duration = Duration::from_secs(1000);

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());

fn run(input: &[u8]) -> bool {
    let Some((kind, contents)) = input.split_first() else {
        return false;
    };
    let folder = FOLDER.path();
    let shard = folder.join("sessions").join(&SHA256[..2]);
    std::fs::create_dir_all(&shard).unwrap();
    let (path, contents) = match kind % 4 {
        0 => (folder.join(SHA256), contents.to_vec()),
        1 => (folder.join(MD5), contents.to_vec()),
        2 => (shard.join(SHA256), contents.to_vec()),
        _ => (shard.join(SHA256), summed(contents)),
    };
    std::fs::write(&path, contents).unwrap();
    let taken = works(folder, input);
    for path in [folder.join(SHA256), folder.join(MD5), shard.join(SHA256)] {
        remove(&path);
    }
    taken
}

/// Every operation on a folder with that file in it. True if it held a session.
fn works(folder: &Path, input: &[u8]) -> bool {
    let store = FilesystemStore::new(Options::new(PathBuf::from(folder)));
    let key = Key::from_text(KEY);
    let loaded = known(bounded(input, || drive(store.load(&key, None)))).flatten();
    let refreshed = known(drive(store.load(&key, Some(Refresh { ttl: TTL })))).flatten();
    let found = |loaded: &Option<_>| loaded.as_ref().map(payload);
    assert_eq!(found(&refreshed), found(&loaded));
    known(drive(store.touch(&key, TTL)));
    let listed = known(drive(store.list("", None, 10))).unwrap().keys;
    assert!(listed.len() <= 1);

    // Whatever was there is replaced by the next save, and goes with a deletion.
    let saved = Bytes::from_static(b"\x80");
    let stored = drive(store.save(&key, saved.clone(), TTL, Expect::Anything)).unwrap();
    assert!(matches!(stored, Saved::Stored(_)));
    let again = drive(store.load(&key, None)).unwrap();
    assert_eq!(found(&again), Some(saved));
    let deleted = drive(store.delete(&key, Expect::Anything)).unwrap();
    assert_eq!(deleted, Deleted::Removed);
    assert!(drive(store.load(&key, None)).unwrap().is_none());
    known(drive(store.sweep(10)));

    loaded.is_some_and(|loaded| record::read(&loaded.payload, Format::Msgpack, true))
}

fn payload(loaded: &flask_session_core::Loaded) -> Bytes {
    loaded.payload.clone()
}

/// A file that isn't a session's is corrupt, and nothing else.
fn known<T>(result: Result<T>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
            None
        }
    }
}

/// The contents with the checksum that they should have: no fuzzer guesses it.
fn summed(contents: &[u8]) -> Vec<u8> {
    let mut contents = contents.to_vec();
    if contents.len() >= 28 {
        let covered = [&contents[..8], &contents[16..24], &contents[28..]].concat();
        contents[24..28].copy_from_slice(&crc32fast::hash(&covered).to_le_bytes());
    }
    contents
}

fn remove(path: &Path) {
    if path.exists() {
        std::fs::remove_file(path).unwrap();
    }
}
