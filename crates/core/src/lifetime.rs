//! Deadlines, and the one place where time is read.

use std::fmt::Debug;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::{Error, ErrorKind, Result};

/// Milliseconds since 1970, UTC: what records carry where the backend doesn't expire them.
///
/// ```
/// use std::time::Duration;
///
/// use flask_session_core::{Clock, SystemClock, Timestamp};
///
/// let now: Timestamp = SystemClock.now();
/// let expiry = now.after(Duration::from_secs(60));
/// assert_eq!(expiry.since(now), Duration::from_secs(60));
/// assert_eq!(now.since(expiry), Duration::ZERO);
/// assert!(SystemClock.ticks() <= SystemClock.ticks());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The moment `ttl` after this one; never overflows.
    #[must_use]
    pub fn after(self, ttl: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX)),
        )
    }

    /// How long from `earlier` until this moment; zero if it has passed.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// Tells the time. Stores and tables take one, so that tests can move it.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The wall clock, for what is stored.
    fn now(&self) -> Timestamp;
    /// A clock that never goes back, for intervals within a process, in milliseconds.
    fn ticks(&self) -> u64;
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    fn ticks(&self) -> u64 {
        use std::sync::LazyLock;
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// When an operation must be over, whatever the server does: the limit is on the whole
/// operation, not on each read of it.
///
/// ```
/// use std::time::Duration;
///
/// use flask_session_core::{Deadline, ErrorKind};
///
/// let deadline = Deadline::within(Duration::from_secs(5));
/// assert!(deadline.remaining()? <= Duration::from_secs(5)); // an error once it has passed
/// assert_eq!(deadline.passed().kind(), ErrorKind::TimedOut);
/// # Ok::<(), flask_session_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    end: Instant,
    limit: Duration,
}

impl Deadline {
    /// A deadline `limit` from now.
    #[expect(clippy::disallowed_methods, reason = "deadlines are made here")]
    pub fn within(limit: Duration) -> Self {
        Self {
            end: Instant::now() + limit,
            limit,
        }
    }

    /// What is left, or the error to return when nothing is.
    #[expect(clippy::disallowed_methods, reason = "deadlines are read here")]
    pub fn remaining(&self) -> Result<Duration> {
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            Err(self.passed())
        } else {
            Ok(left)
        }
    }

    /// The error that says this deadline has passed.
    pub fn passed(&self) -> Error {
        Error::new(
            ErrorKind::TimedOut,
            format!("no answer within {:.1} s", self.limit.as_secs_f64()),
        )
    }
}
