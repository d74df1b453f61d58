//! Keeping a store that doesn't answer from costing every request its whole time limit.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::{Clock, Error, ErrorKind, Result};

/// After so many slow failures in a row the store is left alone for a while.
const FAILURES: u32 = 3;
/// A failure that took less costs nobody anything: it is not counted, and the store is asked again.
const SLOW: Duration = Duration::from_millis(200);
/// How long the store is left alone: as long as it costs to ask, and at least and at most this.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// A circuit breaker. Ask [`admit`](Self::admit) before an operation and report how it went.
///
/// While the store is left alone, operations fail at once; after the pause one of them tries the
/// store, and the first that succeeds ends it. Each process counts for itself; a forked one goes on
/// from what its parent has found.
///
/// ```
/// use std::sync::Arc;
///
/// use flask_session_core::{Admitted, Breaker, SystemClock};
///
/// let breaker = Breaker::new(Arc::new(SystemClock));
/// let admitted: Admitted = breaker.admit()?; // an error while the store is left alone
/// let broke = false; // what the operation's result says
/// if broke && breaker.failed(admitted) {
///     eprintln!("{}", Breaker::NOTICE);
/// } else if !broke {
///     breaker.answered();
/// }
/// # Ok::<(), flask_session_core::Error>(())
/// ```
pub struct Breaker {
    clock: Arc<dyn Clock>,
    /// Slow failures since the last answer.
    failures: AtomicU32,
    /// When the store may be tried again, in the clock's ticks.
    again: AtomicU64,
}

/// Permission for one operation, with the moment when it began.
#[derive(Debug, Clone, Copy)]
pub struct Admitted(u64);

impl Breaker {
    /// What an operator should read when a store is left alone.
    pub const NOTICE: &str = "The session store fails slowly, so it is not asked for some seconds at a time: \
        requests that need it fail at once until it answers again.";

    /// A breaker for one store.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            failures: AtomicU32::new(0),
            again: AtomicU64::new(0),
        }
    }

    /// Fails with [`ErrorKind::Unreachable`] while the store is left alone.
    pub fn admit(&self) -> Result<Admitted> {
        let now = self.clock.ticks();
        if self.failures.load(Ordering::Relaxed) < FAILURES {
            return Ok(Admitted(now));
        }
        let again = self.again.load(Ordering::Relaxed);
        // Whoever moves the time on is the one that tries. There is no flag that a caller who
        // never comes back would leave behind.
        if now >= again
            && self
                .again
                .compare_exchange(
                    again,
                    after(now, PAUSE.1),
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                )
                .is_ok()
        {
            return Ok(Admitted(now));
        }
        Err(Error::new(
            ErrorKind::Unreachable,
            format!(
                "not asked: it failed {FAILURES} times in a row, slowly; it is tried again within {} s",
                PAUSE.1.as_secs()
            ),
        ))
    }

    /// The store answered, be it with a refusal.
    pub fn answered(&self) {
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
    }

    /// The store could not be reached, or didn't answer in time. True if it is left alone from now.
    pub fn failed(&self, admitted: Admitted) -> bool {
        let now = self.clock.ticks();
        let cost = Duration::from_millis(now.saturating_sub(admitted.0));
        if cost < SLOW {
            // Nobody waits for it, so nobody has to be spared.
            self.answered();
            return false;
        }
        self.again
            .store(after(now, cost.clamp(PAUSE.0, PAUSE.1)), Ordering::Relaxed);
        let failures = self
            .failures
            .fetch_add(1, Ordering::Relaxed)
            .saturating_add(1);
        failures == FAILURES
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Breaker(..)")
    }
}

fn after(now: u64, pause: Duration) -> u64 {
    now.saturating_add(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    #[derive(Debug, Default)]
    struct Told(AtomicU64);

    impl Told {
        fn pass(&self, milliseconds: u64) {
            self.0.fetch_add(milliseconds, Ordering::Relaxed);
        }
    }

    impl Clock for Told {
        fn now(&self) -> Timestamp {
            Timestamp(self.ticks())
        }

        fn ticks(&self) -> u64 {
            self.0.load(Ordering::Relaxed)
        }
    }

    fn broken() -> (Arc<Told>, Breaker) {
        let clock = Arc::new(Told::default());
        let breaker = Breaker::new(Arc::clone(&clock) as Arc<dyn Clock>);
        for failure in 1..=FAILURES {
            let admitted = breaker.admit().unwrap();
            clock.pass(5000);
            assert_eq!(breaker.failed(admitted), failure == FAILURES);
        }
        (clock, breaker)
    }

    #[test]
    fn a_store_that_fails_slowly_is_left_alone_for_as_long_as_it_costs_to_ask() {
        let (clock, breaker) = broken();
        assert_eq!(breaker.admit().unwrap_err().kind(), ErrorKind::Unreachable);
        clock.pass(4999);
        assert!(breaker.admit().is_err());
        clock.pass(1);
        assert!(breaker.admit().is_ok());
    }

    #[test]
    fn one_operation_tries_and_the_others_go_on_failing_at_once() {
        let (clock, breaker) = broken();
        clock.pass(5000);
        let trial = breaker.admit().unwrap();
        assert!(breaker.admit().is_err());
        clock.pass(5000);
        assert!(!breaker.failed(trial), "said once only");
        assert!(breaker.admit().is_err());
        clock.pass(5000);
        breaker.admit().unwrap();
        breaker.answered();
        assert!(breaker.admit().is_ok() && breaker.admit().is_ok());
    }

    #[test]
    fn a_trial_that_never_reports_is_followed_by_another() {
        let (clock, breaker) = broken();
        clock.pass(5000);
        let _ = breaker.admit().unwrap();
        clock.pass(10_000);
        assert!(breaker.admit().is_ok());
    }

    #[test]
    fn an_answer_in_between_and_quick_failures_do_not_count() {
        let clock = Arc::new(Told::default());
        let breaker = Breaker::new(Arc::clone(&clock) as Arc<dyn Clock>);
        for round in 0..20 {
            let admitted = breaker.admit().unwrap();
            clock.pass(if round % 2 == 0 { 5000 } else { 1 });
            breaker.failed(admitted);
            if round % 4 == 0 {
                breaker.answered();
            }
        }
        for _ in 0..20 {
            let admitted = breaker.admit().unwrap();
            breaker.failed(admitted);
        }
        assert!(breaker.admit().is_ok());
    }
}
