//! When this process last extended a session's life, so that not every request has to.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::{Clock, PerProcess};

/// A bounded table of hashed ids. What falls out of it, or was noted before a fork, is unknown:
/// an unknown session is extended once more, which is always right.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use flask_session_core::{Recall, SystemClock, Touches};
///
/// let touches = Touches::new(Duration::from_secs(60), 10_000, Arc::new(SystemClock));
/// assert!(touches.recall("an-id").is_none(), "unknown: it is touched");
/// touches.note("an-id", true);
/// let Recall { due, permanent, .. } = touches.recall("an-id").expect("known by now");
/// assert!(!due && permanent);
/// touches.forget("an-id");
/// ```
pub struct Touches {
    interval: Duration,
    capacity: usize,
    clock: Arc<dyn Clock>,
    hasher: RandomState,
    table: PerProcess<Mutex<Table>>,
}

#[derive(Default)]
struct Table {
    recent: HashMap<u64, Touch>,
    /// Entries of the generation before: looked up, never added to. A table that fills up moves
    /// here, so the two together are bounded and dropping the oldest costs nothing per request.
    older: HashMap<u64, Touch>,
}

#[derive(Clone, Copy)]
struct Touch {
    ticks: u64,
    permanent: bool,
}

/// What the table knows of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recall {
    /// The interval since the last touch has passed.
    pub due: bool,
    /// The session was permanent then.
    pub permanent: bool,
}

impl Touches {
    /// A table that finds a touch due after `interval`, and knows up to `capacity` sessions.
    pub fn new(interval: Duration, capacity: usize, clock: Arc<dyn Clock>) -> Self {
        Self {
            interval,
            capacity: capacity.max(2),
            clock,
            hasher: RandomState::new(),
            table: PerProcess::new(),
        }
    }

    /// What is known of `id`.
    pub fn recall(&self, id: &str) -> Option<Recall> {
        let touch = self.with_table(|table, hash| table.find(hash), id)?;
        let passed = self.clock.ticks().saturating_sub(touch.ticks);
        let due = u128::from(passed) >= self.interval.as_millis();
        Some(Recall {
            due,
            permanent: touch.permanent,
        })
    }

    /// The life of `id` has just been extended.
    pub fn note(&self, id: &str, permanent: bool) {
        let touch = Touch {
            ticks: self.clock.ticks(),
            permanent,
        };
        let half = self.capacity / 2;
        self.with_table(|table, hash| table.keep(hash, touch, half), id);
    }

    /// `id` is no session any more.
    pub fn forget(&self, id: &str) {
        self.with_table(
            |table, hash| {
                table.recent.remove(&hash);
                table.older.remove(&hash);
            },
            id,
        );
    }

    fn with_table<T>(&self, act: impl FnOnce(&mut Table, u64) -> T, id: &str) -> T {
        let table = self.table.get(Mutex::default);
        let mut table = table.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut table, self.hasher.hash_one(id))
    }
}

impl Table {
    fn find(&self, hash: u64) -> Option<Touch> {
        self.recent
            .get(&hash)
            .or_else(|| self.older.get(&hash))
            .copied()
    }

    fn keep(&mut self, hash: u64, touch: Touch, half: usize) {
        if self.recent.len() >= half && !self.recent.contains_key(&hash) {
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(hash, touch);
    }
}

impl fmt::Debug for Touches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Touches(every {:?})", self.interval)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::Timestamp;

    #[derive(Debug, Default)]
    struct Hand(AtomicU64);

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            Timestamp(self.ticks())
        }
        fn ticks(&self) -> u64 {
            self.0.load(Ordering::SeqCst)
        }
    }

    fn table(capacity: usize) -> (Arc<Hand>, Touches) {
        let clock = Arc::new(Hand::default());
        (
            clock.clone(),
            Touches::new(Duration::from_secs(60), capacity, clock),
        )
    }

    #[test]
    fn a_session_is_due_after_the_interval_and_keeps_its_permanence() {
        let (clock, touches) = table(100);
        assert_eq!(touches.recall("a"), None);
        touches.note("a", true);
        assert_eq!(
            touches.recall("a"),
            Some(Recall {
                due: false,
                permanent: true
            })
        );
        clock.0.store(60_000, Ordering::SeqCst);
        assert_eq!(
            touches.recall("a"),
            Some(Recall {
                due: true,
                permanent: true
            })
        );
        touches.forget("a");
        assert_eq!(touches.recall("a"), None);
    }

    #[test]
    fn an_interval_of_zero_is_always_due() {
        let touches = Touches::new(Duration::ZERO, 10, Arc::new(Hand::default()));
        touches.note("a", false);
        assert!(touches.recall("a").is_some_and(|known| known.due));
    }

    #[test]
    fn the_table_is_bounded_and_forgets_the_oldest() {
        let (_, touches) = table(100);
        for id in 0..1_000 {
            touches.note(&id.to_string(), true);
        }
        assert_eq!(touches.recall("0"), None);
        assert!(touches.recall("999").is_some());
        let table = touches.table.get(Mutex::default);
        let table = table.lock().unwrap();
        assert!(table.recent.len() + table.older.len() <= 100);
    }
}
