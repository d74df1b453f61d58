//! Sessions in a Redis Cluster: each on the server that has its key.
//!
//! The operations are those of [`redis`](crate::redis); `wire` finds a key's server by `slots`, and
//! `line` goes where that server sends it.

mod line;
mod slots;
mod wire;

use std::sync::Arc;

use flask_session_core::Drive;

use crate::redis::{RedisStore, Several};
use crate::{Backend, Hosting};

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
    hosting: Hosting::Never,
    open: |settings| {
        let several = Several::parse(settings.url(), PORT)?;
        let options = several.options()?.refined(settings)?;
        Clustered::new(several.servers.clone(), options.clone())?;
        Ok(Box::new(move || {
            let timeout = options.timeout;
            let wire = Clustered::new(several.servers.clone(), options.clone())?;
            Ok(Arc::new(RedisStore::over(wire, timeout)))
        }))
    },
};
