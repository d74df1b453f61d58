//! Real servers, started as child processes on free loopback ports, in temporary folders; each is
//! killed when its handle is dropped. Don't keep one in a `static`, since statics are never dropped;
//! a database server, which is slow to start, has `shared()` for that, and ends with the program.
//!
//! A missing program is a panic that says what to install, so that a test can't pass by being
//! skipped.

use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use flask_session_core::Deadline;

use crate::PATIENCE;

mod certificates;
mod memcached;
mod mongodb;
#[cfg(unix)]
mod mysql;
mod port;
#[cfg(unix)]
mod postgresql;
mod redis;
#[cfg(unix)]
mod redis_cluster;
#[cfg(unix)]
mod redis_sentinel;
#[cfg(unix)]
mod supervised;

pub use certificates::Certificates;
pub use memcached::MemcachedServer;
pub use mongodb::{MongoServer, MongoSettings};
#[cfg(unix)]
pub use mysql::MysqlServer;
pub use port::{Port, nobody};
#[cfg(unix)]
pub use postgresql::PostgresqlServer;
pub use redis::{RedisServer, RedisSettings};
#[cfg(unix)]
pub use redis_cluster::RedisCluster;
#[cfg(unix)]
pub use redis_sentinel::RedisSentinel;

/// A child process that doesn't outlive its handle.
#[derive(Debug)]
struct Process {
    child: Child,
}

impl Process {
    /// Starts `program` and waits until `ready` says so. An error if it ended before that.
    fn start(command: &mut Command, ready: impl Fn() -> bool) -> Result<Self, ExitStatus> {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let program = command.get_program().to_string_lossy();
        let child = child
            .unwrap_or_else(|error| panic!("can't start {program} ({error}): please install it"));
        let mut process = Self { child };
        let deadline = Deadline::within(PATIENCE);
        while !ready() {
            if let Ok(Some(status)) = process.child.try_wait() {
                return Err(status);
            }
            assert!(
                deadline.remaining().is_ok(),
                "{program} isn't ready after {PATIENCE:?}"
            );
            thread::sleep(Duration::from_millis(2));
        }
        Ok(process)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
