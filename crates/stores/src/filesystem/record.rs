//! A session's file, byte for byte (`docs/backends/filesystem.md`).

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;

use bytes::{BufMut, Bytes};
use flask_session_core::{Error, ErrorKind, Key, Result, Timestamp};

use super::failure::refused;

const MAGIC: &[u8; 4] = b"FSRS";
const VERSION: u16 = 1;
const HEAD: usize = 28;
const EXPIRY: std::ops::Range<usize> = 8..16;
const CHECKSUM: std::ops::Range<usize> = 24..28;

/// The first bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) expiry: Timestamp,
    pub(super) revision: u64,
    key_length: usize,
    checksum: u32,
}

/// A whole file.
pub(super) struct Record {
    pub(super) head: Head,
    pub(super) payload: Bytes,
}

impl Head {
    /// None if these aren't the first bytes of a record.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; HEAD] = bytes.first_chunk()?;
        if &bytes[..4] != MAGIC || bytes[4..6] != VERSION.to_le_bytes() {
            return None;
        }
        let number = |range: std::ops::Range<usize>| {
            u64::from_le_bytes(bytes[range].try_into().unwrap_or_default())
        };
        Some(Self {
            key_length: usize::from(u16::from_le_bytes([bytes[6], bytes[7]])),
            expiry: Timestamp(number(EXPIRY)),
            revision: number(16..24),
            checksum: u32::from_le_bytes(bytes[CHECKSUM].try_into().unwrap_or_default()),
        })
    }

    /// The head of an open file; None if it isn't a record's.
    pub(super) fn read(file: &File) -> Result<Option<Self>> {
        let mut bytes = [0; HEAD];
        let length = read_at(file, &mut bytes, 0)?;
        Ok(Self::parse(&bytes[..length]))
    }

    /// The head of an open file, and its key; None if it isn't a record's.
    pub(super) fn read_with_key(file: &File) -> Result<Option<(Self, Key)>> {
        let mut bytes = [0; 512];
        let length = read_at(file, &mut bytes, 0)?;
        let Some(head) = Self::parse(&bytes[..length]) else {
            return Ok(None);
        };
        let end = HEAD + head.key_length;
        let mut key = bytes[HEAD..end.min(length)].to_vec();
        if end > bytes.len() {
            key.resize(head.key_length, 0);
            let length = read_at(file, &mut key, HEAD as u64)?;
            key.truncate(length);
        }
        let whole = key.len() == head.key_length;
        let key = String::from_utf8(key).ok().filter(|_| whole);
        Ok(key.map(|key| (head, Key::from_text(key))))
    }
}

/// Reads until `buffer` is full or the file ends.
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match file.read_at(&mut buffer[length..], offset + length as u64) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(refused("reading a session file", error)),
        }
    }
    Ok(length)
}

impl Record {
    /// The whole record of `key`; `Corrupt` if the file is anything else.
    pub(super) fn read(file: &mut File, key: &Key) -> Result<Self> {
        let contents = read_whole(file).map_err(|e| refused("reading a session file", e))?;
        Self::parse(&contents, key)
    }

    fn parse(contents: &Bytes, key: &Key) -> Result<Self> {
        let corrupt = |why: &str| Error::new(ErrorKind::Corrupt, format!("a session file {why}"));
        let head = Head::parse(contents).ok_or_else(|| corrupt("isn't one of ours, or is cut"))?;
        let body = &contents[HEAD..];
        if checksum(&contents[..HEAD], body) != head.checksum {
            return Err(corrupt("is damaged: its checksum doesn't fit"));
        }
        if body.get(..head.key_length) != Some(key.as_str().as_bytes()) {
            return Err(corrupt("holds another session's key"));
        }
        let payload = contents.slice(HEAD + head.key_length..);
        Ok(Self { head, payload })
    }
}

/// Everything from the file's position on. Most sessions come with one system call.
pub(super) fn read_whole(file: &mut File) -> io::Result<Bytes> {
    let mut contents = vec![0; 4096];
    let mut length = 0;
    while length < contents.len() {
        match file.read(&mut contents[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        // A regular file gives less than was asked only at its end.
        if length < contents.len() {
            break;
        }
    }
    if length < contents.len() {
        return Ok(Bytes::copy_from_slice(&contents[..length]));
    }
    let rest = file.metadata()?.len().saturating_sub(length as u64);
    contents.reserve_exact(usize::try_from(rest).unwrap_or(0) + 1);
    file.read_to_end(&mut contents)?;
    Ok(contents.into())
}

/// Covers all but the expiry, which changes in place, and the checksum itself.
fn checksum(head: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&head[..EXPIRY.start]);
    hasher.update(&head[EXPIRY.end..CHECKSUM.start]);
    hasher.update(body);
    hasher.finalize()
}

/// Writes a whole record to a new file.
pub(super) fn write(
    file: &mut File,
    key: &Key,
    payload: &[u8],
    expiry: Timestamp,
    revision: u64,
) -> Result<()> {
    let key = key.as_str().as_bytes();
    let key_length = u16::try_from(key.len()).map_err(|_| {
        Error::new(
            ErrorKind::Unsupported,
            format!("the key has {} bytes; 65535 at most", key.len()),
        )
    })?;
    let mut contents = Vec::with_capacity(HEAD + key.len() + payload.len());
    contents.put_slice(MAGIC);
    contents.put_u16_le(VERSION);
    contents.put_u16_le(key_length);
    contents.put_u64_le(expiry.0);
    contents.put_u64_le(revision);
    contents.put_u32_le(0);
    contents.put_slice(key);
    contents.put_slice(payload);
    let (head, body) = contents.split_at_mut(HEAD);
    let sum = checksum(head, body);
    head[CHECKSUM].copy_from_slice(&sum.to_le_bytes());
    file.write_all(&contents)
        .map_err(|error| refused("writing a session file", error))
}

/// Changes the expiry of a record where it lies.
pub(super) fn write_expiry(file: &File, expiry: Timestamp) -> Result<()> {
    file.write_all_at(&expiry.0.to_le_bytes(), EXPIRY.start as u64)
        .map_err(|error| refused("changing a session file's expiry", error))
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, SeekFrom};

    use super::*;

    #[test]
    fn a_record_lies_as_the_documentation_says() {
        let mut file = tempfile::tempfile().unwrap();
        let key = Key::from_text("session:abc");
        let expiry = Timestamp(0x0102_0304);
        write(&mut file, &key, b"payload", expiry, 0x0a0b).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        let contents = read_whole(&mut file).unwrap();
        let mut expected = Vec::new();
        expected.extend_from_slice(b"FSRS\x01\x00\x0b\x00");
        expected.extend_from_slice(b"\x04\x03\x02\x01\0\0\0\0");
        expected.extend_from_slice(b"\x0b\x0a\0\0\0\0\0\0");
        let covered = [&expected[..8], &expected[16..24], b"session:abcpayload"].concat();
        expected.extend_from_slice(&crc32fast::hash(&covered).to_le_bytes());
        expected.extend_from_slice(b"session:abcpayload");
        assert_eq!(contents, expected);
    }

    #[test]
    fn a_new_expiry_changes_eight_bytes_and_the_record_stays_whole() {
        let mut file = tempfile::tempfile().unwrap();
        let key = Key::from_text("session:abc");
        write(&mut file, &key, &[5; 10_000], Timestamp(1), 2).unwrap();
        write_expiry(&file, Timestamp(u64::MAX)).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        let record = Record::read(&mut file, &key).unwrap();
        assert_eq!(record.head.expiry, Timestamp(u64::MAX));
        assert_eq!(
            (record.head.revision, &*record.payload),
            (2, &[5; 10_000][..])
        );
    }

    #[test]
    fn long_keys_are_kept_and_longer_ones_refused() {
        let mut file = tempfile::tempfile().unwrap();
        let key = Key::from_text("k".repeat(65_535));
        write(&mut file, &key, b"payload", Timestamp(1), 2).unwrap();
        let (_, found) = Head::read_with_key(&file).unwrap().unwrap();
        assert!(found == key);
        let key = Key::from_text("k".repeat(65_536));
        let error = write(&mut file, &key, b"", Timestamp(1), 2).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}
