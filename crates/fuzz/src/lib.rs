//! Whatever strangers can hand to us, under fuzzers: cookies, records in every format that is read,
//! notes, files, URLs. `dev/fuzz.py` lets coverage guide them; `cargo test` plays the seeds and
//! mutations of them.
#![allow(
    clippy::unwrap_used,
    reason = "a target that panics has found something"
)]

mod dictionary;
mod gadgets;
mod heap;
mod mutator;
mod seeds;
mod target;
mod targets;

pub use dictionary::read as dictionary;
pub use gadgets::gadgets;
pub use mutator::Mutator;
pub use seeds::seeds;
pub use target::{Target, find};
pub use targets::TARGETS;
