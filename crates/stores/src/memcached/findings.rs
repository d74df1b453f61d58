//! What was found out about the server, remembered for the store's life.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use flask_session_core::{Guarantee, Notice, PerProcess};

/// What an item takes beside its payload, at most: the server's header, a key of 250 bytes and
/// what ends them.
const OVERHEAD: usize = 320;

/// A command that not every server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    /// Reads and restarts the time to live; since 1.5.3.
    ReadAndTouch = 1,
    /// Deletes on a condition; since 1.6.
    DeleteIf = 1 << 1,
}

/// The memory of one store, shared by its connections.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Bytes of the largest payload; 0 is unknown.
    largest: AtomicUsize,
    asked: AtomicBool,
    denied: AtomicU8,
    overwrites: AtomicBool,
    pending: AtomicBool,
    notices: PerProcess<Mutex<Vec<Notice>>>,
}

impl Findings {
    /// Notes how the server is configured.
    pub(super) fn learn(&self, settings: &[(String, String)]) {
        self.asked.store(true, Ordering::Relaxed);
        for (name, value) in settings {
            match name.as_str() {
                "item_size_max" => {
                    let item: usize = value.parse().unwrap_or_default();
                    self.largest
                        .store(item.saturating_sub(OVERHEAD), Ordering::Relaxed);
                }
                "cas_enabled" if value == "no" => self.overwrite(),
                _ => {}
            }
        }
    }

    /// Whether the server was asked how it is configured.
    pub(super) fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Bytes of the largest payload that the server takes, if it has said so.
    pub(super) fn largest(&self) -> Option<usize> {
        match self.largest.load(Ordering::Relaxed) {
            0 => None,
            largest => Some(largest),
        }
    }

    pub(super) fn permits(&self, command: Command) -> bool {
        self.denied.load(Ordering::Relaxed) & command as u8 == 0
    }

    /// Remembers that the server doesn't know `command`.
    pub(super) fn deny(&self, command: Command) {
        self.denied.fetch_or(command as u8, Ordering::Relaxed);
    }

    pub(super) fn guarantee(&self) -> Guarantee {
        if self.overwrites.load(Ordering::Relaxed) {
            Guarantee::Overwrite
        } else {
            Guarantee::Merge
        }
    }

    fn overwrite(&self) {
        if self.overwrites.swap(true, Ordering::Relaxed) {
            return;
        }
        let notices = self.notices.get(Mutex::default);
        let mut notices = notices.lock().unwrap_or_else(PoisonError::into_inner);
        notices.push(Notice::warning(
            "this memcached was started without cas numbers (-C), so the last writer wins, as in \
             Flask-Session; start it without -C to have concurrent changes merged",
        ));
        self.pending.store(true, Ordering::Release);
    }

    pub(super) fn take_notices(&self) -> Vec<Notice> {
        if !self.pending.swap(false, Ordering::Acquire) {
            return Vec::new();
        }
        let notices = self.notices.get(Mutex::default);
        let mut notices = notices.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *notices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn the_limit_leaves_room_for_what_the_server_adds() {
        let findings = Findings::default();
        assert_eq!(findings.largest(), None);
        findings.learn(&[setting("item_size_max", "1048576")]);
        assert_eq!(findings.largest(), Some(1_048_576 - OVERHEAD));
        assert_eq!(findings.guarantee(), Guarantee::Merge);
    }

    #[test]
    fn a_server_without_cas_numbers_is_warned_of_once() {
        let findings = Findings::default();
        for _ in 0..2 {
            findings.learn(&[setting("cas_enabled", "no")]);
        }
        assert_eq!(findings.guarantee(), Guarantee::Overwrite);
        assert_eq!(findings.take_notices().len(), 1);
        assert!(findings.take_notices().is_empty());
    }
}
