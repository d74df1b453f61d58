//! Passing over the forms that fill nearly every session: a large one is mostly passed over. `None`
//! is for what can't be read; `skip` then says why.

#![expect(
    clippy::inline_always,
    reason = "measured: half of the time of passing over 64 kB"
)]

use super::skip;
use crate::MAX_DEPTH;

/// Text of up to this many bytes is looked at in one piece, with whatever follows it.
const SHORT: usize = 16;

/// The high bits of the first bytes of two words, for each number of bytes: ASCII has none of them.
const HIGH_BITS: [[u64; 2]; SHORT + 1] = {
    let mut bits = [[0; 2]; SHORT + 1];
    let mut length = 1;
    while length <= SHORT {
        bits[length] = bits[length - 1];
        bits[length][(length - 1) / 8] |= 0x80 << ((length - 1) % 8 * 8);
        length += 1;
    }
    bits
};

/// The end of the value at `at`. `depth` is how many containers hold it.
#[inline(always)]
pub(super) fn value(input: &[u8], at: usize, depth: usize) -> Option<usize> {
    let first = *input.get(at)?;
    match first {
        0xa0..=0xbf => text(input, at + 1, usize::from(first & 0x1f)),
        0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => Some(at + 1),
        0xcb => (at + 9 <= input.len()).then_some(at + 9),
        0x80..=0x8f => map(input, at + 1, usize::from(first & 0x0f), depth),
        0x90..=0x9f => array(input, at + 1, usize::from(first & 0x0f), depth),
        0xd9 => text(input, at + 2, usize::from(*input.get(at + 1)?)),
        0xdc => array(input, at + 3, length16(input, at + 1)?, depth),
        0xde => map(input, at + 3, length16(input, at + 1)?, depth),
        _ => rare(input, at, depth),
    }
}

/// The end of the map key at `at`.
#[inline(always)]
pub(super) fn key(input: &[u8], at: usize, depth: usize) -> Option<usize> {
    match *input.get(at)? {
        first @ 0xa0..=0xbf => text(input, at + 1, usize::from(first & 0x1f)),
        _ => rare_key(input, at, depth),
    }
}

fn array(input: &[u8], mut at: usize, length: usize, depth: usize) -> Option<usize> {
    if depth >= MAX_DEPTH {
        return None;
    }
    for _ in 0..length {
        at = value(input, at, depth + 1)?;
    }
    Some(at)
}

fn map(input: &[u8], mut at: usize, length: usize, depth: usize) -> Option<usize> {
    if depth >= MAX_DEPTH {
        return None;
    }
    for _ in 0..length {
        at = key(input, at, depth + 1)?;
        at = value(input, at, depth + 1)?;
    }
    Some(at)
}

#[inline]
fn length16(input: &[u8], at: usize) -> Option<usize> {
    let length = input.get(at..)?.first_chunk()?;
    Some(u16::from_be_bytes(*length).into())
}

#[inline(always)]
fn text(input: &[u8], at: usize, length: usize) -> Option<usize> {
    if let Some([low, high]) = HIGH_BITS.get(length)
        && let Some(words) = input.get(at..at + SHORT)
        && let (Some(first), Some(last)) = (words.first_chunk(), words.last_chunk())
        && (u64::from_le_bytes(*first) & low) | (u64::from_le_bytes(*last) & high) == 0
    {
        return Some(at + length);
    }
    other_text(input, at, length)
}

/// Text that is long, at the end, or not ASCII.
#[inline(never)]
fn other_text(input: &[u8], at: usize, length: usize) -> Option<usize> {
    let text = input.get(at..at + length)?;
    (text.is_ascii() || std::str::from_utf8(text).is_ok()).then_some(at + length)
}

#[cold]
fn rare(input: &[u8], at: usize, depth: usize) -> Option<usize> {
    let rest = skip::value(&input[at..], depth).ok()?;
    Some(input.len() - rest.len())
}

#[cold]
fn rare_key(input: &[u8], at: usize, depth: usize) -> Option<usize> {
    let rest = skip::key(&input[at..], depth).ok()?;
    Some(input.len() - rest.len())
}
