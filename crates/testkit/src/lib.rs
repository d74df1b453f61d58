//! What every session store must keep, as functions that any store can be tested with, and the
//! means to test it: racing threads, a clock to move, faults on demand, real servers.
//!
//! A store's test file implements [`Subject`] and writes one line, which makes one `#[test]` per
//! rule of [`rules`], each on a subject of its own:
//!
//! ```
//! # use std::sync::Arc;
//! use flask_session_core::{MemoryStore, Store};
//! use flask_session_testkit::{Subject, Unreachable, keeps_every_rule};
//!
//! #[derive(Default)]
//! struct Memory(Arc<MemoryStore>);
//!
//! impl Subject for Memory {
//!     fn open(&self) -> Arc<dyn Store> {
//!         self.0.clone()
//!     }
//!
//!     fn unreachable(&self) -> Vec<Unreachable> {
//!         Vec::new() // it has no server
//!     }
//! }
//!
//! keeps_every_rule!(Memory::default());
//! # fn main() {}
//! ```
//!
//! `tests/own_store.rs` is such a file for a store that is written from nothing, in 200 lines. What a
//! test of your store must answer, [`Subject`] asks for: how it is opened twice, how time passes, and
//! the same store where nothing listens.
//!
//! A store with a server is tried with [`faults`], too: implement [`faults::Site`], which says where
//! the server listens, and [`faults::Restarts`], and write `survives_every_fault!(site, own_site)`.
//! A [`Proxy`] then stands between the store and its server, and hangs, drips, garbles and cuts.

pub mod blocking;
mod clock;
pub mod faults;
mod faulty;
mod patience;
mod proxy;
mod race;
pub mod rules;
mod samples;
pub mod servers;
mod subject;

pub use clock::ManualClock;
pub use faulty::{FaultyStore, Flaw};
pub use patience::{PATIENCE, wait_until};
pub use proxy::{Network, Proxy};
pub use race::{race, race_for};
pub use subject::{Subject, Unreachable, keep};
