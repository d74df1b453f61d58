//! What a rule is tried on.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use flask_session_core::{Guarantee, Result, Store, drive};

use crate::PATIENCE;
use crate::servers::nobody;

/// A store under test, and what a rule must know of it.
///
/// ```
/// use std::net::SocketAddr;
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use flask_session_core::{Guarantee, Store};
/// use flask_session_testkit::{ManualClock, Subject, Unreachable, servers::nobody};
/// # fn my_store(address: SocketAddr, limit: Duration) -> Arc<dyn Store> { unimplemented!() }
///
/// struct Mine {
///     server: SocketAddr,
///     clock: Arc<ManualClock>,
/// }
///
/// impl Subject for Mine {
///     fn open(&self) -> Arc<dyn Store> {
///         my_store(self.server, Duration::from_secs(60))
///     }
///
///     fn wait(&self, duration: Duration) {
///         self.clock.advance(duration);
///     }
///
///     fn tick(&self) -> Duration {
///         Duration::from_millis(1)
///     }
///
///     fn guarantee(&self) -> Guarantee {
///         Guarantee::Merge
///     }
///
///     fn unreachable(&self) -> Vec<Unreachable> {
///         let mut ways = Unreachable::nobody(my_store);
///         ways.push(Unreachable::at(nobody(), "nobody listens there either", my_store));
///         ways
///     }
///
///     fn waits(&self) -> bool {
///         false
///     }
///
///     fn secrets(&self) -> Vec<String> {
///         vec!["the password".to_owned()]
///     }
/// }
/// ```
pub trait Subject: Send + Sync {
    /// The store. Two calls give the same records, best through two instances that share nothing
    /// in memory, as two processes would have them. Panics if the server that it needs is
    /// missing: a rule that could not be tried has not passed.
    fn open(&self) -> Arc<dyn Store>;

    /// Lets `duration` pass: sleeps, or moves the clock that the store was given.
    fn wait(&self, duration: Duration) {
        thread::sleep(duration);
    }

    /// The shortest time to live that the backend can tell from a longer one.
    fn tick(&self) -> Duration {
        Duration::from_secs(1)
    }

    /// What the store has to reach. Below [`Guarantee::Merge`] the rules on races are not tried.
    fn guarantee(&self) -> Guarantee {
        Guarantee::Merge
    }

    /// The same kind of store where nothing answers; [other ways to fail](crate::faults) are tried
    /// elsewhere. Empty only for a store without a server.
    fn unreachable(&self) -> Vec<Unreachable>;

    /// Whether the store is one for async hosts, whose operations wait. Otherwise each must be ready
    /// at the first poll, as hosts that block need it.
    fn waits(&self) -> bool {
        false
    }

    /// Words that must not be printed: passwords.
    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A store that can't be reached.
#[derive(Debug)]
pub struct Unreachable {
    /// What is wrong, for the failed test's message.
    pub why: &'static str,
    /// The store.
    pub store: Arc<dyn Store>,
    /// When each of its operations must have ended at the latest: much later than the store's own
    /// limit, and much earlier than without one.
    pub limit: Duration,
}

impl Unreachable {
    /// One where nobody listens. `open` makes a store that reaches its server at the given address,
    /// and gives up on an operation after the given limit.
    pub fn nobody(open: impl FnOnce(SocketAddr, Duration) -> Arc<dyn Store>) -> Vec<Self> {
        vec![Self::at(nobody(), "nobody listens", open)]
    }

    /// One at `address`, which doesn't answer, and why it doesn't.
    pub fn at(
        address: SocketAddr,
        why: &'static str,
        open: impl FnOnce(SocketAddr, Duration) -> Arc<dyn Store>,
    ) -> Self {
        Self {
            why,
            store: open(address, Duration::from_millis(300)),
            limit: PATIENCE,
        }
    }
}

/// Tries one rule of [`rules`](crate::rules) on `subject`; panics if it isn't kept.
///
/// ```
/// use std::sync::Arc;
///
/// use flask_session_core::{MemoryStore, Store};
/// use flask_session_testkit::{Subject, Unreachable, keep, rules};
///
/// struct Memory(Arc<MemoryStore>);
///
/// impl Subject for Memory {
///     fn open(&self) -> Arc<dyn Store> {
///         self.0.clone()
///     }
///
///     fn unreachable(&self) -> Vec<Unreachable> {
///         Vec::new()
///     }
/// }
///
/// keep(&Memory(Arc::default()), async |subject| rules::deleting_is_idempotent(subject).await);
/// ```
pub fn keep(subject: &dyn Subject, rule: impl AsyncFnOnce(&dyn Subject)) {
    let tried = run(subject, async {
        rule(subject).await;
        Ok(())
    });
    if let Err(error) = tried {
        panic!("the rule could not be tried: {error}");
    }
}

/// Runs one operation of the subject's store on the calling thread.
pub(crate) fn run<T>(
    subject: &dyn Subject,
    operation: impl Future<Output = Result<T>>,
) -> Result<T> {
    if subject.waits() {
        wait(operation)
    } else {
        drive(operation)
    }
}

/// Sleeps until `operation` has ended.
pub(crate) fn wait<T>(operation: impl Future<Output = T>) -> T {
    struct Sleeper(Thread);

    impl Wake for Sleeper {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Sleeper(thread::current())));
    let mut operation = pin!(operation);
    loop {
        match operation.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(done) => return done,
            Poll::Pending => thread::park(),
        }
    }
}
