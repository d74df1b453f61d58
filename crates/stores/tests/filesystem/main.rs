//! What the filesystem store promises beyond the rules that every store keeps.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod cachelib;
mod damage;
mod folder;
mod limits;
mod processes;
mod refusals;
