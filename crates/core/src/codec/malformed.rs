//! Why bytes can't be read.

use crate::{Error, ErrorKind};

/// Bytes that aren't what they should be. Small, and made without allocating, since a reader
/// may try one format after the other.
///
/// ```
/// use flask_session_core::{Malformed, msgpack::Reader};
///
/// let cut: Malformed = Reader::new(&[0xa5, b'a']).token().unwrap_err();
/// assert!(!cut.reason().is_empty());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed(&'static str);

impl Malformed {
    pub(crate) const TRUNCATED: Self = Self("the data ends too early");
    pub(crate) const TRAILING: Self = Self("something follows the data");
    pub(crate) const TOO_DEEP: Self = Self("containers nest too deep");
    pub(crate) const TOO_MANY_KEYS: Self = Self("it has more keys than a session can have");
    pub(crate) const NOT_UTF8: Self = Self("text isn't UTF-8");
    pub(crate) const NOT_A_MAP: Self = Self("the data isn't a map");
    pub(crate) const KEY: Self = Self("a map has a key that can't be one");

    pub(crate) const fn new(reason: &'static str) -> Self {
        Self(reason)
    }

    /// What is wrong, without any of the data.
    pub fn reason(self) -> &'static str {
        self.0
    }
}

impl From<Malformed> for Error {
    fn from(malformed: Malformed) -> Self {
        Self::new(ErrorKind::Corrupt, malformed.0)
    }
}
