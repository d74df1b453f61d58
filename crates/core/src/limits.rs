//! How large a session may be, to be stored and to be read.

use std::fmt::Write;

use crate::{Error, ErrorKind};

/// Bytes that a stored session may have, unless `SESSION_MAX_BYTES` says otherwise. A larger
/// record isn't read: its values would take a multiple of that in memory.
pub const MAX_BYTES: usize = 64 << 20;

/// Keys that a session may have at its top level; a record with more isn't read.
pub const MAX_KEYS: usize = 1 << 16;

/// A limit on the size of stored sessions, for the one sentence that says it was exceeded.
///
/// ```
/// use flask_session_core::{ErrorKind, Limit};
///
/// let limit = Limit { of: "the shelf", bytes: Some(8), remedy: "build a larger one" };
/// let error = limit.exceeded(Some(9));
/// assert_eq!(error.kind(), ErrorKind::TooLarge);
/// assert!(error.to_string().contains("9 bytes, and the shelf allows 8"));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Limit<'a> {
    /// Who sets it: a setting, or a store.
    pub of: &'a str,
    /// The bytes allowed, if they are known.
    pub bytes: Option<usize>,
    /// What raises it; empty if nothing does.
    pub remedy: &'a str,
}

impl Limit<'_> {
    /// The error for a session of `size` bytes, if that is known.
    pub fn exceeded(&self, size: Option<usize>) -> Error {
        let of = self.of;
        let mut text = match (size, self.bytes) {
            (Some(size), Some(most)) => {
                format!("the session has {size} bytes, and {of} allows {most}")
            }
            (Some(size), None) => format!("the session has {size} bytes, more than {of} allows"),
            (None, Some(most)) => {
                format!("the session has more than the {most} bytes that {of} allows")
            }
            (None, None) => format!("the session is larger than {of} allows"),
        };
        text.push_str("; keep less in it");
        if !self.remedy.is_empty() {
            let _ = write!(text, ", or {}", self.remedy);
        }
        Error::new(ErrorKind::TooLarge, text)
    }
}

/// What a session has too much of to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Excess {
    Bytes { size: usize, most: usize },
    Keys(usize),
}

impl From<Excess> for Error {
    fn from(excess: Excess) -> Self {
        match excess {
            Excess::Bytes { size, most } => Limit {
                of: "SESSION_MAX_BYTES",
                bytes: Some(most),
                remedy: "raise that setting",
            }
            .exceeded(Some(size)),
            Excess::Keys(keys) => Self::new(
                ErrorKind::TooLarge,
                format!(
                    "the session has {keys} keys, and {MAX_KEYS} can be stored; \
                     put some of them into a dictionary under one key"
                ),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sentence_says_what_is_too_large_for_whom_and_what_to_do() {
        let limit = |bytes| Limit {
            of: "the server",
            bytes,
            remedy: "raise its limit",
        };
        for (size, bytes, text) in [
            (
                Some(9),
                Some(8),
                "the session has 9 bytes, and the server allows 8",
            ),
            (
                Some(9),
                None,
                "the session has 9 bytes, more than the server allows",
            ),
            (
                None,
                Some(8),
                "the session has more than the 8 bytes that the server allows",
            ),
            (None, None, "the session is larger than the server allows"),
        ] {
            let error = limit(bytes).exceeded(size);
            assert_eq!(error.kind(), ErrorKind::TooLarge);
            assert_eq!(
                error.to_string(),
                format!("too large: {text}; keep less in it, or raise its limit")
            );
        }
    }
}
