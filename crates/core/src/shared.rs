//! One background runtime, for drivers with duties between requests.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::{Builder, Runtime};

use crate::blocking::Open;
use crate::hosted::{Host, no_runtime};
use crate::{PerProcess, Result, Store};

/// A store on a runtime with a thread of its own, made at the first use in a process.
pub(crate) struct Shared {
    open: Open,
    background: PerProcess<Mutex<Option<Arc<Background>>>>,
}

struct Background {
    store: Arc<dyn Store>,
    runtime: Option<Runtime>,
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting for the driver's tasks could take for ever.
            runtime.shutdown_background();
        }
    }
}

impl Shared {
    pub(crate) fn new(open: Open) -> Self {
        Self {
            open,
            background: PerProcess::new(),
        }
    }

    fn background(&self) -> Result<Arc<Background>> {
        let slot = self.background.get(Mutex::default);
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(background) = &*slot {
            return Ok(Arc::clone(background));
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("flask-session")
            .enable_all()
            .build()
            .map_err(no_runtime)?;
        let entered = runtime.enter();
        let store = (self.open)()?;
        drop(entered);
        let background = Arc::new(Background {
            store,
            runtime: Some(runtime),
        });
        *slot = Some(Arc::clone(&background));
        Ok(background)
    }
}

impl Host for Shared {
    #[expect(
        clippy::disallowed_methods,
        reason = "the background runtime is driven here"
    )]
    fn run<T>(&self, operation: impl AsyncFnOnce(&dyn Store) -> Result<T>) -> Result<T> {
        let background = self.background()?;
        let runtime = background.runtime.as_ref().expect("taken by drop only");
        runtime.block_on(operation(&*background.store))
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}
