//! SQLite, on tables as they are met; each instance is opened anew, as another process would.

use std::sync::Arc;
use std::time::Duration;

use flask_session_core::{Drive, Store};
use flask_session_stores::{Hosting, Setting, Settings, sqlite};
use flask_session_testkit::{ManualClock, PATIENCE, Subject, Unreachable};
use tempfile::TempDir;

use super::hosts::Host;

struct Sqlite {
    clock: Arc<ManualClock>,
    folder: TempDir,
    create: bool,
    host: Host,
}

impl Sqlite {
    fn new() -> Self {
        Self {
            clock: Arc::new(ManualClock::new()),
            folder: TempDir::new().unwrap(),
            create: true,
            host: Host::Blocking(Drive::Inline),
        }
    }

    /// A file that somebody prepared.
    fn prepared(statements: &str) -> Self {
        let subject = Self {
            create: false,
            ..Self::new()
        };
        let file = subject.folder.path().join("app.db");
        let native = rusqlite::Connection::open(file).unwrap();
        native.execute_batch(statements).unwrap();
        subject
    }
}

impl Subject for Sqlite {
    fn open(&self) -> Arc<dyn Store> {
        let file = self.folder.path().join("app.db");
        let settings = Settings::new(format!("sqlite:///{}", file.display()))
            .with("table", Setting::Text("Sessions \"表名\"".to_owned()))
            .with("create", Setting::Flag(self.create))
            .with("timeout", Setting::Number(PATIENCE.as_secs_f64()));
        let open = sqlite::open_with_clock(settings, self.clock.clone());
        self.host.open(open.expect("legal settings"))
    }

    fn wait(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    fn waits(&self) -> bool {
        self.host.waits()
    }

    fn unreachable(&self) -> Vec<Unreachable> {
        Vec::new()
    }
}

mod in_a_new_file {
    use super::*;

    flask_session_testkit::keeps_every_rule!(Sqlite::new());
}

mod on_threads_of_a_service {
    use super::*;

    fn subject() -> Sqlite {
        Sqlite {
            host: Host::Service(Hosting::Threads),
            ..Sqlite::new()
        }
    }

    flask_session_testkit::keeps_every_rule!(subject());
}

mod in_a_file_with_a_write_ahead_log {
    use super::*;

    flask_session_testkit::keeps_every_rule!(Sqlite::prepared(
        "PRAGMA journal_mode = WAL; CREATE TABLE \"Sessions \"\"表名\"\"\" (id INTEGER NOT NULL, \
         session_id VARCHAR(255), data BLOB, expiry DATETIME, PRIMARY KEY (id), UNIQUE (session_id))"
    ));
}

mod in_a_table_made_by_hand_without_constraint_or_default {
    use super::*;

    flask_session_testkit::keeps_every_rule!(Sqlite::prepared(
        "CREATE TABLE \"Sessions \"\"表名\"\"\" (id INT NOT NULL PRIMARY KEY, \
         session_id TEXT COLLATE NOCASE, data TEXT, expiry TIMESTAMP)"
    ));
}
