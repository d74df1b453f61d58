//! What the store's one body asks of a transport, and the one that pools connections.

use std::fmt::{self, Debug};
use std::future::Future;
use std::sync::Arc;

use flask_session_core::{Deadline, ErrorKind, Result};

use super::connection::Connection;
use super::findings::Findings;
use super::options::MemcachedOptions;
use super::protocol::{Reply, Request};
use crate::transport::{self, Attempt, Choice, Held, Interruption, Pool, Socket};

/// A way to a server. The futures of one on blocking sockets are ready at the first poll.
pub(super) trait Wire: Debug + Send + Sync + 'static {
    /// Sends a request and waits for its reply, on a connection that nobody else uses meanwhile.
    fn exchange(
        &self,
        request: &Request,
        choice: Choice,
        deadline: &Deadline,
    ) -> impl Future<Output = Attempt<Reply>> + Send;

    /// A short wait of random length, before an attempt is repeated.
    fn pause(&self) -> impl Future<Output = ()> + Send;
}

/// Opens connections to one server and keeps idle ones. Opens nothing before the first use in a
/// process; what a forked child inherits it never touches.
pub(super) struct Single<S> {
    options: MemcachedOptions,
    findings: Arc<Findings>,
    pool: Pool<Connection<S>>,
}

impl<S> Single<S> {
    /// Checks the options.
    pub(super) fn new(options: MemcachedOptions, findings: Arc<Findings>) -> Result<Self> {
        options.check()?;
        Ok(Self {
            pool: Pool::new(options.pool_size),
            options,
            findings,
        })
    }
}

impl<S: Socket> Single<S> {
    async fn connection(
        &self,
        choice: Choice,
        deadline: &Deadline,
    ) -> Attempt<Held<Connection<S>>> {
        if let Some(held) = self.pool.take(choice) {
            return Ok(held);
        }
        // In a box, so that the many requests that find one needn't carry what the few need.
        let opening = Box::pin(Connection::open(&self.options, &self.findings, deadline));
        let opened = opening.await.map_err(|error| match error.kind() {
            ErrorKind::Unreachable => Interruption::Undone(error),
            _ => Interruption::Final(error),
        });
        Ok(self.pool.hold(opened?))
    }
}

impl<S> Debug for Single<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)
    }
}

impl<S: Socket> Wire for Single<S> {
    async fn exchange(
        &self,
        request: &Request,
        choice: Choice,
        deadline: &Deadline,
    ) -> Attempt<Reply> {
        let mut held = self.connection(choice, deadline).await?;
        let reply = held.connection.exchange(request, deadline).await;
        let reply = reply.map_err(|error| match error.kind() {
            ErrorKind::Unreachable => Interruption::Lost(error),
            _ => Interruption::Final(error),
        })?;
        match &reply {
            Reply::Failed(failure) if failure.error().kind() == ErrorKind::Unreachable => {
                return Err(Interruption::Undone(failure.error()));
            }
            // After a refused command its payload may be taken for commands.
            Reply::Failed(_) | Reply::Unknown => {}
            _ => held.keep(),
        }
        Ok(reply)
    }

    async fn pause(&self) {
        transport::pause::<S>().await;
    }
}
