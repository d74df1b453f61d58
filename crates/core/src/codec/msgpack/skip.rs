//! Passing over values that nobody wants yet, and finding out what is wrong with them.

use super::{Malformed, Reader, Result, Token, below, frequent};

impl Reader<'_> {
    /// Passes over one value, checking that all of it can be read. `depth` is how many containers
    /// hold it, counted from the top-level value.
    pub fn skip(&mut self, depth: usize) -> Result<()> {
        match frequent::value(self.input, self.position, depth) {
            Some(end) => self.position = end,
            None => self.pass(|rest| value(rest, depth))?,
        }
        Ok(())
    }

    /// Passes over one map key: no map can be one, or be in one.
    pub(crate) fn skip_key(&mut self, depth: usize) -> Result<()> {
        match frequent::key(self.input, self.position, depth) {
            Some(end) => self.position = end,
            None => self.pass(|rest| key(rest, depth))?,
        }
        Ok(())
    }

    #[cold]
    fn pass(&mut self, over: impl FnOnce(&[u8]) -> Result<&[u8]>) -> Result<()> {
        let left = over(&self.input[self.position..])?.len();
        self.position = self.input.len() - left;
        Ok(())
    }
}

/// What follows the value at the front.
pub(super) fn value(bytes: &[u8], depth: usize) -> Result<&[u8]> {
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

/// What follows the map key at the front.
pub(super) fn key(bytes: &[u8], depth: usize) -> Result<&[u8]> {
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
                // With and without something behind it.
                for behind in [0, 20] {
                    let payload = [&header[..], &text, &vec![0xc0; behind]].concat();
                    let mut reader = Reader::new(&payload);
                    assert_eq!(reader.skip(0), Err(Malformed::NOT_UTF8), "{length} {place}");
                    assert_eq!(reader.skip_key(0), Err(Malformed::NOT_UTF8));
                }
            }
        }
    }

    #[test]
    fn text_is_passed_whatever_follows_it() {
        for length in 0..40_u8 {
            for text in [
                "a".repeat(length.into()),
                "\u{e9}".repeat((length / 2).into()),
            ] {
                let mut payload = Vec::new();
                super::super::write_str(&mut payload, &text);
                let end = payload.len();
                for behind in [0, 20] {
                    payload.resize(end + behind, 0xff);
                    let mut reader = Reader::new(&payload);
                    assert_eq!((reader.skip(0), reader.position()), (Ok(()), end));
                    let mut reader = Reader::new(&payload);
                    assert_eq!((reader.skip_key(0), reader.position()), (Ok(()), end));
                }
            }
        }
    }
}
