//! What SQLite's errors mean.

use flask_session_core::{Error, ErrorKind, Limit};
use rusqlite::ErrorCode;

use crate::sql::{Problem, misconfigured};

/// A unique index, a primary key, a row's number.
const DUPLICATES: [i32; 3] = [2067, 1555, 2579];
/// Another file lies where ours was.
const MOVED: i32 = 1032;

/// The problem of a statement, or of opening the file. SQLite's own words don't enter it.
pub(super) fn of(error: &rusqlite::Error) -> Problem {
    let rusqlite::Error::SqliteFailure(failure, words) = error else {
        return Problem::Final(misconfigured(
            "the table for sessions has a column of another type",
        ));
    };
    let extended = failure.extended_code;
    let fail = |kind, text: &str| Problem::Final(Error::new(kind, format!("{text} ({extended})")));
    match failure.code {
        ErrorCode::ConstraintViolation if DUPLICATES.contains(&extended) => Problem::Duplicate,
        ErrorCode::ConstraintViolation => fail(
            ErrorKind::Misconfigured,
            "the table for sessions has a constraint that a session doesn't meet",
        ),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Problem::Locked(Error::new(
            ErrorKind::TimedOut,
            "others had the file locked for all that time",
        )),
        ErrorCode::ReadOnly if extended == MOVED => {
            Problem::Stale(Error::new(ErrorKind::Refused, "the file was moved away"))
        }
        // A connection that was opened while the file couldn't be written never writes it.
        ErrorCode::ReadOnly => Problem::Stale(Error::new(
            ErrorKind::Refused,
            format!("the file, or its folder, can't be written ({extended})"),
        )),
        ErrorCode::PermissionDenied => fail(
            ErrorKind::Refused,
            "the file, or its folder, can't be written",
        ),
        ErrorCode::CannotOpen => fail(
            ErrorKind::Refused,
            "the file can't be opened: is its folder there, may we write into it, and may this \
             process open another file (ulimit -n)?",
        ),
        ErrorCode::DiskFull => fail(ErrorKind::Refused, "the disk is full; free some space"),
        ErrorCode::SystemIoFailure => fail(
            ErrorKind::Refused,
            "the disk failed, or no file may grow so large (ulimit -f)",
        ),
        ErrorCode::NotADatabase => fail(ErrorKind::Misconfigured, "the file isn't SQLite's"),
        ErrorCode::DatabaseCorrupt => fail(ErrorKind::Corrupt, "the file is damaged"),
        ErrorCode::TooBig => {
            let limit = Limit {
                of: "SQLite",
                bytes: None,
                remedy: "",
            };
            Problem::Final(limit.exceeded(None))
        }
        ErrorCode::SchemaChanged => Problem::Stale(Error::new(
            ErrorKind::Contended,
            "the table was changed meanwhile",
        )),
        // The only errors of this code that a statement of ours can meet are missing names.
        ErrorCode::Unknown
            if words
                .as_deref()
                .is_some_and(|words| words.contains("table")) =>
        {
            Problem::Stale(misconfigured("there is no such table"))
        }
        ErrorCode::Unknown => fail(
            ErrorKind::Misconfigured,
            "the table for sessions lacks a column",
        ),
        _ => fail(ErrorKind::Unexpected, "SQLite answered an error"),
    }
}
