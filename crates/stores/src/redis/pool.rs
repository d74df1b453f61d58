//! The way to one server: pooled connections.

use std::fmt;
use std::sync::Arc;

use flask_session_core::{Deadline, Result};
use redis::{Cmd, Value};
use rustls::ClientConfig;

use super::connection::Connection;
use super::options::{Address, RedisOptions};
use super::server::Server;
use super::wire::{Line, Part, Wire};
use crate::transport::{self, Choice, Held, Pool, Socket};

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

    pub(crate) async fn open<S: Socket>(
        &self,
        address: &Address,
        deadline: &Deadline,
    ) -> Result<Connection<S>> {
        Connection::open(address, &self.options, self.tls.as_ref(), deadline).await
    }

    /// A connection to `address`, of `pool` if one rests there that `choice` may have.
    pub(super) async fn checkout<S: Socket>(
        &self,
        pool: &Pool<Connection<S>>,
        address: &Address,
        choice: Choice,
        deadline: &Deadline,
    ) -> Result<Held<Connection<S>>> {
        match pool.take(choice) {
            Some(held) => Ok(held),
            // In a box, so that the many operations that find one needn't carry what the few need.
            None => Ok(pool.hold(Box::pin(self.open(address, deadline)).await?)),
        }
    }

    /// An empty pool for one address.
    pub(super) fn pool<S>(&self) -> Pool<Connection<S>> {
        Pool::new(self.options.pool_size)
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)
    }
}

/// Opens connections to one server and keeps idle ones. Opens nothing before the first use in a
/// process; what a forked child inherits it never touches.
pub struct Single<S> {
    address: Address,
    opener: Opener,
    pool: Pool<Connection<S>>,
}

impl<S> Single<S> {
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

impl<S> fmt::Debug for Single<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.opener.fmt(f)
    }
}

impl<S: Socket> Wire for Single<S> {
    type Line = Held<Connection<S>>;

    async fn line(&self, _: &str, choice: Choice, deadline: &Deadline) -> Result<Self::Line> {
        let (pool, address) = (&self.pool, &self.address);
        self.opener.checkout(pool, address, choice, deadline).await
    }

    async fn line_to(&self, _: &Part, choice: Choice, deadline: &Deadline) -> Result<Self::Line> {
        self.line("", choice, deadline).await
    }

    async fn part(&self, from: u16, _: &Deadline) -> Result<Option<Part>> {
        Ok(Part::whole(String::new(), from))
    }

    async fn pause(&self) {
        transport::pause::<S>().await;
    }
}

impl<S: Socket> Line for Held<Connection<S>> {
    fn server(&self) -> Server {
        self.connection.server()
    }

    async fn exchange(&mut self, commands: &[&Cmd], deadline: &Deadline) -> Result<Vec<Value>> {
        self.connection.exchange(commands, deadline).await
    }

    fn keep(self) {
        Held::keep(self);
    }
}
