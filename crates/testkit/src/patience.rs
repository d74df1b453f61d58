//! Waiting for what must happen, however slow the machine is.

use std::thread;
use std::time::Duration;

use flask_session_core::Deadline;

/// How long a test waits for what must happen: no machine that is merely busy takes so long.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until `condition` holds. Panics with `what` if it doesn't within [`PATIENCE`].
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Deadline::within(PATIENCE);
    while !condition() {
        assert!(
            deadline.remaining().is_ok(),
            "{what}: not within {PATIENCE:?}"
        );
        thread::sleep(Duration::from_micros(200));
    }
}
