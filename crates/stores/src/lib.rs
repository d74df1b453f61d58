//! The backends, one file and one cargo feature each.

#[cfg(all(feature = "filesystem", unix))]
pub mod filesystem;
#[cfg(all(feature = "redis", unix))]
pub mod redis;
