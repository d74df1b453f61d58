//! What went wrong, as far as it matters to what comes next. The driver's and the server's words
//! may hold keys and passwords; only their codes are passed on.

use flask_session_core::{Error, ErrorKind, Limit};
use mongodb::error::{Error as DriverError, ErrorKind as Driver, WriteFailure};

/// Why something wasn't done.
#[derive(Debug)]
pub(super) enum Failure {
    /// Another document has this `id`.
    Duplicate,
    /// Another write to the document came first.
    WriteConflict,
    /// The connection broke or the server is no primary any more: a write may have happened.
    Lost(Error),
    /// It makes no sense to try again.
    Final(Error),
}

impl Failure {
    /// The error for a caller who expected neither duplicates nor conflicts.
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Lost(error) | Self::Final(error) => error,
            Self::Duplicate => Error::new(
                ErrorKind::Contended,
                "another writer made the same document at the same time",
            ),
            Self::WriteConflict => Error::new(
                ErrorKind::Contended,
                "another writer changed the document at the same time",
            ),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

impl From<DriverError> for Failure {
    fn from(error: DriverError) -> Self {
        let last = |kind, detail: &str| Self::Final(Error::new(kind, detail));
        match &*error.kind {
            Driver::Io(_) => lost("the connection broke or could not be made"),
            Driver::ConnectionPoolCleared { .. } => lost("the connections broke"),
            Driver::ServerSelection { .. } => last(
                ErrorKind::Unreachable,
                "no server that takes writes could be reached; is one running, is replicaSet in the \
                 URL right, and its certificate from an authority that tlsCAFile names?",
            ),
            Driver::DnsResolve { .. } => last(
                ErrorKind::Unreachable,
                "the host's name could not be looked up",
            ),
            Driver::Authentication { .. } => last(
                ErrorKind::Refused,
                "the server doesn't accept the user name and password (see also authSource)",
            ),
            Driver::Command(failed) => by_code(failed.code, Some(&failed.code_name)),
            Driver::Write(WriteFailure::WriteError(failed)) => {
                by_code(failed.code, failed.code_name.as_deref())
            }
            // Written, but not by as many servers as were asked for: it may be rolled back.
            Driver::Write(WriteFailure::WriteConcernError(_)) => {
                lost("too few servers have confirmed the write")
            }
            Driver::InvalidTlsConfig { .. } => last(
                ErrorKind::Misconfigured,
                "SESSION_MONGODB: its certificates can't be used",
            ),
            Driver::InvalidArgument { .. } => last(
                ErrorKind::Misconfigured,
                "SESSION_MONGODB: its options don't fit each other or the servers",
            ),
            Driver::IncompatibleServer { .. } => last(
                ErrorKind::Unsupported,
                "the server's release is too old; MongoDB 4.2 or newer is needed",
            ),
            _ => last(
                ErrorKind::Unexpected,
                "the driver or the server gave an answer that no rule foresees",
            ),
        }
    }
}

fn lost(detail: &str) -> Failure {
    Failure::Lost(Error::new(ErrorKind::Unreachable, detail))
}

/// What a server's error code means; the codes are MongoDB's, the same in every release.
fn by_code(code: i32, name: Option<&str>) -> Failure {
    let last = |kind, detail: &str| Failure::Final(Error::new(kind, detail));
    match code {
        11_000 | 11_001 | 12_582 => Failure::Duplicate,
        112 => Failure::WriteConflict,
        // The server shuts down, steps down, isn't the primary, or lost its own peers.
        6 | 7 | 89 | 91 | 134 | 189 | 262 | 9001 | 10_107 | 11_600 | 11_602 | 13_435 | 13_436 => {
            lost("the server is shutting down or is no primary any more")
        }
        11 | 18 => last(
            ErrorKind::Refused,
            "the server doesn't accept the user name and password (see also authSource)",
        ),
        13 | 31 | 8000 => last(
            ErrorKind::Refused,
            "the user lacks a permission; sessions need the role readWrite on their database",
        ),
        14_031 => last(ErrorKind::Refused, "the server's disk is full"),
        10_334 | 17_280 | 17_419 | 17_420 => {
            let limit = Limit {
                of: "MongoDB, 16 MB for a document or command,",
                bytes: None,
                remedy: "",
            };
            Failure::Final(limit.exceeded(None))
        }
        50 => last(ErrorKind::TimedOut, "the server gave up in time"),
        _ => {
            let known = |name: &&str| {
                !name.is_empty()
                    && name.len() < 60
                    && name.bytes().all(|b| b.is_ascii_alphanumeric())
            };
            let name = name.filter(known).unwrap_or("no name");
            Failure::Final(Error::new(
                ErrorKind::Unexpected,
                format!("the server's error {code} ({name})"),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_mean_what_a_caller_can_act_on() {
        assert!(matches!(by_code(11_000, None), Failure::Duplicate));
        assert!(matches!(by_code(112, None), Failure::WriteConflict));
        for (code, kind) in [
            (10_107, ErrorKind::Unreachable),
            (13, ErrorKind::Refused),
            (18, ErrorKind::Refused),
            (10_334, ErrorKind::TooLarge),
            (50, ErrorKind::TimedOut),
            (59, ErrorKind::Unexpected),
        ] {
            assert_eq!(by_code(code, None).into_error().kind(), kind, "{code}");
        }
    }

    #[test]
    fn the_servers_words_never_enter_an_error() {
        let error = by_code(2, Some("session:secret { id }")).into_error();
        assert!(!error.to_string().contains("secret"));
        let error = by_code(59, Some("CommandNotFound")).into_error();
        assert!(error.to_string().contains("59 (CommandNotFound)"));
        let driver = DriverError::from(std::io::Error::other("session:secret"));
        let error = Failure::from(driver).into_error();
        assert_eq!(error.kind(), ErrorKind::Unreachable);
        assert!(!format!("{error:?}").contains("secret"));
    }
}
