//! Reading and writing MessagePack piece by piece, as msgspec writes it.
//!
//! The functions that write fit the smallest header and the smallest integer form; a length
//! above 2^32-1, which the format doesn't have, is a payload no store takes.
//!
//! ```
//! use flask_session_core::msgpack::{self, Reader, Token};
//!
//! let mut output = Vec::new();
//! msgpack::write_map(&mut output, 3);
//! msgpack::write_str(&mut output, "cart");
//! msgpack::write_array(&mut output, 5);
//! msgpack::write_nil(&mut output);
//! msgpack::write_bool(&mut output, true);
//! msgpack::write_int(&mut output, -1);
//! msgpack::write_uint(&mut output, u64::MAX);
//! msgpack::write_float(&mut output, 0.5);
//! msgpack::write_str(&mut output, "when");
//! msgpack::write_timestamp(&mut output, 1_700_000_000, 5);
//! msgpack::write_bytes(&mut output, b"raw");
//! msgpack::write_ext(&mut output, 7, b"x");
//!
//! let mut reader = Reader::new(&output);
//! assert_eq!(reader.token()?, Token::Map(3));
//! assert_eq!(reader.token()?, Token::Str("cart"));
//! assert_eq!(reader.fitting(usize::MAX), output.len() - reader.position());
//! reader.skip(0)?;
//! assert_eq!(reader.token()?, Token::Str("when"));
//! let Token::Ext(-1, content) = reader.token()? else { panic!("a timestamp") };
//! assert_eq!(msgpack::read_timestamp(content), Some((1_700_000_000, 5)));
//! assert_eq!(reader.token()?, Token::Bytes(b"raw"));
//! assert_eq!(reader.token()?, Token::Ext(7, b"x"));
//! reader.end()?;
//! # Ok::<(), flask_session_core::Error>(())
//! ```

mod frequent;
mod skip;

use rmp::Marker;

use super::Malformed;
use crate::MAX_DEPTH;

type Result<T> = std::result::Result<T, Malformed>;

/// One piece of MessagePack. A container is followed by its elements, a map by key, value, key, ...
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "each is named as its type")]
pub enum Token<'a> {
    Nil,
    Bool(bool),
    Int(i64),
    /// Only integers above `i64::MAX`.
    UInt(u64),
    Float(f64),
    Str(&'a str),
    Bytes(&'a [u8]),
    /// The number of elements that the header claims.
    Array(usize),
    /// The number of entries that the header claims.
    Map(usize),
    Ext(i8, &'a [u8]),
}

/// Reads MessagePack from the front.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    input: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the first byte.
    pub fn new(input: &'a [u8]) -> Self {
        Self { input, position: 0 }
    }

    /// Bytes read so far.
    pub fn position(&self) -> usize {
        self.position
    }

    /// An upper bound for the elements still to come: memory to reserve for a header's claim.
    pub fn fitting(&self, claimed: usize) -> usize {
        claimed.min(self.input.len() - self.position)
    }

    /// Fails if something follows.
    pub fn end(&self) -> Result<()> {
        if self.position == self.input.len() {
            Ok(())
        } else {
            Err(Malformed::TRAILING)
        }
    }

    #[inline]
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let rest = &self.input[self.position..];
        let bytes = rest.get(..count).ok_or(Malformed::TRUNCATED)?;
        self.position += count;
        Ok(bytes)
    }

    #[inline]
    fn fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        let rest = &self.input[self.position..];
        let bytes = rest.first_chunk::<N>().ok_or(Malformed::TRUNCATED)?;
        self.position += N;
        Ok(*bytes)
    }

    #[inline]
    fn length(&mut self, width: u8) -> Result<usize> {
        Ok(match width {
            1 => self.fixed::<1>()?[0].into(),
            2 => u16::from_be_bytes(self.fixed()?).into(),
            _ => usize::try_from(u32::from_be_bytes(self.fixed()?)).unwrap_or(usize::MAX),
        })
    }

    #[inline]
    fn text(&mut self, length: usize) -> Result<Token<'a>> {
        std::str::from_utf8(self.take(length)?)
            .map(Token::Str)
            .map_err(|_| Malformed::NOT_UTF8)
    }

    fn extension(&mut self, length: usize) -> Result<Token<'a>> {
        let kind = i8::from_be_bytes(self.fixed()?);
        Ok(Token::Ext(kind, self.take(length)?))
    }

    /// The next piece.
    #[inline]
    pub fn token(&mut self) -> Result<Token<'a>> {
        let [first] = self.fixed()?;
        Ok(match Marker::from_u8(first) {
            Marker::FixPos(number) => Token::Int(number.into()),
            Marker::FixNeg(number) => Token::Int(number.into()),
            Marker::FixStr(length) => return self.text(length.into()),
            Marker::Str8 => return self.length(1).and_then(|length| self.text(length)),
            Marker::Str16 => return self.length(2).and_then(|length| self.text(length)),
            Marker::Str32 => return self.length(4).and_then(|length| self.text(length)),
            Marker::FixMap(length) => Token::Map(length.into()),
            Marker::Map16 => Token::Map(self.length(2)?),
            Marker::Map32 => Token::Map(self.length(4)?),
            Marker::FixArray(length) => Token::Array(length.into()),
            Marker::Array16 => Token::Array(self.length(2)?),
            Marker::Array32 => Token::Array(self.length(4)?),
            Marker::Null => Token::Nil,
            Marker::True => Token::Bool(true),
            Marker::False => Token::Bool(false),
            Marker::U8 => Token::Int(u8::from_be_bytes(self.fixed()?).into()),
            Marker::U16 => Token::Int(u16::from_be_bytes(self.fixed()?).into()),
            Marker::U32 => Token::Int(u32::from_be_bytes(self.fixed()?).into()),
            Marker::U64 => {
                let number = u64::from_be_bytes(self.fixed()?);
                i64::try_from(number).map_or(Token::UInt(number), Token::Int)
            }
            Marker::I8 => Token::Int(i8::from_be_bytes(self.fixed()?).into()),
            Marker::I16 => Token::Int(i16::from_be_bytes(self.fixed()?).into()),
            Marker::I32 => Token::Int(i32::from_be_bytes(self.fixed()?).into()),
            Marker::I64 => Token::Int(i64::from_be_bytes(self.fixed()?)),
            Marker::F32 => Token::Float(f32::from_be_bytes(self.fixed()?).into()),
            Marker::F64 => Token::Float(f64::from_be_bytes(self.fixed()?)),
            Marker::Bin8 => Token::Bytes(self.length(1).and_then(|length| self.take(length))?),
            Marker::Bin16 => Token::Bytes(self.length(2).and_then(|length| self.take(length))?),
            Marker::Bin32 => Token::Bytes(self.length(4).and_then(|length| self.take(length))?),
            Marker::FixExt1 => return self.extension(1),
            Marker::FixExt2 => return self.extension(2),
            Marker::FixExt4 => return self.extension(4),
            Marker::FixExt8 => return self.extension(8),
            Marker::FixExt16 => return self.extension(16),
            Marker::Ext8 => return self.length(1).and_then(|length| self.extension(length)),
            Marker::Ext16 => return self.length(2).and_then(|length| self.extension(length)),
            Marker::Ext32 => return self.length(4).and_then(|length| self.extension(length)),
            Marker::Reserved => return Err(Malformed::new("a byte that MessagePack doesn't have")),
        })
    }
}

/// A valid key in our own encoding; `None` if it is that already.
pub(crate) fn rewritten_key(key: &[u8]) -> Option<Vec<u8>> {
    // Short text and small integers have one encoding only.
    if let Some(0xa0..=0xbf | 0..=0x7f | 0xe0..) = key.first() {
        return None;
    }
    let mut output = Vec::with_capacity(key.len());
    let mut reader = Reader::new(key);
    while reader.end().is_err() {
        match reader.token().ok()? {
            Token::Nil => write_nil(&mut output),
            Token::Bool(value) => write_bool(&mut output, value),
            Token::Int(value) => write_int(&mut output, value),
            Token::UInt(value) => write_uint(&mut output, value),
            Token::Float(value) => write_float(&mut output, value),
            Token::Str(value) => write_str(&mut output, value),
            Token::Bytes(value) => write_bytes(&mut output, value),
            Token::Array(length) => write_array(&mut output, length),
            Token::Map(length) => write_map(&mut output, length),
            Token::Ext(kind, value) => write_ext(&mut output, kind, value),
        }
    }
    (output != key).then_some(output)
}

/// Fails if a container at `depth` is nested too deep.
pub(crate) fn below(depth: usize) -> Result<()> {
    if depth < MAX_DEPTH {
        Ok(())
    } else {
        Err(Malformed::TOO_DEEP)
    }
}

/// Writing to a Vec can't fail, so what rmp returns says nothing.
macro_rules! write {
    ($function:ident, $output:expr $(, $argument:expr)*) => {{
        let _ = rmp::encode::$function($output $(, $argument)*);
    }};
}

fn clamp(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Writes nil.
pub fn write_nil(output: &mut Vec<u8>) {
    write!(write_nil, output);
}

/// Writes a bool.
pub fn write_bool(output: &mut Vec<u8>, value: bool) {
    write!(write_bool, output, value);
}

/// Writes an integer.
pub fn write_int(output: &mut Vec<u8>, value: i64) {
    write!(write_sint, output, value);
}

/// Writes an integer.
pub fn write_uint(output: &mut Vec<u8>, value: u64) {
    write!(write_uint, output, value);
}

/// Writes a float64.
pub fn write_float(output: &mut Vec<u8>, value: f64) {
    write!(write_f64, output, value);
}

/// Writes text.
pub fn write_str(output: &mut Vec<u8>, value: &str) {
    write!(write_str, output, value);
}

/// Writes bytes.
pub fn write_bytes(output: &mut Vec<u8>, value: &[u8]) {
    write!(write_bin, output, value);
}

/// Writes the header of an array; its elements follow.
pub fn write_array(output: &mut Vec<u8>, length: usize) {
    write!(write_array_len, output, clamp(length));
}

/// Writes the header of a map; key, value, key, ... follow.
pub fn write_map(output: &mut Vec<u8>, length: usize) {
    write!(write_map_len, output, clamp(length));
}

/// Writes an extension.
pub fn write_ext(output: &mut Vec<u8>, kind: i8, value: &[u8]) {
    write!(write_ext_meta, output, clamp(value.len()), kind);
    output.extend_from_slice(value);
}

/// Writes a moment as the timestamp extension, in its shortest form. `microseconds` is below a
/// million.
pub fn write_timestamp(output: &mut Vec<u8>, seconds: i64, microseconds: u32) {
    let nanoseconds = microseconds * 1000;
    match u64::try_from(seconds) {
        Ok(seconds) if seconds >> 34 == 0 => match u32::try_from(seconds) {
            Ok(seconds) if nanoseconds == 0 => write_ext(output, -1, &seconds.to_be_bytes()),
            _ => {
                let both = (u64::from(nanoseconds) << 34) | seconds;
                write_ext(output, -1, &both.to_be_bytes());
            }
        },
        _ => {
            let mut bytes = [0; 12];
            bytes[..4].copy_from_slice(&nanoseconds.to_be_bytes());
            bytes[4..].copy_from_slice(&seconds.to_be_bytes());
            write_ext(output, -1, &bytes);
        }
    }
}

/// The moment that the content of a timestamp extension stands for, as seconds since 1970 and
/// microseconds, rounded to the nearest as msgspec does. `None` if it is no timestamp.
pub fn read_timestamp(content: &[u8]) -> Option<(i64, u32)> {
    let (seconds, nanoseconds) = match content.len() {
        4 => (u32::from_be_bytes(*content.first_chunk()?).into(), 0),
        8 => {
            let both = u64::from_be_bytes(*content.first_chunk()?);
            let seconds = i64::try_from(both & ((1 << 34) - 1)).ok()?;
            (seconds, u32::try_from(both >> 34).ok()?)
        }
        12 => (
            i64::from_be_bytes(*content.last_chunk()?),
            u32::from_be_bytes(*content.first_chunk()?),
        ),
        _ => return None,
    };
    if nanoseconds >= 1_000_000_000 {
        return None;
    }
    let microseconds = (nanoseconds + 500) / 1000;
    let seconds = seconds.checked_add((microseconds / 1_000_000).into())?;
    Some((seconds, microseconds % 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut output = Vec::new();
        write(&mut output);
        let bytes: Vec<String> = output.iter().map(|byte| format!("{byte:02x}")).collect();
        bytes.concat()
    }

    #[test]
    fn every_integer_takes_its_smallest_form() {
        for (value, bytes) in [
            (0, "00"),
            (127, "7f"),
            (128, "cc80"),
            (255, "ccff"),
            (256, "cd0100"),
            (65536, "ce00010000"),
            (1 << 32, "cf0000000100000000"),
            (-1, "ff"),
            (-32, "e0"),
            (-33, "d0df"),
            (-128, "d080"),
            (-129, "d1ff7f"),
            (-32769, "d2ffff7fff"),
            (-2_147_483_649, "d3ffffffff7fffffff"),
        ] {
            assert_eq!(hex(|output| write_int(output, value)), bytes);
        }
        assert_eq!(
            hex(|output| write_uint(output, u64::MAX)),
            "cfffffffffffffffff"
        );
    }

    #[test]
    fn timestamps_take_their_shortest_form_and_are_read_back() {
        for (seconds, microseconds, bytes) in [
            (1_577_934_245, 0, "d6ff5e0d5da5"),
            (1_577_934_245, 6000, "d7ff016e36005e0d5da5"),
            (4_294_967_295, 0, "d6ffffffffff"),
            (4_294_967_296, 0, "d7ff0000000100000000"),
            (-315_521_755, 6000, "c70cff005b8d80ffffffffed318525"),
        ] {
            let mut output = Vec::new();
            write_timestamp(&mut output, seconds, microseconds);
            assert_eq!(hex(|copy| copy.clone_from(&output)), bytes);
            let Ok(Token::Ext(-1, content)) = Reader::new(&output).token() else {
                panic!("{bytes} isn't read as an extension");
            };
            assert_eq!(read_timestamp(content), Some((seconds, microseconds)));
        }
        assert_eq!(read_timestamp(&[1, 2, 3]), None);
        assert_eq!(read_timestamp(&[0xff; 12]), None);
    }

    #[test]
    fn nanoseconds_are_rounded_to_the_nearest_microsecond() {
        for (nanoseconds, expected) in [
            (499, (1, 0)),
            (500, (1, 1)),
            (999_999_499, (1, 999_999)),
            (999_999_500, (2, 0)),
        ] {
            let both: u64 = (nanoseconds << 34) | 1;
            assert_eq!(read_timestamp(&both.to_be_bytes()), Some(expected));
        }
    }

    #[test]
    fn every_truncation_is_noticed() {
        let mut output = Vec::new();
        write_map(&mut output, 2);
        write_str(&mut output, "key");
        write_array(&mut output, 2);
        write_float(&mut output, 1.5);
        write_ext(&mut output, 5, b"abc");
        write_bytes(&mut output, b"key");
        write_uint(&mut output, u64::MAX);
        let mut reader = Reader::new(&output);
        reader.skip(0).unwrap();
        reader.end().unwrap();
        for length in 0..output.len() {
            assert_eq!(
                Reader::new(&output[..length]).skip(0),
                Err(Malformed::TRUNCATED)
            );
        }
    }

    #[test]
    fn a_lying_header_reserves_no_memory_and_deep_nesting_is_refused() {
        let reader = Reader::new(&[0xdd, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(reader.fitting(usize::MAX), 5);
        let deep = vec![0x91; 1_000_000];
        assert_eq!(Reader::new(&deep).skip(0), Err(Malformed::TOO_DEEP));
        let mut keys = vec![0x81];
        keys.extend(vec![0x91; 1_000_000]);
        assert_eq!(Reader::new(&keys).skip(0), Err(Malformed::TOO_DEEP));
        let map_as_key = [0x81, 0x80, 0xc0];
        assert_eq!(Reader::new(&map_as_key).skip(0), Err(Malformed::KEY));
    }
}
