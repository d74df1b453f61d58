//! The blocking transport: connections that rest between operations, last in, first out.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use flask_session_core::{Deadline, PerProcess, Result};
use redis::Value;
use rustls::ClientConfig;

use super::connection::Connection;
use super::options::{Address, RedisOptions, misconfigured};
use super::server::Server;
use super::wire::{Choice, Commands, Line, Wire};
use crate::tls;

/// Opens blocking connections and keeps idle ones. Opens nothing before the first use in a
/// process; what a forked child inherits it never touches.
pub(super) struct Blocking {
    options: RedisOptions,
    tls: Option<Arc<ClientConfig>>,
    idle: PerProcess<Idle>,
}

/// Locked for a push or a pop only.
type Idle = Mutex<Vec<Connection>>;

/// A connection in use.
pub(super) struct Held {
    connection: Connection,
    idle: Arc<Idle>,
    most: usize,
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
            options,
            tls,
            idle: PerProcess::new(),
        })
    }

    fn checkout(&self, choice: Choice, deadline: &Deadline) -> Result<Held> {
        let idle = self.idle.get(Idle::default);
        let (rested, _closed) = {
            let mut resting = idle.lock().unwrap_or_else(PoisonError::into_inner);
            match choice {
                Choice::Pooled => (resting.pop(), Vec::new()),
                Choice::Fresh => (None, std::mem::take(&mut *resting)),
            }
        };
        let connection = match rested {
            Some(connection) => connection,
            None => Connection::open(&self.options, self.tls.as_ref(), deadline)?,
        };
        Ok(Held {
            connection,
            idle,
            most: self.options.pool_size,
        })
    }
}

impl fmt::Debug for Blocking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)
    }
}

impl Wire for Blocking {
    type Line = Held;

    async fn line(&self, choice: Choice, deadline: &Deadline) -> Result<Held> {
        self.checkout(choice, deadline)
    }

    async fn pause(&self) {
        // Between 10 and 30 ms: long enough for a listener to come back, short enough to hold
        // up nobody.
        let random = RandomState::new().hash_one(0) % 20;
        thread::sleep(Duration::from_millis(10 + random));
    }
}

impl Line for Held {
    fn server(&self) -> Server {
        self.connection.server()
    }

    async fn exchange(&mut self, commands: &Commands, deadline: &Deadline) -> Result<Vec<Value>> {
        self.connection.exchange(commands, deadline)
    }

    fn keep(self) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < self.most {
            idle.push(self.connection);
        }
    }
}
