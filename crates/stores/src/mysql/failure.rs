//! What the driver's errors mean. The server's own words never enter ours: they quote keys.

use flask_session_core::{Error, ErrorKind, Limit};
use mysql_async::{DriverError, Error as Native, IoError};

use crate::sql::{Problem, misconfigured};

/// The problem of a statement.
pub(super) fn of_statement(error: &Native) -> Problem {
    match error {
        Native::Server(refusal) => refused(refusal.code),
        Native::Io(_)
        | Native::Driver(DriverError::ConnectionClosed | DriverError::PacketOutOfOrder) => {
            Problem::Lost(unreachable("the connection broke"))
        }
        Native::Driver(DriverError::PacketTooLarge) => Problem::Final(too_large()),
        _ => Problem::Final(Error::new(
            ErrorKind::Unexpected,
            "the driver can't read the server's answer",
        )),
    }
}

/// The problem of connecting: nothing was asked yet.
pub(super) fn of_connecting(error: &Native) -> Problem {
    if let Native::Io(IoError::Tls(_)) = error {
        return Problem::Final(misconfigured(
            "no TLS with the server: its certificate isn't accepted, or a file can't be read",
        ));
    }
    if let Native::Io(IoError::Io(cause)) = error {
        let is_tls = cause
            .get_ref()
            .is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>);
        if is_tls {
            return Problem::Final(misconfigured(
                "the server's certificate isn't accepted: it is of another authority or for \
                 another host, or out of date",
            ));
        }
        return Problem::Stale(unreachable(&format!("no connection: {}", cause.kind())));
    }
    match of_statement(error) {
        Problem::Lost(_) => Problem::Stale(unreachable("the server closed the connection")),
        Problem::Final(error) if error.kind() == ErrorKind::Unexpected => {
            Problem::Final(Error::new(
                ErrorKind::Refused,
                "the server wants a way of logging in that isn't known here, or has no TLS",
            ))
        }
        problem => problem,
    }
}

fn refused(code: u16) -> Problem {
    let fail = |kind, text: &str| Error::new(kind, format!("{text} ({code})"));
    match code {
        1050 | 1061 | 1062 | 1586 => Problem::Duplicate,
        1020 | 1205 | 1213 => {
            let text = "the server gave way to another transaction";
            Problem::Interrupted(fail(ErrorKind::Contended, text))
        }
        1053 | 1152 | 1158..=1161 | 1184 | 1927 | 4031 => Problem::Lost(fail(
            ErrorKind::Unreachable,
            "the server ended the connection",
        )),
        1040 | 1203 | 1226 => Problem::Stale(fail(
            ErrorKind::Unreachable,
            "the server takes no connections at the moment",
        )),
        1146 => Problem::Stale(fail(ErrorKind::Misconfigured, "there is no such table")),
        1243 | 1412 | 1461 | 1615 => Problem::Stale(fail(
            ErrorKind::Unexpected,
            "the server no longer knows a prepared statement",
        )),
        1290 | 1792 | 1836 => Problem::Stale(fail(ErrorKind::Refused, "the server is read-only")),
        1044 | 1045 | 1130 | 1251 | 1524 | 1698 | 3118 => Problem::Final(fail(
            ErrorKind::Refused,
            "the server refused the user name or password",
        )),
        1142 | 1143 | 1227 => Problem::Final(fail(
            ErrorKind::Refused,
            "the user may not do that with the table for sessions",
        )),
        1046 | 1049 => Problem::Final(fail(
            ErrorKind::Misconfigured,
            "the URL names no database, or one that isn't there",
        )),
        1153 | 1406 => Problem::Final(too_large()),
        1021 | 1037 | 1038 | 1041 | 1114 => Problem::Final(fail(
            ErrorKind::Refused,
            "the server is out of memory, disk or some other resource",
        )),
        1054 | 1267 | 1292 | 1364 | 1366 => Problem::Final(fail(
            ErrorKind::Misconfigured,
            "the table for sessions lacks a column, or one is of another type",
        )),
        1317 | 1969 | 3024 => Problem::Final(fail(
            ErrorKind::TimedOut,
            "the server cancelled the statement",
        )),
        _ => Problem::Final(fail(ErrorKind::Unexpected, "the server answered an error")),
    }
}

fn too_large() -> Error {
    let limit = Limit {
        of: "the server's max_allowed_packet, or the column data,",
        bytes: None,
        remedy: "raise that setting of the server's",
    };
    limit.exceeded(None)
}

fn unreachable(text: &str) -> Error {
    Error::new(ErrorKind::Unreachable, text)
}
