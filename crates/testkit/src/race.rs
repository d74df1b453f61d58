//! Real threads that start at the same moment.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Runs `racer(0)` to `racer(racers - 1)`, each on a thread of its own, all released at the same
/// moment. What they returned, in order; a racer's panic is the caller's.
///
/// ```
/// let numbers = flask_session_testkit::race(4, |number| number * 2);
/// assert_eq!(numbers, [0, 2, 4, 6]);
/// ```
pub fn race<T: Send>(racers: usize, racer: impl Fn(usize) -> T + Sync) -> Vec<T> {
    // Spinning, since threads that are woken one after the other don't start at the same moment.
    let waiting = AtomicUsize::new(racers);
    let run = |number| {
        waiting.fetch_sub(1, Ordering::SeqCst);
        while waiting.load(Ordering::SeqCst) > 0 {
            thread::yield_now();
        }
        racer(number)
    };
    thread::scope(|scope| {
        let run = &run;
        let threads: Vec<_> = (0..racers)
            .map(|number| scope.spawn(move || run(number)))
            .collect();
        threads
            .into_iter()
            .map(|thread| match thread.join() {
                Ok(value) => value,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}

/// Repeats `background(0)` to `background(threads - 1)` on threads of their own for as long as
/// `foreground` runs.
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// use flask_session_testkit::{race_for, wait_until};
///
/// let rounds = AtomicU32::new(0);
/// race_for(
///     2,
///     |_| drop(rounds.fetch_add(1, Ordering::SeqCst)),
///     || wait_until("some rounds", || rounds.load(Ordering::SeqCst) > 10),
/// );
/// ```
pub fn race_for<T>(
    threads: usize,
    background: impl Fn(usize) + Sync,
    foreground: impl FnOnce() -> T,
) -> T {
    struct Stop<'a>(&'a AtomicBool);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        // A panic in the foreground stops the others too, else the scope would wait for ever.
        let stop = Stop(&over);
        for number in 0..threads {
            let (over, background) = (&over, &background);
            scope.spawn(move || {
                while !over.load(Ordering::SeqCst) {
                    background(number);
                }
            });
        }
        let value = foreground();
        drop(stop);
        value
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn racers_run_at_once_and_answer_in_order() {
        // Each waits for all the others: this ends only if all run at the same time.
        let meeting = Barrier::new(4);
        let answers = race(4, |number| {
            meeting.wait();
            number * 10
        });
        assert_eq!(answers, [0, 10, 20, 30]);
    }
}
