//! A file for each target.

mod cookie;
mod files;
mod json;
mod msgpack;
mod notes;
mod pickle;
mod record;
mod signer;
mod urls;

use crate::Target;

/// All of them.
pub const TARGETS: &[Target] = &[
    cookie::TARGET,
    signer::TARGET,
    msgpack::TARGET,
    json::TARGET,
    pickle::TARGET,
    notes::TARGET,
    files::TARGET,
    urls::TARGET,
];
