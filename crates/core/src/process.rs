//! What belongs to one process and must not cross a fork.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

/// A value of which every process has its own, made at the first use in it.
///
/// A forked child forgets, without dropping it, what it inherited: a connection that its parent
/// still uses would serve one user's session to another, a lock that was held at the fork stays
/// held for ever. The process id is compared at each use, since hosts that fork in C run no hooks.
///
/// ```
/// use std::sync::Mutex;
///
/// use flask_session_core::PerProcess;
///
/// static IDLE: PerProcess<Mutex<Vec<u32>>> = PerProcess::new();
/// let idle = IDLE.get(Mutex::default);
/// idle.lock().unwrap().push(1);
/// assert_eq!(IDLE.get(Mutex::default).lock().unwrap().len(), 1);
/// ```
pub struct PerProcess<T> {
    current: ArcSwapOption<Owned<T>>,
}

struct Owned<T> {
    process: u32,
    value: Arc<T>,
}

impl<T> PerProcess<T> {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self {
            current: ArcSwapOption::const_empty(),
        }
    }

    /// This process's value, made by `make` at the first use. Two first uses at once may both
    /// call `make`; one value stays.
    pub fn get(&self, make: impl Fn() -> T) -> Arc<T> {
        let process = std::process::id();
        loop {
            let current = self.current.load();
            if let Some(owned) = &*current
                && owned.process == process
            {
                return Arc::clone(&owned.value);
            }
            let fresh = Arc::new(Owned {
                process,
                value: Arc::new(make()),
            });
            let previous = self.current.compare_and_swap(&current, Some(fresh));
            if let Some(inherited) = previous.as_ref().filter(|owned| owned.process != process) {
                // Leaked on purpose: dropping it would close or write to the parent's sockets.
                std::mem::forget(Arc::clone(inherited));
            }
        }
    }
}

impl<T> Default for PerProcess<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for PerProcess<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PerProcess(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_has_one_value() {
        let slot = PerProcess::new();
        let first = slot.get(|| 1);
        let second = slot.get(|| 2);
        assert_eq!((*first, *second), (1, 1));
    }
}
