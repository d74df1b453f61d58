//! One writer at a time in a shard, between threads and processes.

use std::fs::{File, TryLockError};
use std::thread;
use std::time::Duration;

use flask_session_core::{Deadline, Error, ErrorKind, Result};

use super::failure::refused;

/// How long to wait for other writers; each holds a lock for microseconds.
const LIMIT: Duration = Duration::from_secs(5);

/// An exclusive lock on a file, released when dropped.
///
/// The file is opened for each lock: a descriptor that is kept would be shared with a forked
/// child, and both would hold the lock at once.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock on `file`, waiting for its holder for five seconds at most.
    pub(super) fn take(file: File) -> Result<Self> {
        let deadline = Deadline::within(LIMIT);
        let mut pause = Duration::from_micros(10);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { file }),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => {
                    return Err(refused("locking a session folder", error));
                }
            }
            if deadline.remaining().is_err() {
                return Err(Error::new(
                    ErrorKind::TimedOut,
                    "another process held the lock on a session folder for 5 s",
                ));
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(1));
        }
    }

    /// The locked file.
    pub(super) fn file(&self) -> &File {
        &self.file
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing isn't enough: a child that was forked meanwhile has the descriptor too.
        let _ = self.file.unlock();
    }
}
