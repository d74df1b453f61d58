//! Driving a Store from a thread that may block.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::{Error, ErrorKind, Result, Store};

/// How a backend's futures move under a blocking host. [`blocking`] alone reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drive {
    /// The transport blocks, so a future is ready at the first poll. No runtime.
    Inline,
    /// An async driver without duties between requests: the calling thread polls it on its own
    /// stack, in a runtime that it takes from a pool.
    #[cfg(feature = "runtime")]
    Lane,
    /// A driver that must run between requests, too: one background runtime.
    #[cfg(feature = "runtime")]
    Shared,
}

/// Opens a store, without I/O. Called once per process, or once per lane.
pub type Open = Box<dyn Fn() -> Result<Arc<dyn Store>> + Send + Sync>;

/// A store for threads that may block: its futures are ready at the first poll, see [`drive`].
///
/// ```
/// use std::sync::Arc;
///
/// use flask_session_core::{Drive, Key, MemoryStore, Open, Store, blocking, drive};
///
/// let open: Open = Box::new(|| Ok(Arc::new(MemoryStore::new())));
/// let store = blocking(Drive::Inline, open)?;
/// assert!(drive(store.load(&Key::from_text("session:none"), None))?.is_none());
/// # Ok::<(), flask_session_core::Error>(())
/// ```
#[cfg_attr(
    not(feature = "runtime"),
    expect(clippy::needless_pass_by_value, reason = "a host keeps it")
)]
pub fn blocking(drive: Drive, open: Open) -> Result<Arc<dyn Store>> {
    match drive {
        Drive::Inline => open(),
        #[cfg(feature = "runtime")]
        Drive::Lane => Ok(Arc::new(crate::hosted::Hosted(crate::lanes::Lanes::new(
            open,
        )))),
        #[cfg(feature = "runtime")]
        Drive::Shared => Ok(Arc::new(crate::hosted::Hosted(crate::shared::Shared::new(
            open,
        )))),
    }
}

/// Runs an operation of such a store to its end on the calling thread.
pub fn drive<T>(operation: impl Future<Output = Result<T>>) -> Result<T> {
    match pin!(operation).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(Error::new(
            ErrorKind::Unexpected,
            "the store wasn't ready at once; it was opened for an async host",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_that_waits_is_an_error_not_a_hang() {
        let error = drive(std::future::pending::<Result<()>>()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unexpected);
    }
}
