//! How an operation is tried, and when it is tried again.

use std::time::Duration;

use flask_session_core::{Deadline, ErrorKind, Result};
use redis::{Cmd, Value};

use super::ladder::Ladder;
use super::reply;
use super::script::Scripts;
use super::wire::{Line, Wire};
use crate::transport::{Attempt, Choice, Interruption};

/// The store's operations over any transport.
#[derive(Debug)]
pub(super) struct Body<W> {
    pub(super) wire: W,
    pub(super) ladder: Ladder,
    pub(super) scripts: Scripts,
    pub(super) timeout: Duration,
}

impl<W: Wire> Body<W> {
    pub(super) fn deadline(&self) -> Deadline {
        Deadline::within(self.timeout)
    }

    /// A connection, to be kept by the caller when it is done.
    pub(super) async fn line(&self, choice: Choice, deadline: &Deadline) -> Attempt<W::Line> {
        let line = self.wire.line(choice, deadline).await;
        line.map_err(|error| match error.kind() {
            ErrorKind::Unreachable => Interruption::Undone(error),
            _ => Interruption::Final(error),
        })
    }

    /// The replies to commands that may be carried out twice. Once more, on a new connection,
    /// if the first try is interrupted.
    pub(super) async fn ask(&self, commands: &[&Cmd], deadline: &Deadline) -> Result<Vec<Value>> {
        match self.ask_once(commands, Choice::Pooled, deadline).await {
            Ok(replies) => Ok(replies),
            Err(Interruption::Final(error)) => Err(error),
            Err(Interruption::Lost(_)) => self.ask_again(commands, deadline).await,
            Err(Interruption::Undone(_)) => {
                self.wire.pause().await;
                self.ask_again(commands, deadline).await
            }
        }
    }

    async fn ask_again(&self, commands: &[&Cmd], deadline: &Deadline) -> Result<Vec<Value>> {
        let again = self.ask_once(commands, Choice::Fresh, deadline).await;
        again.map_err(Interruption::into_error)
    }

    async fn ask_once(
        &self,
        commands: &[&Cmd],
        choice: Choice,
        deadline: &Deadline,
    ) -> Attempt<Vec<Value>> {
        let mut line = self.line(choice, deadline).await?;
        let replies = exchange(&mut line, commands, deadline).await?;
        line.keep();
        Ok(replies)
    }
}

/// One exchange on a connection that is held. After an interruption the connection must not be
/// kept.
pub(super) async fn exchange<L: Line>(
    line: &mut L,
    commands: &[&Cmd],
    deadline: &Deadline,
) -> Attempt<Vec<Value>> {
    let replies = line.exchange(commands, deadline).await;
    let replies = replies.map_err(|error| match error.kind() {
        ErrorKind::Unreachable => Interruption::Lost(error),
        _ => Interruption::Final(error),
    })?;
    let passing = replies.iter().find_map(|reply| match reply {
        Value::ServerError(refusal) if reply::is_passing(refusal) => Some(refusal),
        _ => None,
    });
    match passing {
        Some(refusal) => Err(Interruption::Undone(reply::refused(refusal))),
        None => Ok(replies),
    }
}
