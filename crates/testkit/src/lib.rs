//! What every session store must keep, as functions that any store can be tested with, and the
//! means to test it: racing threads, a clock to move, faults on demand, real servers.
//!
//! A store's test file implements [`Subject`] and writes one line:
//!
//! ```ignore
//! mod my_store {
//!     flask_session_testkit::keeps_every_rule!(MyStoreSubject::new());
//! }
//! ```
//!
//! That makes one `#[test]` per rule of [`rules`], each on a subject of its own.

mod clock;
mod faults;
mod proxy;
mod race;
pub mod rules;
pub mod servers;
mod subject;

pub use clock::ManualClock;
pub use faults::{FaultyStore, Flaw};
pub use proxy::{Network, Proxy};
pub use race::{race, race_for};
pub use subject::{Subject, Unreachable, keep};
