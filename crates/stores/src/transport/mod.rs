//! What native backends share on their way to a server: sockets with a deadline, a pool, attempts.
//! It knows no protocol.

mod attempt;
mod blocking;
#[cfg(feature = "async")]
mod hosted;
mod pool;
mod socket;

pub(crate) use attempt::{Attempt, Interruption};
pub(crate) use blocking::Blocking;
#[cfg(feature = "async")]
pub(crate) use hosted::Hosted;
pub(crate) use pool::{Choice, Held, Pool, pause};
pub(crate) use socket::{Endpoint, Polled, Socket, failure, ready, write_rest};
