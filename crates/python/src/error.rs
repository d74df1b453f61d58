//! Our errors as Python's: one exception class per kind, all defined in `exceptions.py`.

use flask_session_core::{Error, ErrorKind, Limit};
use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use pyo3::{PyErr, import_exception};

import_exception!(flask_session.exceptions, SessionContended);
import_exception!(flask_session.exceptions, SessionCorrupt);
import_exception!(flask_session.exceptions, SessionMisconfigured);
import_exception!(flask_session.exceptions, SessionTooLarge);
import_exception!(flask_session.exceptions, SessionUnexpected);
import_exception!(flask_session.exceptions, SessionUnsupported);
import_exception!(flask_session.exceptions, StoreFailure);
import_exception!(flask_session.exceptions, StoreRefused);
import_exception!(flask_session.exceptions, StoreTimedOut);
import_exception!(flask_session.exceptions, StoreUnreachable);

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
