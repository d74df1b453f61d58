//! The commit protocol of `docs/protocol.md`, checked: every schedule of a few requests on one
//! session, driving the real [`Commit`](flask_session_core::Commit).

mod check;
mod content;
mod invariant;
mod request;
mod shelf;
mod world;

pub use check::{Counterexample, Explored, combinations, explore};
pub use content::{Content, Doing, content_of, content_of_record, encoding, payload};
pub use invariant::Invariant;
pub use request::{Kind, Request};
pub use shelf::{Marks, Shelf};
pub use world::{Event, Faults, Moment, World};
