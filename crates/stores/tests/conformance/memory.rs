//! The in-memory store.

use std::sync::Arc;
use std::time::Duration;

use flask_session_core::{MemoryStore, Store};
use flask_session_testkit::{ManualClock, Subject, Unreachable};

struct Memory {
    clock: Arc<ManualClock>,
    store: Arc<MemoryStore>,
}

impl Memory {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::new());
        let store = Arc::new(MemoryStore::with_clock(clock.clone()));
        Self { clock, store }
    }
}

impl Subject for Memory {
    fn open(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    fn wait(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    fn unreachable(&self) -> Vec<Unreachable> {
        Vec::new()
    }
}

flask_session_testkit::keeps_every_rule!(Memory::new());
