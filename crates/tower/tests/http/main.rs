//! The layer over HTTP's types: what a service behind it can rely on.

#![allow(
    clippy::disallowed_methods,
    reason = "tokio's attribute waits for a test"
)]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod browser;
mod committing;
mod cookie_vectors;
mod cookies;
mod data;
mod extending;
mod flashes;
mod guide;
mod interruptions;
mod late_changes;
mod losing_races;
mod natural_types;
mod stalled;
mod trouble;
mod without_a_store;
