//! A clock that a test moves.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use flask_session_core::{Clock, Timestamp};

/// A clock that stands still until it is told to move. It starts in November 2023.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use flask_session_core::{Clock, MemoryStore};
/// use flask_session_testkit::ManualClock;
///
/// let clock = Arc::new(ManualClock::new());
/// let store = MemoryStore::with_clock(clock.clone());
/// clock.advance(Duration::from_secs(60));
/// clock.step_forwards(Duration::from_secs(3600)); // an administrator sets it
/// clock.step_back(Duration::from_secs(3600));
/// assert_eq!(clock.ticks(), 60_000);
/// ```
#[derive(Debug)]
pub struct ManualClock {
    wall: AtomicU64,
    ticks: AtomicU64,
}

const START: u64 = 1_700_000_000_000;

impl ManualClock {
    /// A clock at its start.
    pub const fn new() -> Self {
        Self {
            wall: AtomicU64::new(START),
            ticks: AtomicU64::new(0),
        }
    }

    /// Lets `duration` pass, on the wall clock and in ticks.
    pub fn advance(&self, duration: Duration) {
        self.step_forwards(duration);
        self.ticks
            .fetch_add(milliseconds(duration), Ordering::SeqCst);
    }

    /// Sets the wall clock forwards, as an administrator does; no time passes.
    pub fn step_forwards(&self, duration: Duration) {
        self.wall
            .fetch_add(milliseconds(duration), Ordering::SeqCst);
    }

    /// Sets the wall clock back; no time passes.
    pub fn step_back(&self, duration: Duration) {
        self.wall
            .fetch_sub(milliseconds(duration), Ordering::SeqCst);
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.wall.load(Ordering::SeqCst))
    }

    fn ticks(&self) -> u64 {
        self.ticks.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_only_when_told() {
        let clock = ManualClock::new();
        let start = clock.now();
        assert_eq!(clock.now(), start);
        clock.advance(Duration::from_millis(1500));
        assert_eq!(clock.now().since(start), Duration::from_millis(1500));
        assert_eq!(clock.ticks(), 1500);
    }
}
