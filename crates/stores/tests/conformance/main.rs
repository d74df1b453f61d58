//! Every store keeps every rule of the testkit: one file per store, one line for all the rules.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[cfg(feature = "filesystem")]
mod filesystem;
mod hosted;
mod hosts;
#[cfg(feature = "memcached")]
mod memcached;
#[cfg(feature = "mongodb")]
mod mongodb;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(any(
    feature = "mongodb",
    feature = "mysql",
    feature = "postgresql",
    feature = "redis"
))]
mod networks;
#[cfg(feature = "postgresql")]
mod postgresql;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "redis")]
mod redis_cluster;
#[cfg(feature = "redis")]
mod redis_sentinel;
#[cfg(feature = "sqlite")]
mod sqlite;
