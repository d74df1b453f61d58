//! The ways of comparing before writing, each as the server takes it.

use bytes::Bytes;
use flask_session_core::Deadline;
use redis::{Cmd, ServerError, Value};

use super::body::exchange;
use super::compare::{Change, Compared};
use super::lifetime::Lifetime;
use super::reply;
use super::script::Script;
use super::server::Server;
use super::wire::Line;
use crate::transport::Attempt;

/// What one way answered.
pub(super) enum Tried {
    Answered(Compared),
    Denied,
}

/// Bytes that a command's shorter words take.
const ROOM: usize = 64;

fn set(key: &str, payload: &Bytes, lifetime: Lifetime) -> Cmd {
    let (option, number) = lifetime.option();
    let mut command = Cmd::with_capacity(7, key.len() + payload.len() + ROOM);
    command.arg("SET").arg(key).arg(&payload[..]);
    command.arg(option).arg(number);
    command
}

/// The plain command, which compares nothing.
pub(super) fn plain(key: &str, change: Change<'_>) -> Cmd {
    match change {
        Change::Set { payload, lifetime } => set(key, payload, lifetime),
        Change::Delete => {
            let mut command = redis::cmd("DEL");
            command.arg(key);
            command
        }
    }
}

/// The one command that compares and changes, if the server is known to have it.
pub(super) fn one_command(
    server: Server,
    key: &str,
    expected: &Bytes,
    change: Change<'_>,
) -> Option<Cmd> {
    match change {
        Change::Set { payload, lifetime } => server.sets_if_equal().then(|| {
            let mut command = set(key, payload, lifetime);
            command.arg("IFEQ").arg(&expected[..]);
            command
        }),
        Change::Delete => server.deletes_if_equal().map(|(name, condition)| {
            let mut command = redis::cmd(name);
            command.arg(key).arg(condition).arg(&expected[..]);
            command
        }),
    }
}

/// Sends it.
pub(super) async fn one<L: Line>(
    line: &mut L,
    command: &Cmd,
    deadline: &Deadline,
) -> Attempt<Tried> {
    let replies = exchange(line, &[command], deadline).await?;
    Ok(Tried::Answered(match reply::sole(replies)? {
        Value::Okay | Value::Int(1) => Compared::Done,
        Value::Nil | Value::Int(0) => Compared::NotEqual,
        Value::ServerError(refusal) => return denied(&refusal),
        _ => return Err(reply::unforeseen().into()),
    }))
}

fn denied(refusal: &ServerError) -> Attempt<Tried> {
    if reply::is_denial(refusal) {
        Ok(Tried::Denied)
    } else {
        Err(reply::refused(refusal).into())
    }
}

/// Runs a script; sends its text if the server hasn't seen it.
pub(super) async fn run<L: Line>(
    line: &mut L,
    script: &Script,
    key: &str,
    expected: &Bytes,
    change: Change<'_>,
    deadline: &Deadline,
) -> Attempt<Tried> {
    let call = |way: &str, script: &str| {
        let size = match change {
            Change::Set { payload, .. } => payload.len(),
            Change::Delete => 0,
        };
        let size = script.len() + key.len() + expected.len() + size + ROOM;
        let mut command = Cmd::with_capacity(8, size);
        command.arg(way).arg(script).arg(1);
        command.arg(key).arg(&expected[..]);
        if let Change::Set { payload, lifetime } = change {
            let (option, number) = lifetime.option();
            command.arg(&payload[..]).arg(option).arg(number);
        }
        command
    };
    let known = call("EVALSHA", script.digest());
    let mut reply = reply::sole(exchange(line, &[&known], deadline).await?)?;
    if matches!(&reply, Value::ServerError(refusal) if refusal.code() == "NOSCRIPT") {
        let whole = call("EVAL", script.text());
        reply = reply::sole(exchange(line, &[&whole], deadline).await?)?;
    }
    Ok(Tried::Answered(match reply {
        Value::Int(1) => Compared::Done,
        Value::Int(0) => Compared::Different,
        Value::Int(-1) => Compared::Absent,
        Value::ServerError(refusal) => return denied(&refusal),
        _ => return Err(reply::unforeseen().into()),
    }))
}

/// Compares here, while the server watches the key.
pub(super) async fn watch<L: Line>(
    line: &mut L,
    key: &str,
    expected: &Bytes,
    change: Change<'_>,
    deadline: &Deadline,
) -> Attempt<Tried> {
    // MULTI comes before the change leaves, so that the change can't be carried out without it.
    let watch = redis::cmd("WATCH").arg(key).take();
    let get = redis::cmd("GET").arg(key).take();
    let replies = exchange(line, &[&watch, &get, &redis::cmd("MULTI")], deadline).await?;
    let [watching, found, opened] =
        <[Value; 3]>::try_from(replies).map_err(|_| reply::unforeseen())?;
    if let Some(refusal) = [&watching, &opened].into_iter().find_map(refusal) {
        if opened == Value::Okay {
            discard(line, deadline).await?;
        } else {
            exchange(line, &[&redis::cmd("UNWATCH")], deadline).await?;
        }
        return denied(refusal);
    }
    let unequal = match reply::payload(found) {
        Ok(Some(found)) if found == *expected => None,
        Ok(Some(_)) => Some(Ok(Compared::Different)),
        Ok(None) => Some(Ok(Compared::Absent)),
        Err(error) => Some(Err(error)),
    };
    if let Some(compared) = unequal {
        discard(line, deadline).await?;
        return Ok(Tried::Answered(compared?));
    }
    let closing = [&plain(key, change), &redis::cmd("EXEC")];
    let replies = exchange(line, &closing, deadline).await?;
    let [queued, executed] = <[Value; 2]>::try_from(replies).map_err(|_| reply::unforeseen())?;
    if let Some(refusal) = refusal(&queued) {
        return Err(reply::refused(refusal).into());
    }
    match executed {
        Value::Nil => Ok(Tried::Answered(Compared::NotEqual)),
        Value::Array(results) => match results.as_slice() {
            [Value::Okay | Value::Int(1)] => Ok(Tried::Answered(Compared::Done)),
            [Value::Int(0)] => Ok(Tried::Answered(Compared::Absent)),
            [Value::ServerError(refusal)] => Err(reply::refused(refusal).into()),
            _ => Err(reply::unforeseen().into()),
        },
        Value::ServerError(refusal) => {
            discard(line, deadline).await?;
            denied(&refusal)
        }
        _ => Err(reply::unforeseen().into()),
    }
}

/// Leaves MULTI; an error if that isn't possible, so that nobody goes on with this connection.
async fn discard<L: Line>(line: &mut L, deadline: &Deadline) -> Attempt<()> {
    let replies = exchange(line, &[&redis::cmd("DISCARD")], deadline).await?;
    match reply::sole(replies)? {
        Value::Okay => Ok(()),
        Value::ServerError(refusal) => Err(reply::refused(&refusal).into()),
        _ => Err(reply::unforeseen().into()),
    }
}

fn refusal(reply: &Value) -> Option<&ServerError> {
    match reply {
        Value::ServerError(refusal) => Some(refusal),
        _ => None,
    }
}

/// The last rung compares nothing but whether there is a record: what was destroyed stays so.
pub(super) async fn overwrite<L: Line>(
    line: &mut L,
    key: &str,
    change: Change<'_>,
    deadline: &Deadline,
) -> Attempt<Compared> {
    let mut command = plain(key, change);
    if matches!(change, Change::Set { .. }) {
        command.arg("XX");
    }
    let replies = exchange(line, &[&command], deadline).await?;
    match reply::sole(replies)? {
        Value::Okay | Value::Int(1) => Ok(Compared::Done),
        Value::Nil | Value::Int(0) => Ok(Compared::Absent),
        Value::ServerError(refusal) => Err(reply::refused(&refusal).into()),
        _ => Err(reply::unforeseen().into()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn words(product: &str, version: &str, change: Change<'_>) -> Option<Vec<String>> {
        let entries = ["server", product, "version", version]
            .map(|text| Value::BulkString(text.as_bytes().to_vec()));
        let server = Server::from_hello(&Value::Array(entries.to_vec()));
        let command = one_command(server, "session:a", &"old".into(), change)?;
        let words = command.args_iter().map(|argument| match argument {
            redis::Arg::Simple(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => panic!("a cursor"),
        });
        Some(words.collect())
    }

    #[test]
    fn servers_that_compare_themselves_are_asked_in_their_words() {
        let set = Change::Set {
            payload: &"new".into(),
            lifetime: Lifetime::of(Duration::from_secs(9)),
        };
        let expected = ["SET", "session:a", "new", "EX", "9", "IFEQ", "old"];
        assert_eq!(words("redis", "8.4.0", set).unwrap(), expected);
        assert_eq!(words("valkey", "8.1.0", set).unwrap(), expected);
        assert_eq!(words("redis", "8.2.3", set), None);
        let deleted = words("redis", "8.4.0", Change::Delete).unwrap();
        assert_eq!(deleted, ["DELEX", "session:a", "IFEQ", "old"]);
        let deleted = words("valkey", "9.0.0", Change::Delete).unwrap();
        assert_eq!(deleted, ["DELIFEQ", "session:a", "old"]);
        assert_eq!(words("valkey", "8.1.0", Change::Delete), None);
    }
}
