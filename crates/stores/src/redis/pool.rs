//! The blocking transport to one server: pooled connections.

use std::fmt;
use std::sync::Arc;

use flask_session_core::{Deadline, Result};
use redis::{Cmd, Value};
use rustls::ClientConfig;

use super::connection::Connection;
use super::options::{Address, RedisOptions};
use super::server::Server;
use super::wire::{Line, Part, Wire};
use crate::transport::{self, Choice, Held, Pool};

/// Opens connections that differ in nothing but the address.
pub(crate) struct Opener {
    options: RedisOptions,
    tls: Option<Arc<ClientConfig>>,
}

impl Opener {
    /// Checks the options and reads the files that they name.
    pub(crate) fn new(options: RedisOptions) -> Result<Self> {
        let tls = options.check()?;
        Ok(Self { options, tls })
    }

    pub(crate) fn open(&self, address: &Address, deadline: &Deadline) -> Result<Connection> {
        Connection::open(address, &self.options, self.tls.as_ref(), deadline)
    }

    /// An empty pool for one address.
    pub(super) fn pool(&self) -> Pool<Connection> {
        Pool::new(self.options.pool_size)
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)
    }
}

/// Opens blocking connections and keeps idle ones. Opens nothing before the first use in a
/// process; what a forked child inherits it never touches.
pub struct Blocking {
    address: Address,
    opener: Opener,
    pool: Pool<Connection>,
}

impl Blocking {
    /// Checks the options and reads the files that they name.
    pub(super) fn new(options: RedisOptions) -> Result<Self> {
        let address = options.address.clone();
        let opener = Opener::new(options)?;
        Ok(Self {
            address,
            pool: opener.pool(),
            opener,
        })
    }
}

impl fmt::Debug for Blocking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.opener.fmt(f)
    }
}

impl Wire for Blocking {
    type Line = Held<Connection>;

    async fn line(&self, _: &str, choice: Choice, deadline: &Deadline) -> Result<Self::Line> {
        let open = || self.opener.open(&self.address, deadline);
        self.pool.checkout(choice, open)
    }

    async fn line_to(&self, _: &Part, choice: Choice, deadline: &Deadline) -> Result<Self::Line> {
        self.line("", choice, deadline).await
    }

    async fn part(&self, from: u16, _: &Deadline) -> Result<Option<Part>> {
        Ok(Part::whole(String::new(), from))
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
