//! A clock that a test moves.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use flask_session_core::{Clock, Timestamp};

/// A clock that stands still until it is told to move. It starts in November 2023.
#[derive(Debug)]
pub struct ManualClock {
    milliseconds: AtomicU64,
}

const START: u64 = 1_700_000_000_000;

impl ManualClock {
    /// A clock at its start.
    pub const fn new() -> Self {
        Self {
            milliseconds: AtomicU64::new(START),
        }
    }

    /// Lets `duration` pass, on the wall clock and in ticks.
    pub fn advance(&self, duration: Duration) {
        let passed = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.milliseconds.fetch_add(passed, Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.milliseconds.load(Ordering::SeqCst))
    }

    fn ticks(&self) -> u64 {
        self.milliseconds.load(Ordering::SeqCst) - START
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
