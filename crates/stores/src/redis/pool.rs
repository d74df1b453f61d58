//! The blocking transport: pooled connections.

use std::fmt;
use std::sync::Arc;

use flask_session_core::{Deadline, Result};
use redis::{Cmd, Value};
use rustls::ClientConfig;

use super::connection::Connection;
use super::options::{Address, RedisOptions, misconfigured};
use super::server::Server;
use super::wire::{Line, Wire};
use crate::tls;
use crate::transport::{self, Choice, Held, Pool};

/// Opens blocking connections and keeps idle ones. Opens nothing before the first use in a
/// process; what a forked child inherits it never touches.
pub(super) struct Blocking {
    options: RedisOptions,
    tls: Option<Arc<ClientConfig>>,
    pool: Pool<Connection>,
}

impl Blocking {
    /// Checks the options and reads the files that they name.
    pub(super) fn new(options: RedisOptions) -> Result<Self> {
        options.check()?;
        let tls = match &options.address {
            Address::Tcp { tls: true, .. } => Some(tls::configure(&options.tls, misconfigured)?),
            _ => None,
        };
        Ok(Self {
            pool: Pool::new(options.pool_size),
            options,
            tls,
        })
    }
}

impl fmt::Debug for Blocking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)
    }
}

impl Wire for Blocking {
    type Line = Held<Connection>;

    async fn line(&self, choice: Choice, deadline: &Deadline) -> Result<Self::Line> {
        let open = || Connection::open(&self.options, self.tls.as_ref(), deadline);
        self.pool.checkout(choice, open)
    }

    async fn pause(&self) {
        transport::pause();
    }
}

impl Line for Held<Connection> {
    fn server(&self) -> Server {
        self.connection.server()
    }

    async fn exchange(&mut self, commands: &[&Cmd], deadline: &Deadline) -> Result<Vec<Value>> {
        self.connection.exchange(commands, deadline)
    }

    fn keep(self) {
        Held::keep(self);
    }
}
