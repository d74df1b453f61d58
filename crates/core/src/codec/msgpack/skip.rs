//! Passing over values that nobody wants yet. A large session is mostly passed over: the forms
//! that fill nearly every session are read here, the others by [`Reader::token`].

use super::{Malformed, Reader, Result, Token, below};

impl Reader<'_> {
    /// Passes over one value, checking that all of it can be read. `depth` is how many containers
    /// hold it, counted from the top-level value.
    pub fn skip(&mut self, depth: usize) -> Result<()> {
        self.pass(|rest| value(rest, depth))
    }

    /// Passes over one map key: no map can be one, or be in one.
    pub(crate) fn skip_key(&mut self, depth: usize) -> Result<()> {
        self.pass(|rest| key(rest, depth))
    }

    fn pass(&mut self, over: impl FnOnce(&[u8]) -> Result<&[u8]>) -> Result<()> {
        let left = over(&self.input[self.position..])?.len();
        self.position = self.input.len() - left;
        Ok(())
    }
}

/// What follows the value at the front.
#[inline]
fn value(bytes: &[u8], depth: usize) -> Result<&[u8]> {
    let Some((&first, rest)) = bytes.split_first() else {
        return Err(Malformed::TRUNCATED);
    };
    match first {
        0xa0..=0xbf => text(rest, usize::from(first & 0x1f)),
        0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => Ok(rest),
        0xcb => rest.get(8..).ok_or(Malformed::TRUNCATED),
        0x80..=0x8f => map(rest, usize::from(first & 0x0f), depth),
        0x90..=0x9f => array(rest, usize::from(first & 0x0f), depth),
        _ => rare(bytes, depth),
    }
}

fn rare(bytes: &[u8], depth: usize) -> Result<&[u8]> {
    let mut reader = Reader::new(bytes);
    let token = reader.token()?;
    let rest = &bytes[reader.position..];
    match token {
        Token::Array(length) => array(rest, length, depth),
        Token::Map(length) => map(rest, length, depth),
        _ => Ok(rest),
    }
}

fn array(mut rest: &[u8], length: usize, depth: usize) -> Result<&[u8]> {
    below(depth)?;
    for _ in 0..length {
        rest = value(rest, depth + 1)?;
    }
    Ok(rest)
}

fn map(mut rest: &[u8], length: usize, depth: usize) -> Result<&[u8]> {
    below(depth)?;
    for _ in 0..length {
        rest = value(key(rest, depth + 1)?, depth + 1)?;
    }
    Ok(rest)
}

#[inline]
fn key(bytes: &[u8], depth: usize) -> Result<&[u8]> {
    match bytes.split_first() {
        Some((&first @ 0xa0..=0xbf, rest)) => text(rest, usize::from(first & 0x1f)),
        _ => rare_key(bytes, depth),
    }
}

fn rare_key(bytes: &[u8], depth: usize) -> Result<&[u8]> {
    let mut reader = Reader::new(bytes);
    let token = reader.token()?;
    let mut rest = &bytes[reader.position..];
    match token {
        Token::Array(length) => {
            below(depth)?;
            for _ in 0..length {
                rest = key(rest, depth + 1)?;
            }
            Ok(rest)
        }
        Token::Map(_) => Err(Malformed::KEY),
        _ => Ok(rest),
    }
}

#[inline]
fn text(bytes: &[u8], length: usize) -> Result<&[u8]> {
    let Some((text, rest)) = bytes.split_at_checked(length) else {
        return Err(Malformed::TRUNCATED);
    };
    if is_short_ascii(text) || std::str::from_utf8(text).is_ok() {
        Ok(rest)
    } else {
        Err(Malformed::NOT_UTF8)
    }
}

/// Whether short text is ASCII, in words that may overlap. Never true for other text.
#[inline]
fn is_short_ascii(text: &[u8]) -> bool {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let ends = if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>())
    {
        let middle = text.chunks_exact(8).skip(1);
        middle.fold(
            u64::from_le_bytes(*first) | u64::from_le_bytes(*last),
            |all, chunk| {
                let chunk = chunk
                    .first_chunk()
                    .map_or(HIGH, |chunk| u64::from_le_bytes(*chunk));
                all | chunk
            },
        )
    } else if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        u64::from(u32::from_le_bytes(*first) | u32::from_le_bytes(*last))
    } else {
        text.iter().fold(0, |all, byte| all | u64::from(*byte))
    };
    ends & HIGH == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_utf8_is_refused_wherever_it_stands() {
        for length in 1..40 {
            for place in 0..length {
                let mut text = vec![b'a'; length];
                text[place] = 0xff;
                let header = match length {
                    0..32 => vec![0xa0 | u8::try_from(length).unwrap()],
                    _ => vec![0xd9, u8::try_from(length).unwrap()],
                };
                let payload = [&header[..], &text].concat();
                let mut reader = Reader::new(&payload);
                assert_eq!(reader.skip(0), Err(Malformed::NOT_UTF8), "{length} {place}");
                assert_eq!(reader.skip_key(0), Err(Malformed::NOT_UTF8));
            }
        }
    }
}
