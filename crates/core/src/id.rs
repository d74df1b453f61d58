//! Session ids: made, read, and never printed whole.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::{Error, ErrorKind, Result};

/// The identifier of a session, the secret that its owner's cookie holds.
///
/// ```
/// use flask_session_core::SessionId;
///
/// let id = SessionId::generate(32)?;
/// assert_eq!(SessionId::parse(id.as_str()), Some(id.clone()));
/// assert!(!format!("{id:?}").contains(id.as_str()));
/// assert!(SessionId::LENGTH.contains(&id.as_str().len()));
/// assert_eq!(SessionId::parse("../../etc/passwd"), None);
/// assert!(!SessionId::admits("../../etc/passwd"));
/// assert!(SessionId::parse_custom("user:7/laptop").is_some());
/// # Ok::<(), flask_session_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(Arc<str>);

/// Which bytes an id of ours has, looked up: four times as quick as comparing.
const ALLOWED: [bool; 256] = {
    let mut allowed = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        allowed[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        byte += 1;
    }
    allowed
};

impl SessionId {
    /// The fewest and the most characters of an id that we would have made, today or in an older
    /// release (a UUID has 36).
    pub const LENGTH: std::ops::RangeInclusive<usize> = 8..=250;

    /// A new id from `entropy` bytes of the system's random source: what Python's
    /// `secrets.token_urlsafe(entropy)` makes. `entropy` is 6 to 187, which
    /// gives 8 to 250 characters; NIST asks for 8 at least, the default is 32.
    pub fn generate(entropy: usize) -> Result<Self> {
        if !(6..=187).contains(&entropy) {
            return Err(Error::new(
                ErrorKind::Misconfigured,
                format!("SESSION_ID_LENGTH is {entropy}; use 6 to 187 bytes (default 32)"),
            ));
        }
        let mut bytes = vec![0u8; entropy];
        getrandom::fill(&mut bytes).map_err(|error| {
            Error::new(ErrorKind::Unexpected, "the system's random source failed").caused_by(error)
        })?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes).into()))
    }

    /// Reads an id that we, or any release of Flask-Session, could have made: 8 to 250 characters
    /// of `A-Z a-z 0-9 _ -`. Anything else is no id and never reaches a store.
    pub fn parse(text: &str) -> Option<Self> {
        Self::admits(text).then(|| Self(text.into()))
    }

    /// Whether `parse` would read `text`.
    pub fn admits(text: &str) -> bool {
        Self::LENGTH.contains(&text.len()) && text.bytes().all(|byte| ALLOWED[usize::from(byte)])
    }

    /// Reads an id that an application made itself: up to 250 printable ASCII characters but
    /// space, comma, semicolon, double quote and backslash.
    pub fn parse_custom(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_graphic() && !b",;\"\\".contains(&byte);
        ((1..=250).contains(&text.len()) && text.bytes().all(allowed)).then(|| Self(text.into()))
    }

    /// The whole id. Don't log it: who has it has the session.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({}..)", self.0.get(..4).unwrap_or(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_id_parses_and_differs_from_the_next() {
        let one = SessionId::generate(32).unwrap();
        assert_eq!(one.as_str().len(), 43);
        assert_eq!(SessionId::parse(one.as_str()), Some(one.clone()));
        assert_ne!(one, SessionId::generate(32).unwrap());
    }

    #[test]
    fn too_little_entropy_is_refused_by_name_of_the_setting() {
        let error = SessionId::generate(4).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert!(error.to_string().contains("SESSION_ID_LENGTH"));
    }

    #[test]
    fn uuids_of_old_releases_parse() {
        assert!(SessionId::parse("7b1c2f0e-9c3b-4f4e-8a51-0d7a3a1b2c3d").is_some());
    }

    #[test]
    fn what_could_not_be_ours_is_no_id() {
        for text in [
            "",
            "short",
            "has space1",
            "nul\0nul\0nul",
            "crlf\r\nset a",
            "caf\u{e9}caf\u{e9}",
            "semi;colon",
            "../../etc/passwd",
        ] {
            assert_eq!(SessionId::parse(text), None, "{text:?}");
        }
        assert_eq!(SessionId::parse(&"a".repeat(251)), None);
        assert!(SessionId::parse(&"a".repeat(250)).is_some());
    }

    #[test]
    fn an_application_may_use_other_printable_ids() {
        assert!(SessionId::parse_custom("user:42/~x").is_some());
        for text in ["", "a b", "a,b", "a;b", "a\"b", "a\\b", "a\nb", "\u{e9}"] {
            assert_eq!(SessionId::parse_custom(text), None, "{text:?}");
        }
    }

    #[test]
    fn debug_shows_four_characters_at_most() {
        let id = SessionId::parse("abcdefghijkl").unwrap();
        assert_eq!(format!("{id:?}"), "SessionId(abcd..)");
    }
}
