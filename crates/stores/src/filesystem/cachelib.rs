//! Sessions that Flask-Session 0.4 to 0.8 left in the directory, as cachelib wrote them.
//!
//! A file is named by the SHA-256 (cachelib 0.16 and later) or the MD5 of the key, and holds an
//! expiry in seconds (0: never), then a pickle of the session's dict. The expiry is written in
//! one of three ways: four bytes (0.7 and later), or a pickled integer of protocol 1 (up to 0.4)
//! or of the newest protocol (0.5, 0.6).

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use flask_session_core::{Error, ErrorKind, Key, Result, Timestamp};
use md5::{Digest, Md5};

use super::failure::{is_missing, refused};
use super::layout::{Name, hexadecimal, open};
use super::record::read_whole;

/// One such file.
pub(super) struct Legacy {
    file: File,
    expiry: Expiry,
    /// The session's pickle, as it lies.
    pub(super) payload: Bytes,
}

/// An expiry in seconds since 1970, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Expiry {
    seconds: u64,
    form: Form,
    /// Where the pickle of the session begins.
    end: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Four bytes in the machine's order, at the beginning.
    Plain,
    /// A pickled integer of four bytes, little-endian, at this position.
    Pickled(usize),
    /// A pickled integer of another length, which can't be changed where it lies.
    Fixed,
}

/// The paths at which cachelib may have put `key`, the newer kind first.
fn paths(directory: &Path, key: &Key) -> [PathBuf; 2] {
    [
        directory.join(Name::of(key).as_str()),
        directory.join(hexadecimal(&Md5::digest(key.as_str()))),
    ]
}

/// Whether a file of this name may be a session of cachelib's.
pub(super) fn may_be_named(name: &str) -> bool {
    matches!(name.len(), 32 | 64)
        && name
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// The older session under `key`, expired or not; opened so that its expiry can be changed if
/// `write` is set.
pub(super) fn find(directory: &Path, key: &Key, write: bool) -> Result<Option<Legacy>> {
    for path in paths(directory, key) {
        if let Some(legacy) = read(&path, write)? {
            return Ok(Some(legacy));
        }
    }
    Ok(None)
}

/// The session of cachelib's at `path`; None if there is no such file.
pub(super) fn read(path: &Path, write: bool) -> Result<Option<Legacy>> {
    let failed = |error| refused("reading a session file of cachelib's", error);
    let mut file = match open(path, write) {
        Err(error) if is_missing(&error) => return Ok(None),
        opened => opened.map_err(failed)?,
    };
    let contents = read_whole(&mut file).map_err(failed)?;
    let expiry = Expiry::parse(&contents).ok_or_else(|| {
        Error::new(
            ErrorKind::Corrupt,
            "a session file of cachelib's has none of its three headers",
        )
    })?;
    let payload = contents.slice(expiry.end..);
    Ok(Some(Legacy {
        file,
        expiry,
        payload,
    }))
}

/// Removes what cachelib left under `key`. Whether something was there.
pub(super) fn remove(directory: &Path, key: &Key) -> Result<bool> {
    let mut removed = false;
    for path in paths(directory, key) {
        match std::fs::remove_file(path) {
            Ok(()) => removed = true,
            Err(error) if is_missing(&error) => {}
            // A folder of somebody else's.
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => {}
            Err(error) => return Err(refused("removing a session file of cachelib's", error)),
        }
    }
    Ok(removed)
}

impl Legacy {
    /// When it expires; None is never.
    pub(super) fn expiry(&self) -> Option<Timestamp> {
        match self.expiry.seconds {
            0 => None,
            seconds => Some(Timestamp(seconds.saturating_mul(1000))),
        }
    }

    pub(super) fn is_live(&self, now: Timestamp) -> bool {
        self.expiry().is_none_or(|expiry| expiry > now)
    }

    /// Changes the expiry where it lies, rounded up to a second. One that never expires, or whose
    /// form has no room, stays.
    pub(super) fn write_expiry(&self, expiry: Timestamp) -> Result<()> {
        let seconds = expiry.0.div_ceil(1000);
        let (bytes, position) = match self.expiry.form {
            _ if self.expiry.seconds == 0 => return Ok(()),
            Form::Fixed => return Ok(()),
            Form::Plain => (u32::try_from(seconds).unwrap_or(u32::MAX).to_ne_bytes(), 0),
            Form::Pickled(position) => {
                let seconds = i32::try_from(seconds).unwrap_or(i32::MAX);
                (seconds.to_le_bytes(), position)
            }
        };
        self.file
            .write_all_at(&bytes, position as u64)
            .map_err(|error| refused("changing the expiry of a session file of cachelib's", error))
    }
}

impl Expiry {
    fn parse(contents: &[u8]) -> Option<Self> {
        Self::pickled(contents).or_else(|| Self::plain(contents))
    }

    fn plain(contents: &[u8]) -> Option<Self> {
        let bytes = contents.first_chunk()?;
        Some(Self {
            seconds: u64::from(u32::from_ne_bytes(*bytes)),
            form: Form::Plain,
            end: bytes.len(),
        })
        .filter(|expiry| begins_pickle(&contents[expiry.end..]))
    }

    /// An integer's pickle, followed by another pickle: four bytes that only look like the
    /// beginning of one are not.
    fn pickled(contents: &[u8]) -> Option<Self> {
        let position = match contents {
            // Protocol 4 and 5 with a frame, without one, and protocol 1.
            [0x80, 4 | 5, 0x95, ..] => 11,
            [0x80, 2..=5, ..] => 2,
            _ => 0,
        };
        let (seconds, form, length) = match contents.get(position..)? {
            [b'J', a, b, c, d, ..] => {
                let seconds = i32::from_le_bytes([*a, *b, *c, *d]);
                let seconds = u64::try_from(seconds).ok()?;
                (seconds, Form::Pickled(position + 1), 5)
            }
            [b'K', a, ..] => (u64::from(*a), Form::Fixed, 2),
            [b'M', a, b, ..] => (u64::from(u16::from_le_bytes([*a, *b])), Form::Fixed, 3),
            [0x8a, 5, a, b, c, d, 0, ..] => {
                let seconds = u32::from_le_bytes([*a, *b, *c, *d]);
                (u64::from(seconds), Form::Fixed, 7)
            }
            [b'L', digits @ ..] => {
                let end = digits.iter().position(|byte| *byte == b'\n')?;
                let digits = std::str::from_utf8(&digits[..end]).ok()?;
                let seconds = digits.trim_end_matches('L').parse().ok()?;
                (seconds, Form::Fixed, end + 2)
            }
            _ => return None,
        };
        let end = position + length;
        let rest = contents.get(end..)?.strip_prefix(b".")?;
        begins_pickle(rest).then_some(Self {
            seconds,
            form,
            end: end + 1,
        })
    }
}

fn begins_pickle(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80, 2..=5, _, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"\x80\x05}\x94.";

    fn parse(head: &[u8]) -> Option<(u64, Form, usize)> {
        let contents = [head, BODY].concat();
        Expiry::parse(&contents).map(|expiry| (expiry.seconds, expiry.form, expiry.end))
    }

    #[test]
    fn all_headers_that_cachelib_wrote_are_read() {
        let seconds: u32 = 1_700_000_000;
        assert_eq!(
            parse(&seconds.to_ne_bytes()),
            Some((1_700_000_000, Form::Plain, 4))
        );
        assert_eq!(parse(&[0; 4]), Some((0, Form::Plain, 4)));
        let pickled: [(&[u8], u64, Form); 9] = [
            (b"J\x00\xf1Se.", 1_700_000_000, Form::Pickled(1)),
            (b"K\x00.", 0, Form::Fixed),
            (b"L3000000000L\n.", 3_000_000_000, Form::Fixed),
            (b"\x80\x02J\x00\xf1Se.", 1_700_000_000, Form::Pickled(3)),
            (b"\x80\x05K\x00.", 0, Form::Fixed),
            (b"\x80\x02M\xe8\xfd.", 65_000, Form::Fixed),
            (
                b"\x80\x04\x95\x06\0\0\0\0\0\0\0J\x00\xf1Se.",
                1_700_000_000,
                Form::Pickled(12),
            ),
            (
                b"\x80\x05\x95\x06\0\0\0\0\0\0\0J\x00\xf1Se.",
                1_700_000_000,
                Form::Pickled(12),
            ),
            (
                b"\x80\x05\x95\x08\0\0\0\0\0\0\0\x8a\x05\x00^\xd0\xb2\x00.",
                3_000_000_000,
                Form::Fixed,
            ),
        ];
        for (head, seconds, form) in pickled {
            assert_eq!(parse(head), Some((seconds, form, head.len())), "{head:?}");
        }
    }

    #[test]
    fn four_bytes_that_look_like_a_pickle_are_still_four_bytes() {
        for bytes in [
            *b"\x80\x05\x95\x65",
            *b"\x80\x05\x4b\x65",
            *b"J\x00\xf1S",
            *b"K\x00.e",
        ] {
            let seconds = u64::from(u32::from_ne_bytes(bytes));
            assert_eq!(parse(&bytes), Some((seconds, Form::Plain, 4)), "{bytes:?}");
        }
    }

    #[test]
    fn what_cachelib_did_not_write_is_not_read() {
        for contents in [
            &b""[..],
            b"abc",
            b"abcdefgh",
            b"\x80\x05\x95",
            b"J\x00\xf1Se.",
        ] {
            assert_eq!(Expiry::parse(contents), None, "{contents:?}");
        }
    }
}
