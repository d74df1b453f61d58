//! What the store's one body asks of a transport, so that it is written once for blocking and
//! async hosts.

use std::fmt::Debug;
use std::future::Future;

use flask_session_core::{Deadline, Result};
use redis::{Cmd, Value};

use super::server::Server;
use crate::transport::Choice;

/// A way to a server. The blocking adapter's futures are ready at the first poll.
pub(super) trait Wire: Debug + Send + Sync + 'static {
    /// A connection that is held.
    type Line: Line;

    /// A connection, ready for commands. Nothing of the caller's has been sent when this fails.
    fn line(
        &self,
        choice: Choice,
        deadline: &Deadline,
    ) -> impl Future<Output = Result<Self::Line>> + Send;

    /// A short wait of random length, before an attempt is repeated.
    fn pause(&self) -> impl Future<Output = ()> + Send;
}

/// One connection, held. It is closed when it is dropped: only [`Line::keep`], which is called
/// after every reply has arrived, returns it to the pool. So nobody reads another caller's reply.
pub(super) trait Line: Send {
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
