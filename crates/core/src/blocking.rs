//! Driving a Store from a thread that may block.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crate::{Error, ErrorKind, Result};

/// How a store's futures move under a blocking host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Drive {
    /// The transport blocks, so a future is ready at the first poll. No runtime.
    Inline,
}

/// Runs `future` to its end on the calling thread.
pub fn drive<T>(drive: Drive, future: impl Future<Output = Result<T>>) -> Result<T> {
    match drive {
        Drive::Inline => match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => result,
            Poll::Pending => Err(Error::new(
                ErrorKind::Unexpected,
                "an inline store wasn't ready at once; it was opened for an async host",
            )),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inline_future_that_waits_is_an_error_not_a_hang() {
        let error = drive(Drive::Inline, std::future::pending::<Result<()>>()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unexpected);
    }
}
