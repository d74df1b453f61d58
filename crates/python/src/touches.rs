//! `Touches`: when this process last extended a session's life.

use std::sync::Arc;
use std::time::Duration;

use flask_session_core::SystemClock;
use pyo3::prelude::*;

use crate::seconds;

/// Sessions that are remembered.
const CAPACITY: usize = 10_000;

/// See `_core.pyi`.
#[pyclass(frozen, module = "flask_session._core")]
#[derive(Debug)]
pub(crate) struct Touches(pub(crate) flask_session_core::Touches);

#[pymethods]
impl Touches {
    #[new]
    fn new(interval: f64) -> PyResult<Self> {
        let interval = if interval <= 0.0 {
            Duration::ZERO
        } else {
            seconds(interval)?
        };
        let clock = Arc::new(SystemClock);
        Ok(Self(flask_session_core::Touches::new(
            interval, CAPACITY, clock,
        )))
    }

    fn note(&self, sid: &str, permanent: bool) {
        self.0.note(sid, permanent);
    }
}
