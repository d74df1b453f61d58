//! Why a value could not be encoded or decoded.

use flask_session_core::Malformed;
use pyo3::prelude::*;
use pyo3::{CastError, CastIntoError};

/// The result of a step of the codec. One word wide: it is returned once per value.
pub(super) type Outcome<T> = Result<T, Failure>;

/// Why a step failed, boxed so that success costs nothing.
#[derive(Debug)]
pub(super) struct Failure(Box<Reason>);

#[derive(Debug)]
enum Reason {
    /// The value has no stored form.
    Unsupported(String),
    /// The bytes aren't what the format allows.
    Corrupt(String),
    /// Python code that the codec called raised this.
    Raised(PyErr),
}

impl Failure {
    /// A value that can't be stored. `what` names its type and what to do instead, never the value.
    #[cold]
    pub(super) fn unsupported(what: impl Into<String>) -> Self {
        Self(Box::new(Reason::Unsupported(what.into())))
    }

    /// Bytes that can't be read.
    #[cold]
    pub(super) fn corrupt(what: impl Into<String>) -> Self {
        Self(Box::new(Reason::Corrupt(what.into())))
    }

    /// The error for Python; `place` says where in the session an unsupported value is.
    #[cold]
    pub(super) fn into_error(self, place: &str) -> PyErr {
        match *self.0 {
            Reason::Unsupported(what) => {
                super::SessionUnsupported::new_err(format!("{place} can't be stored: {what}"))
            }
            Reason::Corrupt(what) => super::SessionCorrupt::new_err(what),
            Reason::Raised(error) => error,
        }
    }
}

impl From<PyErr> for Failure {
    #[cold]
    fn from(error: PyErr) -> Self {
        Self(Box::new(Reason::Raised(error)))
    }
}

impl From<Failure> for PyErr {
    #[cold]
    fn from(failure: Failure) -> Self {
        failure.into_error("a value")
    }
}

impl From<Malformed> for Failure {
    #[cold]
    fn from(malformed: Malformed) -> Self {
        Self::corrupt(malformed.reason())
    }
}

/// Integers become Python objects without failing.
impl From<std::convert::Infallible> for Failure {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

impl From<CastError<'_, '_>> for Failure {
    #[cold]
    fn from(error: CastError<'_, '_>) -> Self {
        PyErr::from(error).into()
    }
}

impl From<CastIntoError<'_>> for Failure {
    #[cold]
    fn from(error: CastIntoError<'_>) -> Self {
        PyErr::from(error).into()
    }
}
