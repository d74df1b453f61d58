//! Sessions in the Redis that sentinels watch: whichever server is the primary.
//!
//! The operations are those of [`redis`](crate::redis); `wire` finds the primary through `sentinels`
//! and finds it again after a failure.

mod options;
mod sentinels;
mod wire;

use std::sync::Arc;

use flask_session_core::Drive;

use crate::redis::RedisStore;
use crate::{Backend, Hosting};

use options::SentinelOptions;
use wire::Watched;

const SCHEMES: &[&str] = &[
    "redis+sentinel",
    "rediss+sentinel",
    "redis-sentinel",
    "rediss-sentinel",
    "valkey+sentinel",
    "valkeys+sentinel",
    "sentinel",
];

pub(crate) const BACKEND: Backend = Backend {
    name: "redis",
    schemes: SCHEMES,
    drive: Drive::Inline,
    hosting: Hosting::Never,
    open: |settings| {
        let options = SentinelOptions::read(settings)?;
        Watched::new(options.clone())?;
        Ok(Box::new(move || {
            let timeout = options.data.timeout;
            let wire = Watched::new(options.clone())?;
            Ok(Arc::new(RedisStore::over(wire, timeout)))
        }))
    },
};
