//! What the store's one body asks of a transport, so that it is written once for blocking and
//! async hosts.

use std::fmt::Debug;
use std::future::Future;

use flask_session_core::{Deadline, Result};
use redis::{Cmd, Value};

use super::server::Server;
use crate::transport::Choice;

/// A way to a server. The futures of one on blocking sockets are ready at the first poll.
pub(crate) trait Wire: Debug + Send + Sync + 'static {
    /// A connection that is held.
    type Line: Line;

    /// A connection to the server that holds `key`, ready for commands. Nothing of the caller's has
    /// been sent when this fails.
    fn line(
        &self,
        key: &str,
        choice: Choice,
        deadline: &Deadline,
    ) -> impl Future<Output = Result<Self::Line>> + Send;

    /// A connection to the very server that `part` names.
    fn line_to(
        &self,
        part: &Part,
        choice: Choice,
        deadline: &Deadline,
    ) -> impl Future<Output = Result<Self::Line>> + Send;

    /// The first part of all keys that begins at `from` or after it, if there is one.
    fn part(
        &self,
        from: u16,
        deadline: &Deadline,
    ) -> impl Future<Output = Result<Option<Part>>> + Send;

    /// A short wait of random length, before an attempt is repeated.
    fn pause(&self) -> impl Future<Output = ()> + Send;
}

/// Keys that lie on one server, whose position of SCAN means nothing to any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// Where it begins: the order of the parts.
    pub(crate) first: u16,
    /// The server's address, as it is told apart from others; empty if there is only one.
    pub(crate) server: String,
}

impl Part {
    /// All keys as one part, where they lie on one server: the only one, at 0.
    pub(crate) fn whole(server: String, from: u16) -> Option<Self> {
        (from == 0).then_some(Self { first: 0, server })
    }
}

/// One connection, held. It is closed when it is dropped: only [`Line::keep`], which is called
/// after every reply has arrived, returns it to the pool. So nobody reads another caller's reply.
pub(crate) trait Line: Send {
    /// What the server said it is.
    fn server(&self) -> Server;

    /// Sends `commands` in one write and waits for one reply to each, errors that the server
    /// answered included. An `Unreachable` error means that the connection broke, and that it
    /// is unknown what the server has done.
    fn exchange(
        &mut self,
        commands: &[&Cmd],
        deadline: &Deadline,
    ) -> impl Future<Output = Result<Vec<Value>>> + Send;

    /// Returns the connection to the pool.
    fn keep(self);
}
