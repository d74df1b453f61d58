//! What the store's one body asks of a transport, so that it is written once for blocking and
//! async hosts; and the blocking transport.

use std::fmt::{self, Debug};
use std::future::Future;
use std::sync::Arc;

use flask_session_core::{Deadline, ErrorKind, Result};

use super::connection::Connection;
use super::findings::Findings;
use super::options::MemcachedOptions;
use super::protocol::{Reply, Request};
use crate::transport::{self, Attempt, Choice, Interruption, Pool};

/// A way to a server. The blocking adapter's futures are ready at the first poll.
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

/// Opens blocking connections and keeps idle ones. Opens nothing before the first use in a
/// process; what a forked child inherits it never touches.
pub(super) struct Blocking {
    options: MemcachedOptions,
    findings: Arc<Findings>,
    pool: Pool<Connection>,
}

impl Blocking {
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

impl Debug for Blocking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)
    }
}

impl Wire for Blocking {
    async fn exchange(
        &self,
        request: &Request,
        choice: Choice,
        deadline: &Deadline,
    ) -> Attempt<Reply> {
        let open = || Connection::open(&self.options, &self.findings, deadline);
        let mut held = self
            .pool
            .checkout(choice, open)
            .map_err(|error| match error.kind() {
                ErrorKind::Unreachable => Interruption::Undone(error),
                _ => Interruption::Final(error),
            })?;
        let reply = held.connection.exchange(request, deadline);
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
        transport::pause();
    }
}
