//! What a session's operation can fail with.

use std::fmt;
use std::sync::Arc;

use flask_session_core::{Error, ErrorKind};

/// Why a session could not be read or written. Cheap to clone: a session whose load failed gives
/// the same answer at each later touch, without waiting for the store again.
///
/// Its text is one line without id, content or password. With the feature `axum` it is a response:
/// 503 if the same request may succeed later, else 500, with an empty body.
///
/// ```
/// use flask_session_tower::{Error, ErrorKind, SessionError};
///
/// let error = SessionError::from(Error::new(ErrorKind::TimedOut, "no answer within 2 s"));
/// assert_eq!(error.kind(), ErrorKind::TimedOut);
/// assert!(error.is_transient());
/// assert_eq!(error.to_string(), "timed out: no answer within 2 s");
/// ```
#[derive(Clone)]
pub struct SessionError(Arc<Error>);

impl SessionError {
    /// What a caller can act on.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind()
    }

    /// Whether the same request may succeed later without anything being changed.
    pub fn is_transient(&self) -> bool {
        self.0.is_transient()
    }

    /// The status of a response that says so.
    pub(crate) fn status(&self) -> http::StatusCode {
        if self.is_transient() {
            http::StatusCode::SERVICE_UNAVAILABLE
        } else {
            http::StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

impl From<Error> for SessionError {
    fn from(error: Error) -> Self {
        Self(Arc::new(error))
    }
}

impl fmt::Debug for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for SessionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}
