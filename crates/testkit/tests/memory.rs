//! The reference store keeps every rule, and no rule is left out.

use std::collections::BTreeSet;
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

#[test]
fn every_rule_that_is_written_is_in_the_list() {
    let list = include_str!("../src/rules.rs");
    let listed: BTreeSet<&str> = list
        .lines()
        .skip_while(|line| !line.contains("@each $subject;"))
        .skip(1)
        .take_while(|line| !line.contains('}'))
        .map(str::trim)
        .collect();
    let written: BTreeSet<&str> = [
        include_str!("../src/rules/content.rs"),
        include_str!("../src/rules/life.rs"),
        include_str!("../src/rules/races.rs"),
        include_str!("../src/rules/removal.rs"),
        include_str!("../src/rules/trouble.rs"),
    ]
    .into_iter()
    .flat_map(str::lines)
    .filter_map(|line| line.strip_prefix("pub async fn "))
    .filter_map(|line| line.split('(').next())
    .collect();
    assert_eq!(written, listed);
}
