//! Servers that come and go, each with a pool of its own.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use flask_session_core::{Deadline, PerProcess, Result};

use super::connection::Connection;
use super::options::{Address, RedisOptions};
use super::pool::Opener;
use crate::transport::{Choice, Held, Pool, Socket};

/// Opens connections to servers that differ in nothing but the address, and keeps idle
/// ones. Opens nothing before the first use in a process; what a forked child inherits it never
/// touches.
pub(crate) struct Servers<S> {
    opener: Opener,
    pools: PerProcess<Mutex<Pools<S>>>,
}

type Pools<S> = HashMap<Address, Arc<Pool<Connection<S>>>>;

impl<S: Socket> Servers<S> {
    /// Checks the options, whose address says nothing here, and reads the files that they name.
    pub(crate) fn new(options: RedisOptions) -> Result<Self> {
        Ok(Self {
            opener: Opener::new(options)?,
            pools: PerProcess::new(),
        })
    }

    /// A connection to `address`, as `choice` says.
    pub(crate) async fn checkout(
        &self,
        address: &Address,
        choice: Choice,
        deadline: &Deadline,
    ) -> Result<Held<Connection<S>>> {
        let pools = self.pools.get(Mutex::default);
        let pool = {
            let mut pools = pools.lock().unwrap_or_else(PoisonError::into_inner);
            let pool = pools.get(address).cloned();
            pool.unwrap_or_else(|| {
                let pool = Arc::new(self.opener.pool());
                pools.insert(address.clone(), Arc::clone(&pool));
                pool
            })
        };
        let opener = &self.opener;
        opener.checkout(&pool, address, choice, deadline).await
    }

    /// Closes the idle connections to servers that aren't `wanted`.
    pub(crate) fn keep_only(&self, wanted: impl Fn(&Address) -> bool) {
        let pools = self.pools.get(Mutex::default);
        let mut pools = pools.lock().unwrap_or_else(PoisonError::into_inner);
        pools.retain(|address, _| wanted(address));
    }
}

impl<S> fmt::Debug for Servers<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.opener.fmt(f)
    }
}
