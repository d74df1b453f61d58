//! Reading and writing JSON piece by piece, as msgspec writes it.
//!
//! `serde_json` can't tell an integer above 2^64 from a float and doesn't limit the nesting of what
//! it passes over, so the reader is our own; numbers and strings are written by `serde_json`.
//!
//! ```
//! use flask_session_core::json::{self, Reader, Token};
//!
//! let mut output = b"{".to_vec();
//! json::write_str(&mut output, "cart");
//! output.extend_from_slice(b":[");
//! json::write_int(&mut output, -1);
//! output.push(b',');
//! json::write_uint(&mut output, u64::MAX);
//! output.push(b',');
//! json::write_float(&mut output, 1e16);
//! output.push(b',');
//! json::write_bytes(&mut output, b"raw");
//! output.extend_from_slice(b"]}");
//! assert_eq!(output, br#"{"cart":[-1,18446744073709551615,1e16,"cmF3"]}"#);
//! assert_eq!(json::float_text(f64::NAN), "nan");
//!
//! let mut reader = Reader::new(&output)?;
//! assert_eq!(reader.token()?, Token::Map);
//! assert_eq!(reader.key(0)?.as_deref(), Some("cart"));
//! assert_eq!(reader.token()?, Token::Array);
//! assert!(reader.element(0)?);
//! assert_eq!(reader.token()?, Token::Int(-1));
//! for index in 1..4 {
//!     assert!(reader.element(index)?);
//!     reader.skip(2)?;
//! }
//! assert!(!reader.element(4)?);
//! assert_eq!(reader.key(1)?, None);
//! assert_eq!(reader.position(), output.len());
//! reader.end()?;
//! # Ok::<(), flask_session_core::Error>(())
//! ```

mod write;

use std::borrow::Cow;

use super::Malformed;
use super::msgpack::below;

pub(crate) use write::base64_text;
pub use write::{float_text, write_bytes, write_float, write_int, write_str, write_uint};

type Result<T> = std::result::Result<T, Malformed>;

const SYNTAX: Malformed = Malformed::new("the data isn't JSON");
const STRING: Malformed = Malformed::new("a JSON string is malformed");
const NUMBER: Malformed = Malformed::new("a JSON number is malformed or out of range");

/// One piece of JSON. After `Array` ask [`Reader::element`] before each element; after `Map` ask
/// [`Reader::key`] before each value.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each is named as its type")]
pub enum Token<'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// Only integers above `i64::MAX`.
    UInt(u64),
    /// The digits of an integer outside -2^63 .. 2^64-1.
    BigInt(&'a str),
    Float(f64),
    Str(Cow<'a, str>),
    Array,
    Map,
}

/// Reads JSON from the front.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    input: &'a str,
    position: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the first byte; fails if the input isn't UTF-8.
    pub fn new(input: &'a [u8]) -> Result<Self> {
        let input = std::str::from_utf8(input).map_err(|_| Malformed::NOT_UTF8)?;
        Ok(Self { input, position: 0 })
    }

    /// Bytes read so far.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Passes white space, then fails if something follows.
    pub fn end(&mut self) -> Result<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(Malformed::TRAILING),
        }
    }

    /// Passes white space and looks at the next byte.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let bytes = self.input.as_bytes();
        while matches!(bytes.get(self.position), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.position += 1;
        }
        bytes.get(self.position).copied()
    }

    fn expect(&mut self, byte: u8) -> Result<()> {
        match self.peek() {
            Some(found) if found == byte => {
                self.position += 1;
                Ok(())
            }
            Some(_) => Err(SYNTAX),
            None => Err(Malformed::TRUNCATED),
        }
    }

    /// The next piece.
    pub fn token(&mut self) -> Result<Token<'a>> {
        let token = match self.peek().ok_or(Malformed::TRUNCATED)? {
            b'{' => Token::Map,
            b'[' => Token::Array,
            b'"' => return self.string().map(Token::Str),
            b't' => return self.word("true", Token::Bool(true)),
            b'f' => return self.word("false", Token::Bool(false)),
            b'n' => return self.word("null", Token::Null),
            _ => return self.number(),
        };
        self.position += 1;
        Ok(token)
    }

    fn word(&mut self, word: &str, token: Token<'a>) -> Result<Token<'a>> {
        if self.input[self.position..].starts_with(word) {
            self.position += word.len();
            Ok(token)
        } else {
            Err(SYNTAX)
        }
    }

    /// Whether the array has another element; `index` is how many were read. Passes the comma or
    /// the closing bracket.
    pub fn element(&mut self, index: usize) -> Result<bool> {
        self.another(index, b']')
    }

    /// The key of the map's next entry, or `None` at its end; `index` is how many entries were
    /// read. Passes the comma and the colon, or the closing brace.
    pub fn key(&mut self, index: usize) -> Result<Option<Cow<'a, str>>> {
        Ok(match self.raw_key(index)? {
            None => None,
            Some(raw) => Some(unescape(&raw[1..raw.len() - 1])?),
        })
    }

    /// The same, the key as it lies in the input, with its quotes.
    pub(crate) fn raw_key(&mut self, index: usize) -> Result<Option<&'a str>> {
        if !self.another(index, b'}')? {
            return Ok(None);
        }
        if self.peek() != Some(b'"') {
            return Err(SYNTAX);
        }
        let start = self.position;
        self.pass_string()?;
        let raw = &self.input[start..self.position];
        self.expect(b':')?;
        Ok(Some(raw))
    }

    fn another(&mut self, index: usize, close: u8) -> Result<bool> {
        match self.peek().ok_or(Malformed::TRUNCATED)? {
            byte if byte == close => {
                self.position += 1;
                Ok(false)
            }
            _ if index == 0 => Ok(true),
            b',' => {
                self.position += 1;
                match self.peek() {
                    Some(byte) if byte == close => Err(SYNTAX),
                    _ => Ok(true),
                }
            }
            _ => Err(SYNTAX),
        }
    }

    /// Passes over one value, checking that all of it can be read. `depth` is how many containers
    /// hold it, counted from the top-level value.
    pub fn skip(&mut self, depth: usize) -> Result<()> {
        match self.peek().ok_or(Malformed::TRUNCATED)? {
            b'"' => self.pass_string(),
            b'[' => {
                below(depth)?;
                self.position += 1;
                let mut index = 0;
                while self.element(index)? {
                    self.skip(depth + 1)?;
                    index += 1;
                }
                Ok(())
            }
            b'{' => {
                below(depth)?;
                self.position += 1;
                let mut index = 0;
                while self.raw_key(index)?.is_some() {
                    self.skip(depth + 1)?;
                    index += 1;
                }
                Ok(())
            }
            _ => self.token().map(drop),
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>> {
        let start = self.position;
        self.pass_string()?;
        unescape(&self.input[start + 1..self.position - 1])
    }

    /// Passes a string that starts here, checking its escapes.
    fn pass_string(&mut self) -> Result<()> {
        let bytes = self.input.as_bytes();
        let mut position = self.position + 1;
        loop {
            let rest = &bytes[position..];
            let plain = memchr::memchr2(b'"', b'\\', rest).ok_or(Malformed::TRUNCATED)?;
            // The least byte, rather than the first bad one: the compiler makes wide instructions of it.
            let least = rest[..plain]
                .iter()
                .fold(u8::MAX, |least, byte| least.min(*byte));
            if least < 0x20 {
                return Err(STRING);
            }
            position += plain;
            if bytes[position] == b'"' {
                self.position = position + 1;
                return Ok(());
            }
            position += escape(&bytes[position..])?.0;
        }
    }

    fn number(&mut self) -> Result<Token<'a>> {
        let bytes = &self.input.as_bytes()[self.position..];
        let digits = |from: usize| {
            let count = bytes[from..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit());
            count.count()
        };
        let mut end = usize::from(bytes[0] == b'-');
        let whole = digits(end);
        if whole == 0 {
            return Err(SYNTAX);
        }
        if whole > 1 && bytes[end] == b'0' {
            return Err(NUMBER);
        }
        end += whole;
        let integer = end;
        if bytes.get(end) == Some(&b'.') {
            let count = digits(end + 1);
            if count == 0 {
                return Err(NUMBER);
            }
            end += 1 + count;
        }
        if let Some(b'e' | b'E') = bytes.get(end) {
            end += 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let count = digits(end.min(bytes.len()));
            if count == 0 {
                return Err(NUMBER);
            }
            end += count;
        }
        let text = &self.input[self.position..self.position + end];
        self.position += end;
        if end == integer {
            return Ok(match (text.parse::<i64>(), text.parse::<u64>()) {
                (Ok(number), _) => Token::Int(number),
                (_, Ok(number)) => Token::UInt(number),
                _ => Token::BigInt(text),
            });
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Token::Float(number)),
            _ => Err(NUMBER),
        }
    }
}

/// A key with its quotes in our own encoding; `None` if it is that already.
pub(crate) fn rewritten_key(raw: &str) -> Result<Option<Vec<u8>>> {
    if !raw.contains('\\') {
        return Ok(None);
    }
    let mut output = Vec::with_capacity(raw.len());
    write_str(&mut output, &unescape(&raw[1..raw.len() - 1])?);
    Ok((output != raw.as_bytes()).then_some(output))
}

/// The length of the escape at the front, and the character that it stands for.
fn escape(bytes: &[u8]) -> Result<(usize, char)> {
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
fn unescape(inside: &str) -> Result<Cow<'_, str>> {
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

    fn token(text: &str) -> Result<Token<'_>> {
        let mut reader = Reader::new(text.as_bytes())?;
        let token = reader.token()?;
        reader.end()?;
        Ok(token)
    }

    #[test]
    fn numbers_are_integers_of_any_size_or_floats() {
        assert_eq!(token("-0"), Ok(Token::Int(0)));
        assert_eq!(token(" 12 "), Ok(Token::Int(12)));
        assert_eq!(token("9223372036854775808"), Ok(Token::UInt(1 << 63)));
        let big = "-9223372036854775809";
        assert_eq!(token(big), Ok(Token::BigInt(big)));
        assert_eq!(token("1E5"), Ok(Token::Float(100_000.0)));
        assert_eq!(token("-1.5e-3"), Ok(Token::Float(-0.0015)));
        for text in [
            "01", "1.", ".5", "+1", "1e", "1e+", "-", "1e400", "NaN", "1x", "0x1",
        ] {
            assert!(token(text).is_err(), "{text}");
        }
    }

    #[test]
    fn strings_are_unescaped_and_lone_surrogates_refused() {
        assert_eq!(
            token(r#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00z""#),
            Ok(Token::Str("a\"\\/\u{8}\u{c}\n\r\t\u{e9}\u{1f600}z".into()))
        );
        for text in [
            r#""\ud800""#,
            r#""\ud800\u0041""#,
            r#""\udc00\ud800""#,
            r#""\u12g4""#,
            r#""\u12""#,
            r#""\x""#,
            "\"\n\"",
            "\"open",
            "\"open\\",
        ] {
            assert!(token(text).is_err(), "{text}");
            assert!(
                Reader::new(text.as_bytes()).unwrap().skip(0).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn passing_over_a_value_checks_it() {
        for text in [
            "[1,[],{}]",
            "{\"a\" : [null, true,false] , \"b\":1.5}",
            "\"x\"",
        ] {
            let mut reader = Reader::new(text.as_bytes()).unwrap();
            reader.skip(0).unwrap();
            reader.end().unwrap();
            assert_eq!(reader.position(), text.len());
        }
        for text in [
            "[1,]",
            "[,1]",
            "[1 2]",
            "{\"a\":1,}",
            "{\"a\"}",
            "{1:2}",
            "{\"a\":}",
            "[1",
            "{",
            "tru",
            "nul",
            "}",
            "",
        ] {
            let mut reader = Reader::new(text.as_bytes()).unwrap();
            assert!(reader.skip(0).is_err(), "{text}");
        }
        let deep = "[".repeat(1_000_000);
        let mut reader = Reader::new(deep.as_bytes()).unwrap();
        assert_eq!(reader.skip(0), Err(Malformed::TOO_DEEP));
    }
}
