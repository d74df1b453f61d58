//! What the server, or our user on it, doesn't permit; learned by trying and remembered.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};

use flask_session_core::{Guarantee, Notice, PerProcess};

/// One way of doing something, of which there are others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rung {
    /// One command that compares and writes: `SET ... IFEQ`.
    SetIfEqual = 1,
    /// One command that compares and deletes.
    DeleteIfEqual = 1 << 1,
    /// A script that compares and writes. It holds the server while it runs.
    Script = 1 << 2,
    /// WATCH, compare here, MULTI and EXEC.
    Watch = 1 << 3,
    /// GETEX: reads and restarts the time to live.
    ReadAndExpire = 1 << 4,
    /// EXPIRE or PEXPIRE.
    Expire = 1 << 5,
}

/// The memory of one store, shared by its connections.
#[derive(Debug, Default)]
pub(super) struct Ladder {
    denied: AtomicU8,
    overwrites: AtomicBool,
    pending: AtomicBool,
    notices: PerProcess<Mutex<Vec<Notice>>>,
}

impl Ladder {
    pub(super) fn permits(&self, rung: Rung) -> bool {
        self.denied.load(Ordering::Relaxed) & rung as u8 == 0
    }

    /// Remembers that `rung` is denied; true the first time.
    pub(super) fn deny(&self, rung: Rung) -> bool {
        self.denied.fetch_or(rung as u8, Ordering::Relaxed) & rung as u8 == 0
    }

    /// Remembers that only writing without comparing is permitted.
    pub(super) fn overwrite(&self) {
        if self.overwrites.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut wanted = vec!["+eval +evalsha, or +watch +multi +exec +discard"];
        if !self.permits(Rung::ReadAndExpire) && !self.permits(Rung::Expire) {
            wanted.push("+getex +expire +pexpire");
        }
        self.note(Notice::warning(format!(
            "the server doesn't permit comparing before writing, so the last writer wins, as in \
             Flask-Session; to have concurrent changes merged, give this Redis user {}",
            wanted.join(", and ")
        )));
    }

    pub(super) fn guarantee(&self) -> Guarantee {
        if self.overwrites.load(Ordering::Relaxed) {
            Guarantee::Overwrite
        } else {
            Guarantee::Merge
        }
    }

    pub(super) fn note(&self, notice: Notice) {
        let notices = self.notices.get(Mutex::default);
        let mut notices = notices.lock().unwrap_or_else(PoisonError::into_inner);
        notices.push(notice);
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

    #[test]
    fn what_is_denied_is_remembered_and_noted_once() {
        let ladder = Ladder::default();
        assert!(ladder.permits(Rung::Script));
        assert!(ladder.deny(Rung::Script));
        assert!(!ladder.deny(Rung::Script));
        assert!(!ladder.permits(Rung::Script));
        assert!(ladder.permits(Rung::Watch));
        assert_eq!(ladder.guarantee(), Guarantee::Merge);
    }

    #[test]
    fn the_warning_comes_once_and_names_the_permissions() {
        let ladder = Ladder::default();
        assert!(ladder.take_notices().is_empty());
        ladder.overwrite();
        ladder.overwrite();
        assert_eq!(ladder.guarantee(), Guarantee::Overwrite);
        let notices = ladder.take_notices();
        assert_eq!(notices.len(), 1);
        assert!(notices[0].is_warning());
        assert!(notices[0].text().contains("+evalsha"));
        assert!(ladder.take_notices().is_empty());
    }
}
