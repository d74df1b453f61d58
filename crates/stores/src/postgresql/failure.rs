//! What the driver's errors mean. The server's own words never enter ours: they quote keys.

use std::error::Error as StdError;
use std::io;

use flask_session_core::{Error, ErrorKind};
use tokio_postgres::error::SqlState;

use crate::sql::{Problem, misconfigured};

/// The problem of a statement.
pub(super) fn of_statement(error: &tokio_postgres::Error) -> Problem {
    match error.code() {
        Some(code) => refused(code),
        None if error.is_closed() || reason::<io::Error>(error).is_some() => {
            Problem::Lost(unreachable("the connection broke"))
        }
        None => Problem::Final(Error::new(
            ErrorKind::Unexpected,
            "the driver can't read the server's answer, or the table's columns are of other types",
        )),
    }
}

/// The problem of connecting: nothing was asked yet.
pub(super) fn of_connecting(error: &tokio_postgres::Error) -> Problem {
    if let Some(code) = error.code() {
        return match refused(code) {
            Problem::Lost(error) => Problem::Stale(error),
            problem => problem,
        };
    }
    if let Some(rustls::Error::InvalidCertificate(_)) = tls_reason(error) {
        return Problem::Final(misconfigured(
            "the server's certificate isn't accepted: it is of another authority or for another \
             host, or out of date",
        ));
    }
    if let Some(cause) = reason::<io::Error>(error) {
        return Problem::Stale(unreachable(&format!("no connection: {}", cause.kind())));
    }
    if error.is_closed() {
        return Problem::Stale(unreachable("the server closed the connection"));
    }
    // What is left are a missing password, a server without TLS, an unknown way of logging in.
    Problem::Final(Error::new(
        ErrorKind::Refused,
        "the server wants a password, or a way of logging in that isn't known here, or has no TLS",
    ))
}

fn refused(code: &SqlState) -> Problem {
    let name = code.code();
    let fail = |kind, text: &str| Error::new(kind, format!("{text} ({name})"));
    match name {
        // The others: of a table, an index or a sequence that another worker has just made.
        "23505" | "42P07" | "42710" => Problem::Duplicate,
        "40001" | "40P01" | "55P03" => {
            let text = "the server gave way to another transaction";
            Problem::Interrupted(fail(ErrorKind::Contended, text))
        }
        "57P01" | "57P02" | "57P05" | "25P03" | "08006" | "08003" => Problem::Lost(fail(
            ErrorKind::Unreachable,
            "the server ended the connection",
        )),
        "57P03" | "53300" | "08001" | "08004" => Problem::Stale(fail(
            ErrorKind::Unreachable,
            "the server takes no connections at the moment",
        )),
        "57014" => Problem::Final(fail(
            ErrorKind::TimedOut,
            "the server cancelled the statement",
        )),
        // Another made it afresh, or a pooler gave us a server that doesn't know our statements.
        "42P01" => Problem::Stale(fail(ErrorKind::Misconfigured, "there is no such table")),
        "0A000" | "26000" => Problem::Stale(fail(
            ErrorKind::Unexpected,
            "the server no longer knows a prepared statement",
        )),
        "25006" => Problem::Stale(fail(ErrorKind::Refused, "the server is read-only")),
        "42501" => Problem::Final(fail(
            ErrorKind::Refused,
            "the user may not do that with the table for sessions",
        )),
        "3D000" => Problem::Final(fail(
            ErrorKind::Misconfigured,
            "the server has no database of that name",
        )),
        "3F000" => Problem::Final(fail(
            ErrorKind::Misconfigured,
            "the database has no schema of that name",
        )),
        "42703" | "42804" | "42883" | "42846" | "42P10" => Problem::Final(fail(
            ErrorKind::Misconfigured,
            "the table for sessions lacks a column, or one is of another type",
        )),
        "22001" => Problem::Final(fail(
            ErrorKind::TooLarge,
            "a key is longer than the column session_id",
        )),
        name if name.starts_with("28") => Problem::Final(fail(
            ErrorKind::Refused,
            "the server refused the user name or password",
        )),
        name if name.starts_with("53") || name.starts_with("54") => Problem::Final(fail(
            ErrorKind::Refused,
            "the server is out of memory, disk or some other resource",
        )),
        _ => Problem::Final(fail(ErrorKind::Unexpected, "the server answered an error")),
    }
}

fn unreachable(text: &str) -> Error {
    Error::new(ErrorKind::Unreachable, text)
}

/// The first cause of this type.
fn reason<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut cause = error.source();
    while let Some(found) = cause {
        if let Some(found) = found.downcast_ref() {
            return Some(found);
        }
        cause = found.source();
    }
    None
}

fn tls_reason(error: &tokio_postgres::Error) -> Option<&rustls::Error> {
    reason::<rustls::Error>(error).or_else(|| {
        let cause = reason::<io::Error>(error)?;
        cause.get_ref()?.downcast_ref()
    })
}
