//! `Breaker`: whether a failing store is asked at all.

use std::sync::Arc;

use flask_session_core::SystemClock;
use pyo3::prelude::*;

use crate::error::raise;

/// See `_core.pyi`.
#[pyclass(frozen, module = "flask_session._core")]
#[derive(Debug)]
pub(crate) struct Admitted(flask_session_core::Admitted);

/// See `_core.pyi`.
#[pyclass(frozen, module = "flask_session._core")]
#[derive(Debug)]
pub(crate) struct Breaker(flask_session_core::Breaker);

#[pymethods]
impl Breaker {
    #[classattr]
    const NOTICE: &str = flask_session_core::Breaker::NOTICE;

    #[new]
    fn new() -> Self {
        Self(flask_session_core::Breaker::new(Arc::new(SystemClock)))
    }

    fn admit(&self) -> PyResult<Admitted> {
        self.0.admit().map(Admitted).map_err(raise)
    }

    fn answered(&self) {
        self.0.answered();
    }

    fn failed(&self, admitted: &Admitted) -> bool {
        self.0.failed(admitted.0)
    }
}
