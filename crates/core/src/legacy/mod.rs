//! Reading the pickles of older releases.
//!
//! A pickle is a program for a small stack machine, and Python's own reader imports and calls
//! whatever that program names. This one knows plain data and the types listed in `globals.rs`,
//! builds them itself, and refuses every other name.

mod globals;
mod integer;
mod machine;
mod nodes;
mod strings;
#[cfg(test)]
mod tests;

use crate::{Data, Error, ErrorKind, Result, Value};

/// Reads a pickle of a dict, protocols 0 to 5. `None` if it holds Python's `None`.
///
/// What isn't a pickle, or one of anything else, is [`ErrorKind::Corrupt`]; a type that is
/// refused is named.
pub(crate) fn read(payload: &[u8]) -> Result<Option<Data>> {
    match machine::run(payload)? {
        Value::Nil => Ok(None),
        Value::Map(entries) | Value::OrderedMap(entries) => Ok(Some(entries.into_iter().collect())),
        _ => Err(broken("it doesn't hold a dict")),
    }
}

/// Whether a payload that is no other format looks like a pickle, so that a message can say so.
pub(crate) fn is_likely(payload: &[u8]) -> bool {
    let opens = match payload {
        [0x80, protocol, ..] => *protocol <= 5,
        [b'(', b'd' | b'i', ..] | [b'}' | b'c' | b'N', ..] => true,
        _ => false,
    };
    opens && payload.last() == Some(&b'.')
}

/// The error for a pickle while the setting forbids to read it.
pub(crate) fn forbidden() -> Error {
    Error::new(
        ErrorKind::Corrupt,
        "the record is a pickle of an older release; SESSION_LEGACY_PICKLE is off",
    )
}

fn broken(reason: &str) -> Error {
    Error::new(ErrorKind::Corrupt, format!("a pickle: {reason}"))
}

fn truncated() -> Error {
    broken("it ends too early")
}

fn refused(module: &str, name: &str) -> Error {
    let clean = |text: &str| -> String {
        let legal = |c: &char| c.is_ascii_alphanumeric() || *c == '_' || *c == '.';
        text.chars().filter(legal).take(60).collect()
    };
    let (module, name) = (clean(module), clean(name));
    Error::new(
        ErrorKind::Corrupt,
        format!(
            "a pickle names {module}.{name}; SESSION_LEGACY_PICKLE reads plain data and standard types only"
        ),
    )
}
