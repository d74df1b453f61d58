//! Where the sessions are.

use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use flask_session_core::{Clock, Store, SystemClock, Timestamp, drive};
use flask_session_stores::filesystem::{FilesystemStore, Options};
use flask_session_stores::{Setting, Settings, open};
use flask_session_testkit::PATIENCE;
use tempfile::TempDir;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Files,
    Sqlite,
    SqliteWithLog,
}

pub(crate) struct Place {
    kind: Kind,
    folder: TempDir,
}

/// The system's clock, two hours ahead.
#[derive(Debug)]
struct Later;

impl Clock for Later {
    fn now(&self) -> Timestamp {
        SystemClock.now().after(Duration::from_secs(7200))
    }

    fn ticks(&self) -> u64 {
        SystemClock.ticks()
    }
}

impl Place {
    pub(crate) fn new(kind: Kind) -> Self {
        let place = Self {
            kind,
            folder: TempDir::new().unwrap(),
        };
        if kind == Kind::SqliteWithLog {
            let mode = "PRAGMA journal_mode = wal";
            place.native().query_row(mode, [], |_| Ok(())).unwrap();
        }
        place
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("sessions.db")
    }

    fn native(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.file()).unwrap()
    }

    pub(crate) fn url(&self) -> String {
        match self.kind {
            Kind::Files => format!("file:{}", self.folder.path().display()),
            Kind::Sqlite | Kind::SqliteWithLog => format!("sqlite:///{}", self.file().display()),
        }
    }

    pub(crate) fn open(&self) -> Arc<dyn Store> {
        let settings = Settings::new(self.url());
        let settings = match self.kind {
            Kind::Files => settings,
            _ => settings.with("timeout", Setting::Number(PATIENCE.as_secs_f64())),
        };
        open(settings).unwrap().1
    }

    /// How long the next writer lives: some commits, and a part of one.
    pub(crate) fn moment(&self) -> Duration {
        let most = if self.kind == Kind::Files {
            12_000
        } else {
            60_000
        };
        Duration::from_micros(RandomState::new().hash_one(0) % most)
    }

    /// Files that belong to no session and that nobody is writing.
    pub(crate) fn left_behind(&self) -> usize {
        let mut found = Vec::new();
        files(self.folder.path(), &mut found);
        let stray = |file: &&PathBuf| {
            let name = file.file_name().unwrap().to_string_lossy();
            name.ends_with(".tmp") || name.ends_with("-journal") || name.ends_with("-wal")
        };
        found.iter().filter(stray).count()
    }

    /// What looks after a place in the end: a sweep, two hours later; the last connection's end.
    pub(crate) fn tidy(&self) {
        if self.kind == Kind::Files {
            let options = Options::new(self.folder.path());
            let store = FilesystemStore::with_clock(options, Arc::new(Later));
            assert_eq!(
                drive(store.sweep(usize::MAX)).unwrap(),
                0,
                "nothing has expired"
            );
            return;
        }
        let check = "PRAGMA integrity_check";
        let native = self.native();
        let sound: String = native.query_row(check, [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}
