//! Sessions in the Redis that sentinels watch: whichever server is the primary.
//!
//! The operations are those of [`redis`](crate::redis); `wire` finds the primary through `sentinels`
//! and finds it again after a failure.

mod options;
mod sentinels;
mod wire;

use std::sync::Arc;

use flask_session_core::{Drive, Result, Store};

use crate::redis::RedisStore;
#[cfg(feature = "async")]
use crate::transport::Hosted;
use crate::transport::{Blocking, Socket};
use crate::{Backend, Host, Hosting};

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
    hosting: Hosting::Native,
    open: |settings, host| {
        let options = SentinelOptions::read(settings)?;
        store::<Blocking>(&options)?;
        Ok(match host {
            Host::Blocking => Box::new(move || store::<Blocking>(&options)),
            #[cfg(feature = "async")]
            Host::Async => Box::new(move || store::<Hosted>(&options)),
        })
    },
};

fn store<S: Socket>(options: &SentinelOptions) -> Result<Arc<dyn Store>> {
    let wire = Watched::<S>::new(options.clone())?;
    Ok(Arc::new(RedisStore::over(wire, options.data.timeout)))
}
