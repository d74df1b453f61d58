//! SQLite.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use flask_session_core::{Deleted, ErrorKind, Expect, Saved, Store};
use flask_session_stores::{Setting, Settings, open};
use flask_session_testkit::blocking::{bytes, delete, key, load, refresh, save, stored, touch};
use flask_session_testkit::{PATIENCE, race};
use tempfile::TempDir;

use super::{store, table, text};

struct File {
    folder: TempDir,
}

impl File {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("app one.db")
    }

    fn settings(&self) -> Settings {
        let path = self.path().display().to_string().replace(' ', "%20");
        let patience = Setting::Number(PATIENCE.as_secs_f64());
        Settings::new(format!("sqlite:///{path}")).with("timeout", patience)
    }

    fn store(&self) -> Arc<dyn Store> {
        store(self.settings())
    }

    /// Another program's connection.
    fn native(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }

    fn ask(&self, sql: &str) -> Vec<String> {
        let native = self.native();
        let mut statement = native.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

#[test]
fn the_table_is_made_as_flask_session_makes_it_with_an_index_on_expiry() {
    let file = File::new();
    assert!(!file.path().exists());
    stored(save(
        &*file.store(),
        &key("a"),
        &bytes(0x80, 1),
        Expect::Absent,
    ));
    let columns =
        "SELECT name || ' ' || type || ' ' || \"notnull\" || pk FROM pragma_table_info('sessions')";
    let expected = [
        "id INTEGER 11",
        "session_id VARCHAR(255) 00",
        "data BLOB 00",
        "expiry DATETIME 00",
    ];
    assert_eq!(file.ask(columns), expected);
    let indexes = "SELECT name FROM pragma_index_list('sessions') ORDER BY name";
    assert_eq!(
        file.ask(indexes),
        ["ix_sessions_expiry", "sqlite_autoindex_sessions_1"]
    );
    let row = file.ask(
        "SELECT id || ' ' || session_id || ' ' || typeof(data) || ' ' || typeof(expiry) \
         || ' ' || (julianday(expiry) - julianday('now') > 30) FROM sessions",
    );
    assert_eq!(row, ["1 session:a blob text 1"]);
    let expiry = file.ask("SELECT expiry FROM sessions").remove(0);
    assert_eq!(expiry.len(), "2026-12-22 19:18:24.766354".len(), "{expiry}");
}

#[test]
fn rows_of_every_release_are_read_and_those_without_expiry_are_live() {
    let file = File::new();
    let store = file.store();
    load(&*store, &key("a")).unwrap();
    file.native()
        .execute_batch(
            "INSERT INTO sessions (session_id, data, expiry) VALUES
             ('session:a', x'81', strftime('%Y-%m-%d %H:%M:%f000', 'now', '+1 hour')),
             ('session:b', x'82', NULL),
             ('session:c', x'83', strftime('%Y-%m-%d %H:%M:%f000', 'now', '-1 second'))",
        )
        .unwrap();
    let first = load(&*store, &key("a")).unwrap().unwrap();
    assert_eq!(first.payload, bytes(0x81, 1));
    assert!(first.remaining.unwrap().as_secs().abs_diff(3600) < 600);
    let second = load(&*store, &key("b")).unwrap().unwrap();
    assert_eq!((second.payload, second.remaining), (bytes(0x82, 1), None));
    assert!(load(&*store, &key("c")).unwrap().is_none());
    assert!(refresh(&*store, &key("b")).unwrap().is_some());
    let second = load(&*store, &key("b")).unwrap().unwrap();
    assert!(second.remaining.is_some());
}

#[test]
fn a_key_never_matches_another_that_its_column_takes_for_equal() {
    let file = File::new();
    file.native()
        .execute_batch(
            "CREATE TABLE sessions (id INTEGER PRIMARY KEY NOT NULL, \
             session_id TEXT COLLATE NOCASE, data TEXT, expiry TIMESTAMP)",
        )
        .unwrap();
    let store = file.store();
    stored(save(&*store, &key("aB"), &bytes(1, 1), Expect::Absent));
    assert!(load(&*store, &key("Ab")).unwrap().is_none());
    assert!(!touch(&*store, &key("Ab")).unwrap());
    let answer = delete(&*store, &key("Ab"), Expect::Anything).unwrap();
    assert_eq!(answer, Deleted::Absent);
    stored(save(&*store, &key("Ab"), &bytes(2, 1), Expect::Absent));
    let first = load(&*store, &key("aB")).unwrap().unwrap();
    assert_eq!(first.payload, bytes(1, 1));
}

#[test]
fn a_file_that_others_lock_is_waited_for_and_no_longer_than_the_limit() {
    let file = File::new();
    let impatient = store(file.settings().with("timeout", Setting::Number(0.3)));
    let store = store(file.settings());
    let key = key("a");
    let revision = stored(save(&*store, &key, &bytes(1, 10), Expect::Absent));
    let other = file.native();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(
        load(&*store, &key).unwrap().is_some(),
        "reading needs no lock"
    );
    let expect = Expect::Revision(revision.clone());
    let error = save(&*impatient, &key, &bytes(2, 10), expect).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    other.execute_batch("COMMIT").unwrap();
    let expect = Expect::Revision(revision);
    assert!(matches!(
        save(&*store, &key, &bytes(2, 10), expect),
        Ok(Saved::Stored(_))
    ));
}

#[test]
fn workers_that_make_the_table_at_the_same_time_all_succeed() {
    for _ in 0..5 {
        let file = File::new();
        let stores: Vec<_> = (0..8).map(|_| file.store()).collect();
        race(8, |racer| {
            let key = key(&racer.to_string());
            stored(save(&*stores[racer], &key, &bytes(1, 1), Expect::Absent));
        });
        assert_eq!(file.ask("SELECT 'x' FROM sessions").len(), 8);
    }
}

#[test]
fn a_missing_file_or_table_is_an_error_where_none_is_to_be_made() {
    let file = File::new();
    let settings = || file.settings().with("create", Setting::Flag(false));
    let error = load(&*store(settings()), &key("a")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(!file.path().exists());
    file.native()
        .execute_batch("CREATE TABLE other (a)")
        .unwrap();
    let error = load(&*store(settings()), &key("a")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
}

#[test]
fn a_table_that_was_dropped_is_made_again() {
    let file = File::new();
    let store = file.store();
    stored(save(&*store, &key("a"), &bytes(1, 1), Expect::Absent));
    file.native().execute_batch("DROP TABLE sessions").unwrap();
    assert!(load(&*store, &key("a")).unwrap().is_none());
    stored(save(&*store, &key("a"), &bytes(1, 1), Expect::Absent));
}

#[test]
fn what_is_no_database_is_said() {
    let file = File::new();
    fs::write(file.path(), vec![b'x'; 5000]).unwrap();
    let error = load(&*file.store(), &key("a")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
}

#[test]
fn memory_is_refused_and_so_is_what_sqlite_has_not() {
    for url in ["sqlite://", "sqlite:///:memory:"] {
        let error = open(Settings::new(url)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
    }
    for option in ["schema", "password", "ca_file"] {
        let settings = File::new().settings().with(option, text("x"));
        let error = open(settings).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{option}");
    }
    let settings = File::new().settings().with("sequence", text(table()));
    assert!(open(settings).is_ok(), "SQLAlchemy ignores it, too");
}

#[test]
fn the_journal_is_left_as_it_is() {
    for mode in ["delete", "wal"] {
        let file = File::new();
        let set = format!("PRAGMA journal_mode = {mode}");
        file.native().query_row(&set, [], |_| Ok(())).unwrap();
        stored(save(
            &*file.store(),
            &key("a"),
            &bytes(1, 1),
            Expect::Absent,
        ));
        assert_eq!(file.ask("PRAGMA journal_mode"), [mode]);
    }
}
