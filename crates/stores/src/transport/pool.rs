//! Connections that rest between operations, last in, first out.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flask_session_core::PerProcess;

use super::socket::Socket;

/// Where a connection may come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// One that rests in the pool, or else a new one.
    Pooled,
    /// A new one; those that rest in the pool are closed, since they probably share the fate
    /// of the one that has just failed.
    Fresh,
}

/// Keeps idle connections, at most so many. Holds none before the first use in a process; what a
/// forked child inherits it never touches.
pub(crate) struct Pool<C> {
    idle: PerProcess<Idle<C>>,
    most: usize,
}

/// Locked for a push or a pop only.
type Idle<C> = Mutex<Vec<C>>;

/// A connection in use. It is closed when it is dropped: only [`Held::keep`] returns it to the
/// pool.
pub(crate) struct Held<C> {
    pub(crate) connection: C,
    idle: Arc<Idle<C>>,
    most: usize,
}

impl<C> Pool<C> {
    /// An empty pool that keeps at most `most`.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            idle: PerProcess::new(),
            most,
        }
    }

    /// A connection that rests, if there is one and `choice` may have it.
    pub(crate) fn take(&self, choice: Choice) -> Option<Held<C>> {
        let idle = self.idle.get(Idle::default);
        let (rested, _closed) = {
            let mut resting = idle.lock().unwrap_or_else(PoisonError::into_inner);
            match choice {
                Choice::Pooled => (resting.pop(), Vec::new()),
                Choice::Fresh => (None, std::mem::take(&mut *resting)),
            }
        };
        Some(Held {
            connection: rested?,
            idle,
            most: self.most,
        })
    }

    /// A connection that was opened just now, as one of this pool.
    pub(crate) fn hold(&self, connection: C) -> Held<C> {
        Held {
            connection,
            idle: self.idle.get(Idle::default),
            most: self.most,
        }
    }
}

impl<C> Held<C> {
    /// Returns the connection to its pool.
    pub(crate) fn keep(self) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < self.most {
            idle.push(self.connection);
        }
    }
}

/// A wait before an attempt is repeated: between 10 and 30 ms, long enough for a listener to come
/// back, short enough to hold up nobody.
pub(crate) async fn pause<S: Socket>() {
    let random = RandomState::new().hash_one(0) % 20;
    S::sleep(Duration::from_millis(10 + random)).await;
}
