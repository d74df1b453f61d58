//! Sessions as bytes.

pub mod json;
mod malformed;
pub mod msgpack;

pub use malformed::Malformed;
