//! What replies mean, and what the server's errors mean to a caller.
//!
//! The server's own words never enter an error: it may quote a key or a password in them.

use bytes::Bytes;
use flask_session_core::{Error, ErrorKind, Result};
use redis::{ServerError, Value};

/// Whether the server refused for a reason that another connection, or another moment, may not
/// have. Nothing was done.
pub(crate) fn is_passing(refusal: &ServerError) -> bool {
    matches!(
        refusal.code(),
        "LOADING" | "READONLY" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" | "BUSY"
    )
}

/// Whether the server, or a proxy before it, doesn't offer the command to us at all, rather
/// than failing at it. Proxies word this in many ways: what isn't a known state counts.
pub(crate) fn is_denial(refusal: &ServerError) -> bool {
    !is_passing(refusal)
        && !matches!(
            refusal.code(),
            "WRONGTYPE"
                | "OOM"
                | "MISCONF"
                | "NOREPLICAS"
                | "NOAUTH"
                | "WRONGPASS"
                | "MOVED"
                | "ASK"
                | "CROSSSLOT"
                | "EXECABORT"
        )
}

/// The error that a server's refusal is to a caller.
pub(crate) fn refused(refusal: &ServerError) -> Error {
    let code = refusal.code();
    let (kind, detail) = match code {
        "WRONGTYPE" => (ErrorKind::Corrupt, "the key holds no string"),
        "OOM" => (
            ErrorKind::Refused,
            "the server has reached its maxmemory and evicts nothing",
        ),
        "READONLY" => (ErrorKind::Refused, "the server is a read-only replica"),
        "MISCONF" => (
            ErrorKind::Refused,
            "the server takes no writes since it can't persist them",
        ),
        "NOREPLICAS" => (
            ErrorKind::Refused,
            "the server takes no writes since it lacks replicas",
        ),
        "NOAUTH" => (ErrorKind::Refused, "the server demands a password"),
        "WRONGPASS" => (
            ErrorKind::Refused,
            "the server refused the user name or password",
        ),
        "NOPERM" => (
            ErrorKind::Refused,
            "this user lacks the permission for the command or the key",
        ),
        "DENIED" => (
            ErrorKind::Refused,
            "the server is in protected mode and takes local connections only",
        ),
        "LOADING" => (ErrorKind::Unreachable, "the server is loading its data"),
        "BUSY" => (ErrorKind::Unreachable, "the server is busy with a script"),
        "MASTERDOWN" => (
            ErrorKind::Unreachable,
            "the replica has lost its primary server",
        ),
        "CLUSTERDOWN" | "TRYAGAIN" => (ErrorKind::Unreachable, "the cluster isn't ready"),
        "MOVED" | "ASK" | "CROSSSLOT" => (
            ErrorKind::Unsupported,
            "the server is a node of a Redis Cluster; SESSION_REDIS names a single server",
        ),
        _ if is_full(refusal) => (
            ErrorKind::Unreachable,
            "the server has reached its maximum of clients",
        ),
        _ => (ErrorKind::Unexpected, "the server answered with an error"),
    };
    // A code is one word in capitals; anything else could be a quotation.
    if !code.is_empty() && code.len() <= 16 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        Error::new(kind, format!("{detail} ({code})"))
    } else {
        Error::new(kind, detail)
    }
}

/// Has no code of its own.
fn is_full(refusal: &ServerError) -> bool {
    let details = refusal.details().unwrap_or_default();
    details.contains("max number of clients")
}

/// The error for a reply that no rule foresees.
pub(crate) fn unforeseen() -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "the server's reply isn't what the command answers",
    )
}

/// A string, which may be empty, or nothing.
pub(crate) fn payload(reply: Value) -> Result<Option<Bytes>> {
    match reply {
        Value::Nil => Ok(None),
        Value::BulkString(bytes) => Ok(Some(bytes.into())),
        Value::ServerError(refusal) => Err(refused(&refusal)),
        _ => Err(unforeseen()),
    }
}

/// Whether a SET took place.
pub(crate) fn written(reply: &Value) -> Result<bool> {
    match reply {
        Value::Okay => Ok(true),
        Value::Nil => Ok(false),
        Value::ServerError(refusal) => Err(refused(refusal)),
        _ => Err(unforeseen()),
    }
}

/// A number.
pub(crate) fn integer(reply: &Value) -> Result<i64> {
    match reply {
        Value::Int(number) => Ok(*number),
        Value::ServerError(refusal) => Err(refused(refusal)),
        _ => Err(unforeseen()),
    }
}

/// The only reply to a single command.
pub(crate) fn sole(replies: Vec<Value>) -> Result<Value> {
    replies.into_iter().next().ok_or_else(unforeseen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(line: &str) -> ServerError {
        match redis::parse_redis_value(format!("-{line}\r\n").as_bytes()) {
            Ok(Value::ServerError(refusal)) => refusal,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_refusal_has_a_kind_that_a_caller_can_act_on() {
        for (line, kind) in [
            ("NOAUTH Authentication required.", ErrorKind::Refused),
            ("WRONGPASS invalid", ErrorKind::Refused),
            ("NOPERM User x has no permissions", ErrorKind::Refused),
            ("READONLY You can't write", ErrorKind::Refused),
            ("MISCONF Redis is configured", ErrorKind::Refused),
            ("OOM command not allowed", ErrorKind::Refused),
            ("LOADING Redis is loading", ErrorKind::Unreachable),
            ("BUSY Redis is busy", ErrorKind::Unreachable),
            ("CLUSTERDOWN down", ErrorKind::Unreachable),
            ("MOVED 1 a:1", ErrorKind::Unsupported),
            ("WRONGTYPE Operation", ErrorKind::Corrupt),
            ("ERR max number of clients reached", ErrorKind::Unreachable),
            ("ERR anything", ErrorKind::Unexpected),
        ] {
            assert_eq!(refused(&refusal(line)).kind(), kind, "{line}");
        }
    }

    #[test]
    fn the_servers_words_never_enter_an_error() {
        for line in [
            "ERR unknown command 'GETEX', with args beginning with: 'session:secret'",
            "secret is no command",
        ] {
            let error = refused(&refusal(line));
            assert!(
                !format!("{error} {error:?}").contains("secret"),
                "{error:?}"
            );
        }
    }

    #[test]
    fn a_state_of_the_server_is_no_denial() {
        for line in ["OOM x", "READONLY x", "LOADING x", "WRONGTYPE x"] {
            assert!(!is_denial(&refusal(line)), "{line}");
        }
        for line in [
            "NOPERM x",
            "ERR unknown command",
            "ERR syntax error",
            "invalid request",
        ] {
            assert!(is_denial(&refusal(line)), "{line}");
        }
    }
}
