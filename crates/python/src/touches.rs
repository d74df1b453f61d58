//! `Touches`: when this process last extended a session's life.

use std::sync::Arc;
use std::time::Duration;

use flask_session_core::SystemClock;
use pyo3::prelude::*;

use crate::seconds;

/// See `_core.pyi`.
#[pyclass(frozen, module = "flask_session._core")]
#[derive(Debug)]
pub(crate) struct Touches(pub(crate) flask_session_core::Touches);

#[pymethods]
impl Touches {
    #[new]
    #[pyo3(signature = (interval, capacity=10_000))]
    fn new(interval: f64, capacity: usize) -> PyResult<Self> {
        let interval = if interval <= 0.0 {
            Duration::ZERO
        } else {
            seconds(interval)?
        };
        let clock = Arc::new(SystemClock);
        Ok(Self(flask_session_core::Touches::new(
            interval, capacity, clock,
        )))
    }

    fn recall(&self, sid: &str) -> Option<(bool, bool)> {
        self.0.recall(sid).map(|known| (known.due, known.permanent))
    }

    fn note(&self, sid: &str, permanent: bool) {
        self.0.note(sid, permanent);
    }

    fn forget(&self, sid: &str) {
        self.0.forget(sid);
    }
}
