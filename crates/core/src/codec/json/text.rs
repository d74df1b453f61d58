//! JSON strings: where they end, and what their escapes stand for.

use std::borrow::Cow;

use super::super::Malformed;
use super::write::write_str;
use super::{Result, STRING};

/// Up to this many bytes, plain words are quicker than the wide instructions of `memchr`.
const SHORT: usize = 32;

/// How many bytes of a string's inside stand for themselves, before a quote, a backslash or a
/// control character.
#[inline(always)]
pub(super) fn plain(bytes: &[u8]) -> usize {
    // Most keys and many values end within the first word.
    if let Some(word) = bytes.first_chunk() {
        let special = special(u64::from_le_bytes(*word));
        if special != 0 {
            return special.trailing_zeros() as usize / 8;
        }
    }
    plain_words(bytes)
}

#[inline(never)]
fn plain_words(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk() {
        let special = special(u64::from_le_bytes(*word));
        let passed = bytes.len() - rest.len();
        if special != 0 {
            return passed + special.trailing_zeros() as usize / 8;
        }
        rest = after;
        if passed == SHORT {
            return passed + 8 + long_plain(rest);
        }
    }
    let passed = bytes.len() - rest.len();
    let further = rest.iter().position(|byte| is_special(*byte));
    passed + further.unwrap_or(rest.len())
}

fn long_plain(bytes: &[u8]) -> usize {
    let plain = memchr::memchr2(b'"', b'\\', bytes).unwrap_or(bytes.len());
    // The least byte, rather than the first bad one: the compiler makes wide instructions of it.
    let bytes = &bytes[..plain];
    let least = bytes.iter().fold(u8::MAX, |least, byte| least.min(*byte));
    if least >= 0x20 {
        return plain;
    }
    let control = bytes.iter().position(|byte| *byte < 0x20);
    control.unwrap_or(plain)
}

/// Whether a string's whole inside stands for itself.
#[inline]
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        // Words may overlap.
        let (first, last) = (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
        (special(first) | special(last)) == 0 && (bytes.len() <= 16 || plain(bytes) == bytes.len())
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        special(u64::from(first) << 32 | u64::from(last)) == 0
    } else {
        !bytes.iter().any(|byte| is_special(*byte))
    }
}

/// Whether a byte of a string's inside doesn't stand for itself.
#[inline]
fn is_special(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | ..0x20)
}

/// A bit for each byte that is a quote, a backslash or a control character; the lowest is exact,
/// others may stand for a byte above such a one.
#[inline]
fn special(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let all = |byte: u8| ONES * u64::from(byte);
    let backslash = (word ^ all(b'\\')).wrapping_sub(all(1));
    // A quote is a space with another bit, and the control characters lie below a space.
    let quote_or_control = (word ^ all(b'"' ^ b' ')).wrapping_sub(all(b' ' + 1));
    (backslash | quote_or_control) & !word & HIGH
}

/// A key with its quotes in our own encoding; `None` if it is that already.
#[inline]
pub(crate) fn rewritten_key(raw: &str) -> Result<Option<Vec<u8>>> {
    if is_plain(&raw.as_bytes()[1..raw.len() - 1]) {
        return Ok(None);
    }
    let mut output = Vec::with_capacity(raw.len());
    write_str(&mut output, &unescape(&raw[1..raw.len() - 1])?);
    Ok((output != raw.as_bytes()).then_some(output))
}

/// The length of the escape at the front, and the character that it stands for.
pub(super) fn escape(bytes: &[u8]) -> Result<(usize, char)> {
    let character = match bytes.get(1).ok_or(Malformed::TRUNCATED)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let first = hex(bytes, 2)?;
            if let Some(character) = char::from_u32(first) {
                return Ok((6, character));
            }
            // Half of a surrogate pair; the other half must follow.
            if bytes.get(6..8) != Some(b"\\u") {
                return Err(STRING);
            }
            let second = hex(bytes, 8)?;
            if !(0xd800..0xdc00).contains(&first) || !(0xdc00..0xe000).contains(&second) {
                return Err(STRING);
            }
            let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            return Ok((12, char::from_u32(code).ok_or(STRING)?));
        }
        _ => return Err(STRING),
    };
    Ok((2, character))
}

fn hex(bytes: &[u8], at: usize) -> Result<u32> {
    let digits = bytes.get(at..at + 4).ok_or(Malformed::TRUNCATED)?;
    digits.iter().try_fold(0, |code, byte| {
        let digit = char::from(*byte).to_digit(16).ok_or(STRING)?;
        Ok(code * 16 + digit)
    })
}

/// The text of a string's inside.
pub(super) fn unescape(inside: &str) -> Result<Cow<'_, str>> {
    let Some(first) = inside.find('\\') else {
        return Ok(Cow::Borrowed(inside));
    };
    let mut text = String::with_capacity(inside.len());
    text.push_str(&inside[..first]);
    let mut rest = &inside[first..];
    while !rest.is_empty() {
        let (length, character) = escape(rest.as_bytes())?;
        text.push(character);
        rest = &rest[length..];
        let plain = rest.find('\\').unwrap_or(rest.len());
        text.push_str(&rest[..plain]);
        rest = &rest[plain..];
    }
    Ok(Cow::Owned(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_stand_for_itself_is_found_wherever_it_is() {
        for length in 0..100 {
            let text = vec![b'\xff'; length];
            assert_eq!((plain(&text), is_plain(&text)), (length, true));
            for place in 0..length {
                for byte in [b'"', b'\\', 0, 0x1f] {
                    let mut text = text.clone();
                    text[place] = byte;
                    text[place + 1..].fill(b'!');
                    assert_eq!((plain(&text), is_plain(&text)), (place, false));
                }
                for byte in [b' ', b'!', b'#', b'[', b']', 0x7f, 0x80, 0xa2, 0xdc] {
                    let mut text = text.clone();
                    text[place] = byte;
                    assert_eq!((plain(&text), is_plain(&text)), (length, true), "{byte}");
                }
            }
        }
    }
}
