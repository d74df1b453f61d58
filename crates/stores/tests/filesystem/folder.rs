//! A store in a temporary folder, with a clock, and its operations without the waiting.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{
    Deleted, Expect, Key, Loaded, Refresh, Result, Saved, SessionId, Store, drive,
};
use flask_session_stores::filesystem::{FilesystemStore, Options};
use flask_session_testkit::ManualClock;
use tempfile::TempDir;

pub(crate) const HOUR: Duration = Duration::from_secs(3600);

pub(crate) struct Folder {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: FilesystemStore,
    parent: TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Options)) -> Self {
        let parent = TempDir::new().unwrap();
        let clock = Arc::new(ManualClock::new());
        let mut options = Options::new(parent.path().join("files"));
        change(&mut options);
        let store = FilesystemStore::with_clock(options, clock.clone());
        Self {
            clock,
            store,
            parent,
        }
    }

    /// The configured directory.
    pub(crate) fn directory(&self) -> PathBuf {
        self.parent.path().join("files")
    }

    pub(crate) fn load(&self, key: &Key) -> Result<Option<Loaded>> {
        run(self.store.load(key, None))
    }

    pub(crate) fn get(&self, key: &Key) -> Option<Bytes> {
        self.load(key).unwrap().map(|loaded| loaded.payload)
    }

    pub(crate) fn refresh(&self, key: &Key, ttl: Duration) -> Option<Loaded> {
        run(self.store.load(key, Some(Refresh { ttl }))).unwrap()
    }

    pub(crate) fn save(&self, key: &Key, payload: &[u8], expect: Expect) -> Result<Saved> {
        let payload = Bytes::copy_from_slice(payload);
        run(self.store.save(key, payload, HOUR, expect))
    }

    pub(crate) fn put(&self, key: &Key, payload: &[u8]) {
        assert!(matches!(
            self.save(key, payload, Expect::Anything),
            Ok(Saved::Stored(_))
        ));
    }

    pub(crate) fn put_for(&self, key: &Key, ttl: Duration) {
        let save = self
            .store
            .save(key, Bytes::from_static(b"payload"), ttl, Expect::Anything);
        assert!(matches!(run(save), Ok(Saved::Stored(_))));
    }

    pub(crate) fn delete(&self, key: &Key, expect: Expect) -> Deleted {
        run(self.store.delete(key, expect)).unwrap()
    }

    pub(crate) fn listed(&self) -> Vec<Key> {
        run(self.store.list("", None, 1_000_000)).unwrap().keys
    }

    /// Every file of ours but locks and count.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let Ok(shards) = fs::read_dir(self.directory().join("sessions")) else {
            return files;
        };
        for shard in shards.map(|shard| shard.unwrap().path()) {
            if shard.is_dir() {
                let found = fs::read_dir(shard)
                    .unwrap()
                    .map(|file| file.unwrap().path());
                files.extend(found.filter(|file| file.file_name().unwrap() != "lock"));
            }
        }
        files.sort();
        files
    }

    /// The kept count.
    pub(crate) fn count(&self) -> u64 {
        let text = fs::read_to_string(self.directory().join("sessions/count")).unwrap();
        text.trim().parse().unwrap()
    }
}

pub(crate) fn run<T>(operation: impl Future<Output = Result<T>>) -> Result<T> {
    drive(operation)
}

pub(crate) fn key() -> Key {
    Key::new("session:", &SessionId::generate(16).unwrap())
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
