//! Sessions in a Redis Cluster: each on the server that has its key.
//!
//! The operations are those of [`redis`](crate::redis); `wire` finds a key's server by `slots`, and
//! `line` goes where that server sends it.

mod line;
mod slots;
mod wire;

use std::sync::Arc;

use flask_session_core::{Drive, Result, Store};

use crate::redis::{Address, RedisOptions, RedisStore, Several};
#[cfg(feature = "async")]
use crate::transport::Hosted;
use crate::transport::{Blocking, Socket};
use crate::{Backend, Host, Hosting};

use wire::Clustered;

const SCHEMES: &[&str] = &[
    "redis+cluster",
    "rediss+cluster",
    "redis-cluster",
    "rediss-cluster",
    "valkey+cluster",
    "valkeys+cluster",
];

/// Where servers usually listen.
const PORT: u16 = 6379;

pub(crate) const BACKEND: Backend = Backend {
    name: "redis",
    schemes: SCHEMES,
    drive: Drive::Inline,
    hosting: Hosting::Native,
    open: |settings, host| {
        let several = Several::parse(settings.url(), PORT)?;
        let options = several.options()?.refined(settings)?;
        store::<Blocking>(&several.servers, &options)?;
        let servers = several.servers;
        Ok(match host {
            Host::Blocking => Box::new(move || store::<Blocking>(&servers, &options)),
            #[cfg(feature = "async")]
            Host::Async => Box::new(move || store::<Hosted>(&servers, &options)),
        })
    },
};

fn store<S: Socket>(servers: &[Address], options: &RedisOptions) -> Result<Arc<dyn Store>> {
    let wire = Clustered::<S>::new(servers.to_vec(), options.clone())?;
    Ok(Arc::new(RedisStore::over(wire, options.timeout)))
}
