//! Sessions in a table of a SQLite file, as Flask-Session keeps them there.

mod connection;
mod failure;
mod url;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use flask_session_core::{Clock, Deadline, Drive, Open, Result, Store, SystemClock};
use rusqlite::OpenFlags;

use crate::sql::{Attempt, Body, Dialect, Driver, Storage, misconfigured};
use crate::{Backend, Hosting, Settings};

use connection::SqliteConnection;

pub(crate) const BACKEND: Backend = Backend {
    name: Sqlite::NAME,
    schemes: url::SCHEMES,
    drive: Drive::Inline,
    hosting: Hosting::Threads,
    open: |settings, _| open_with_clock(settings, Arc::new(SystemClock)),
};

/// Checks the settings and says how to open the store, on this clock.
///
/// ```
/// use std::sync::Arc;
///
/// use flask_session_core::{SystemClock, blocking};
/// use flask_session_stores::{Settings, sqlite};
///
/// let open = sqlite::open_with_clock(Settings::new("sqlite:///shop.db"), Arc::new(SystemClock))?;
/// let store = blocking(flask_session_core::Drive::Inline, open)?; // opens the file at its first operation
/// # Ok::<(), flask_session_core::Error>(())
/// ```
pub fn open_with_clock(mut settings: Settings, clock: Arc<dyn Clock>) -> Result<Open> {
    let mut storage = Storage::take(&mut settings)?;
    let path = url::read(settings.url(), &mut storage)?;
    settings.finish()?;
    if storage
        .table
        .schema
        .take()
        .is_some_and(|name| name != "main")
    {
        return Err(misconfigured("SQLite has no schemas; leave it out"));
    }
    // As SQLAlchemy: SQLite numbers the rows itself.
    storage.table.sequence = None;
    Ok(Box::new(move || {
        let driver = Sqlite {
            path: path.clone(),
            create: storage.create,
        };
        let body = Body::new(driver, storage.clone(), Arc::clone(&clock));
        Ok(Arc::new(body) as Arc<dyn Store>)
    }))
}

/// The way to a SQLite file.
#[derive(Debug)]
pub(crate) struct Sqlite {
    path: PathBuf,
    create: bool,
}

impl Driver for Sqlite {
    const NAME: &'static str = "sqlite";
    const DIALECT: Dialect = Dialect {
        quote: '"',
        mark: |_, number| format!("?{number}"),
        positional: false,
        exact: "CAST({} AS BLOB)",
        same_data: "CAST(data AS BLOB) = :old",
        has_prefix: "substr(CAST(session_id AS BLOB), 1, length(CAST(:prefix AS BLOB))) \
                     = CAST(:prefix AS BLOB)",
        from_nothing: "",
        returns: true,
        sweep: "DELETE FROM {table} WHERE rowid IN \
                (SELECT rowid FROM {table} WHERE {dead} LIMIT :limit)",
        next_value: "",
    };

    type Connection = SqliteConnection;

    async fn connect(&self, _deadline: &Deadline) -> Attempt<SqliteConnection> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        flags.set(OpenFlags::SQLITE_OPEN_CREATE, self.create);
        SqliteConnection::open(&self.path, flags)
    }

    /// A statement ends by itself, or says soon that others hold a lock.
    async fn within<T: Send>(
        _deadline: &Deadline,
        attempt: impl Future<Output = T> + Send,
    ) -> Option<T> {
        Some(attempt.await)
    }

    async fn pause(duration: Duration) {
        thread::sleep(duration);
    }
}
