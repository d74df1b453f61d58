//! Text as the oldest protocol writes it.

use crate::Value;

/// A string of Python 2: text if it is UTF-8, as Python 3 reads ASCII ones, else bytes.
pub(super) fn of_python_2(bytes: Vec<u8>) -> Value {
    match String::from_utf8(bytes) {
        Ok(text) => Value::Str(text),
        Err(error) => Value::Bytes(error.into_bytes()),
    }
}

/// The bytes that a quoted Python 2 literal stands for.
pub(super) fn unquote(line: &[u8]) -> Option<Vec<u8>> {
    let [quote @ (b'\'' | b'"'), inside @ .., end] = line else {
        return None;
    };
    if quote != end {
        return None;
    }
    let mut output = Vec::with_capacity(inside.len());
    let mut rest = inside.iter();
    while let Some(byte) = rest.next() {
        if *byte != b'\\' {
            output.push(*byte);
            continue;
        }
        output.push(match rest.next()? {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'x' => u8::try_from(hex(&mut rest, 2)?).ok()?,
            literal @ (b'\\' | b'\'' | b'"') => *literal,
            _ => return None,
        });
    }
    Some(output)
}

/// The text of a line in Python's encoding `raw-unicode-escape`.
pub(super) fn raw_unicode(line: &[u8]) -> Option<String> {
    // Narrow builds of Python 2 wrote surrogate pairs.
    let mut units: Vec<u16> = Vec::with_capacity(line.len());
    let mut rest = line.iter();
    while let Some(byte) = rest.next() {
        let width = match (byte, rest.as_slice().first()) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            _ => {
                units.push((*byte).into());
                continue;
            }
        };
        rest.next();
        let code = hex(&mut rest, width)?;
        match u16::try_from(code) {
            Ok(unit) => units.push(unit),
            Err(_) => units.extend(char::from_u32(code)?.encode_utf16(&mut [0; 2]).iter()),
        }
    }
    String::from_utf16(&units).ok()
}

fn hex(rest: &mut std::slice::Iter<'_, u8>, digits: usize) -> Option<u32> {
    (0..digits).try_fold(0, |code, _| {
        let digit = char::from(*rest.next()?).to_digit(16)?;
        Some(code * 16 + digit)
    })
}

/// Text as bytes, a character each: what `encode("latin1")` does.
pub(super) fn latin_1(text: &str) -> Option<Vec<u8>> {
    let bytes = text.chars().map(|c| u8::try_from(u32::from(c)).ok());
    bytes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_unquoted() {
        assert_eq!(
            unquote(br#"'a\'\\\n\x00\xff"'"#).as_deref(),
            Some(&b"a'\\\n\0\xff\""[..])
        );
        for line in [&b"'"[..], b"", b"'a\"", b"'\\'", b"'\\x1'", b"'\\q'", b"a"] {
            assert_eq!(unquote(line), None, "{line:?}");
        }
    }

    #[test]
    fn escapes_and_latin_1_are_read_and_lone_surrogates_refused() {
        assert_eq!(
            raw_unicode(b"\xe9\\u20ac\\U0001f600\\ud83d\\ude00\\x\\u005c").as_deref(),
            Some("\u{e9}\u{20ac}\u{1f600}\u{1f600}\\x\\")
        );
        assert_eq!(raw_unicode(b"\\ud83d"), None);
        assert_eq!(raw_unicode(b"\\u12"), None);
        assert_eq!(raw_unicode(b"\\U00110000"), None);
    }
}
