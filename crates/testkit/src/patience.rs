//! Waiting for what must happen, however slow the machine is.

use std::thread;
use std::time::Duration;

use flask_session_core::Deadline;

/// How long a test waits for what must happen: no machine that is merely busy takes so long.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until `condition` holds. Panics with `what` if it doesn't within [`PATIENCE`].
///
/// ```
/// use std::sync::atomic::{AtomicBool, Ordering};
///
/// use flask_session_testkit::{PATIENCE, wait_until};
///
/// let ready = AtomicBool::new(false);
/// std::thread::scope(|scope| {
///     scope.spawn(|| ready.store(true, Ordering::SeqCst));
///     wait_until("the thread is ready", || ready.load(Ordering::SeqCst));
/// });
/// assert!(PATIENCE.as_secs() > 60);
/// ```
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
