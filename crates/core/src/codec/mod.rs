//! Sessions as bytes.

mod decode;
mod encode;
pub mod json;
mod malformed;
pub mod msgpack;
#[cfg(test)]
mod tests;
pub(crate) mod text;

pub(crate) use decode::{decode_entry, decode_key};
pub(crate) use encode::encode_entry;
pub use malformed::Malformed;
