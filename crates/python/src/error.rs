//! Our errors as Python's: one exception class per kind, all defined in `exceptions.py`.

use flask_session_core::{Error, ErrorKind, Limit};
use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use pyo3::{PyErr, import_exception};

macro_rules! exceptions {
    ($($name:ident)*) => {
        $(import_exception!(flask_session.exceptions, $name);)*

        /// Finds them all, which else happens at each one's first use.
        pub(crate) fn find_exceptions(py: Python<'_>) {
            $(py.get_type::<$name>();)*
        }
    };
}

exceptions! {
    SessionContended
    SessionCorrupt
    SessionMisconfigured
    SessionTooLarge
    SessionUnexpected
    SessionUnsupported
    StoreFailure
    StoreRefused
    StoreTimedOut
    StoreUnreachable
}

/// The exception for `error`; its message is the error's one line.
#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
pub(crate) fn raise(error: Error) -> PyErr {
    let message = error.to_string();
    match error.kind() {
        ErrorKind::Unreachable => StoreUnreachable::new_err(message),
        ErrorKind::TimedOut => StoreTimedOut::new_err(message),
        ErrorKind::Refused => StoreRefused::new_err(message),
        ErrorKind::TooLarge => SessionTooLarge::new_err(message),
        ErrorKind::Corrupt => SessionCorrupt::new_err(message),
        ErrorKind::Contended => SessionContended::new_err(message),
        ErrorKind::Unsupported => SessionUnsupported::new_err(message),
        ErrorKind::Misconfigured => SessionMisconfigured::new_err(message),
        _ => SessionUnexpected::new_err(message),
    }
}

/// See `_core.pyi`.
#[pyfunction]
#[pyo3(signature = (of, *, size = None, limit = None, remedy = ""))]
pub(crate) fn too_large(
    py: Python<'_>,
    of: &str,
    size: Option<usize>,
    limit: Option<usize>,
    remedy: &str,
) -> Py<PyBaseException> {
    let limit = Limit {
        of,
        bytes: limit,
        remedy,
    };
    raise(limit.exceeded(size)).into_value(py)
}
