//! The one error type, and its kinds.

use std::error::Error as StdError;
use std::fmt;

/// A result whose error is ours.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as far as a caller can act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The store could not be reached, or the connection broke.
    Unreachable,
    /// The operation's deadline passed.
    TimedOut,
    /// The store understood and refused: wrong password, missing permission, read-only.
    Refused,
    /// The payload is larger than the store takes.
    TooLarge,
    /// A stored record can't be read.
    Corrupt,
    /// The race for the record was lost too often.
    Contended,
    /// The store, or a value's type, doesn't allow what was asked.
    Unsupported,
    /// A setting is wrong.
    Misconfigured,
    /// Anything else: a bug, or an answer that no rule foresees.
    Unexpected,
}

impl ErrorKind {
    fn phrase(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed out",
            Self::Refused => "refused",
            Self::TooLarge => "too large",
            Self::Corrupt => "corrupt",
            Self::Contended => "contended",
            Self::Unsupported => "unsupported",
            Self::Misconfigured => "misconfigured",
            Self::Unexpected => "unexpected",
        }
    }
}

/// Why an operation failed. `Display` is one line, without key, payload or password.
///
/// ```
/// use flask_session_core::{Error, ErrorKind, Result};
///
/// let late: Result<()> = Err(Error::new(ErrorKind::TimedOut, "no answer within 5 s"));
/// let error = late.unwrap_err().at("shelf", "load").caused_by("the driver's own words");
/// assert_eq!((error.store(), error.operation()), ("shelf", "load"));
/// assert_eq!(error.kind(), ErrorKind::TimedOut);
/// assert!(error.is_transient() && !error.to_string().contains("own words"));
/// ```
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    store: &'static str,
    operation: &'static str,
    detail: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `kind`. `detail` says what was wrong, which setting, and what to do; it must
    /// hold no key, payload or password.
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            store: "",
            operation: "",
            detail: detail.into(),
            source: None,
        }
    }

    /// Names the store and the operation that failed.
    #[must_use]
    pub fn at(mut self, store: &'static str, operation: &'static str) -> Self {
        self.store = store;
        self.operation = operation;
        self
    }

    /// Keeps the driver's error for the log.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What a caller can act on.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The store's name, empty if no store was involved.
    pub fn store(&self) -> &'static str {
        self.store
    }

    /// The store's verb, empty if no store was involved.
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// Whether the same call may succeed later without anything being changed.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Unreachable | ErrorKind::TimedOut | ErrorKind::Contended
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.store.is_empty() {
            write!(f, "{} store, {}: ", self.store, self.operation)?;
        }
        f.write_str(self.kind.phrase())?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_and_names_store_operation_and_kind() {
        let error = Error::new(ErrorKind::TimedOut, "no answer within 2 s")
            .at("redis", "load")
            .caused_by("socket");
        assert_eq!(
            error.to_string(),
            "redis store, load: timed out: no answer within 2 s"
        );
        assert!(error.is_transient());
        assert!(StdError::source(&error).is_some());
    }
}
