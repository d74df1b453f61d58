//! What native backends share on their way to a server: sockets with a deadline, a pool, attempts.
//! It knows no protocol.

mod attempt;
mod pool;
mod socket;

pub(crate) use attempt::{Attempt, Interruption};
#[cfg(feature = "redis")]
pub(crate) use pool::Held;
pub(crate) use pool::{Choice, Pool, pause};
pub(crate) use socket::{Endpoint, Plain, failure};
