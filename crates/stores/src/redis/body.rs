//! How an operation is tried, and when it is tried again.

use std::time::Duration;

use flask_session_core::{Deadline, ErrorKind, Result};
use redis::{Cmd, Value};

use super::ladder::Ladder;
use super::reply;
use super::script::Scripts;
use super::wire::{Line, Part, Wire};
use crate::transport::{Attempt, Choice, Interruption};

/// The store's operations over any transport.
#[derive(Debug)]
pub(super) struct Body<W> {
    pub(super) wire: W,
    pub(super) ladder: Ladder,
    pub(super) scripts: Scripts,
    pub(super) timeout: Duration,
}

/// What a connection is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target<'a> {
    Key(&'a str),
    Part(&'a Part),
}

impl<W: Wire> Body<W> {
    pub(super) fn deadline(&self) -> Deadline {
        Deadline::within(self.timeout)
    }

    /// A connection, to be kept by the caller when it is done.
    pub(super) async fn line(
        &self,
        target: Target<'_>,
        choice: Choice,
        deadline: &Deadline,
    ) -> Attempt<W::Line> {
        let line = match target {
            Target::Key(key) => self.wire.line(key, choice, deadline).await,
            Target::Part(part) => self.wire.line_to(part, choice, deadline).await,
        };
        line.map_err(|error| match error.kind() {
            ErrorKind::Unreachable => Interruption::Undone(error),
            _ => Interruption::Final(error),
        })
    }

    /// The replies to commands that may be carried out twice. Once more, on a new connection,
    /// if the first try is interrupted.
    pub(super) async fn ask(
        &self,
        target: Target<'_>,
        commands: &[&Cmd],
        deadline: &Deadline,
    ) -> Result<Vec<Value>> {
        let choice = Choice::Pooled;
        match self.ask_once(target, commands, choice, deadline).await {
            Ok(replies) => Ok(replies),
            Err(Interruption::Final(error)) => Err(error),
            // In a box: it is rare, and as large as the first try.
            Err(Interruption::Lost(_)) => {
                Box::pin(self.ask_again(target, commands, deadline)).await
            }
            Err(Interruption::Undone(_)) => {
                self.wire.pause().await;
                Box::pin(self.ask_again(target, commands, deadline)).await
            }
        }
    }

    async fn ask_again(
        &self,
        target: Target<'_>,
        commands: &[&Cmd],
        deadline: &Deadline,
    ) -> Result<Vec<Value>> {
        let again = self.ask_once(target, commands, Choice::Fresh, deadline);
        again.await.map_err(Interruption::into_error)
    }

    async fn ask_once(
        &self,
        target: Target<'_>,
        commands: &[&Cmd],
        choice: Choice,
        deadline: &Deadline,
    ) -> Attempt<Vec<Value>> {
        let mut line = self.line(target, choice, deadline).await?;
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
