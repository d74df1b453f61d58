//! Splitting a payload into entries, without decoding the values.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::Arc;

use bytes::Bytes;

use super::{Entry, Extra, Format, Record};
use crate::Note;
use crate::codec::{Malformed, json, msgpack};
use crate::limits::MAX_KEYS;

/// Up to this many entries, comparing each with each is quicker than hashing them.
const FEW: usize = 16;

/// The reserved key comes beside a session's own.
const MAX_MEMBERS: usize = MAX_KEYS + 1;

/// Splits a payload of this format. `None` if it says "no session".
pub(super) fn split(payload: &Bytes, format: Format) -> Result<Option<Record>, Malformed> {
    let Some(mut entries) = members(payload, format)? else {
        return Ok(None);
    };
    let mut reserved = None;
    if entries
        .iter()
        .any(|entry| entry.key == format.reserved_key())
    {
        let mut all = entries.iter();
        reserved = all
            .rfind(|entry| entry.key == format.reserved_key())
            .cloned();
        entries.retain(|entry| entry.key != format.reserved_key());
    }
    let mut record = Record::new(format, unique(entries));
    if let Some(reserved) = reserved {
        read_reserved(&mut record, &reserved.value);
    }
    Ok(Some(record))
}

/// The members of a map: keys as we would encode them, values as they lie. `None` for null.
fn members(payload: &Bytes, format: Format) -> Result<Option<Vec<Entry>>, Malformed> {
    match format {
        Format::Msgpack => msgpack_members(payload),
        Format::Json => json_members(payload),
    }
}

fn msgpack_members(payload: &Bytes) -> Result<Option<Vec<Entry>>, Malformed> {
    let mut reader = msgpack::Reader::new(payload);
    let length = match reader.token()? {
        msgpack::Token::Map(length) => length,
        msgpack::Token::Nil => return reader.end().map(|()| None),
        _ => return Err(Malformed::NOT_A_MAP),
    };
    if length > MAX_MEMBERS {
        return Err(Malformed::TOO_MANY_KEYS);
    }
    // A key and a value take two bytes at least.
    let mut members = Vec::with_capacity(reader.fitting(length.saturating_mul(2)) / 2);
    for _ in 0..length {
        let start = reader.position();
        reader.skip_key(0)?;
        let middle = reader.position();
        reader.skip(0)?;
        let key = match msgpack::rewritten_key(&payload[start..middle]) {
            Some(rewritten) => rewritten.into(),
            None => payload.slice(start..middle),
        };
        members.push(Entry {
            key,
            value: payload.slice(middle..reader.position()),
            note: None,
        });
    }
    reader.end()?;
    Ok(Some(members))
}

fn json_members(payload: &Bytes) -> Result<Option<Vec<Entry>>, Malformed> {
    let mut reader = json::Reader::new(payload)?;
    match reader.token()? {
        json::Token::Map => {}
        json::Token::Null => return reader.end().map(|()| None),
        _ => return Err(Malformed::NOT_A_MAP),
    }
    let mut members = Vec::with_capacity(FEW.min(payload.len() / 5));
    while let Some(raw) = reader.raw_key(members.len())? {
        if members.len() == MAX_MEMBERS {
            return Err(Malformed::TOO_MANY_KEYS);
        }
        let key = match json::rewritten_key(raw)? {
            Some(rewritten) => rewritten.into(),
            None => payload.slice_ref(raw.as_bytes()),
        };
        // Passes the white space before the value.
        reader.peek();
        let start = reader.position();
        reader.skip(0)?;
        members.push(Entry {
            key,
            value: payload.slice(start..reader.position()),
            note: None,
        });
    }
    reader.end()?;
    Ok(Some(members))
}

/// A number that tells nearly all keys apart.
fn fingerprint(key: &[u8]) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, tail) = key.as_chunks::<8>();
    let tail = tail.iter().fold(key.len() as u64, |tail, byte| {
        (tail << 8) | u64::from(*byte)
    });
    let words = words.iter().fold(tail, |all, word| {
        (all ^ u64::from_le_bytes(*word))
            .wrapping_mul(ODD)
            .rotate_left(31)
    });
    words.wrapping_mul(ODD)
}

/// Whether some key may occur twice.
fn may_repeat(entries: &[Entry]) -> bool {
    if entries.len() <= FEW {
        // One bit of a thousand for each.
        let mut seen = [0_u64; 16];
        return entries.iter().any(|entry| {
            let place = fingerprint(&entry.key) >> 54;
            let (word, bit) = (&mut seen[place as usize / 64], 1 << (place % 64));
            let is_there = *word & bit != 0;
            *word |= bit;
            is_there
        });
    }
    let mut seen: Vec<u64> = entries
        .iter()
        .map(|entry| fingerprint(&entry.key))
        .collect();
    seen.sort_unstable();
    seen.windows(2).any(|pair| pair[0] == pair[1])
}

/// Leaves each key once: as in Python, the last value at the first one's place.
pub(super) fn unique(entries: Vec<Entry>) -> Vec<Entry> {
    if !may_repeat(&entries) {
        return entries;
    }
    let mut places = HashMap::with_capacity(entries.len());
    let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
    for entry in entries {
        match places.entry(entry.key.clone()) {
            Slot::Occupied(place) => kept[*place.get()] = entry,
            Slot::Vacant(place) => {
                place.insert(kept.len());
                kept.push(entry);
            }
        }
    }
    kept
}

/// Gives each entry the note that fits it; what doesn't have the expected form is ignored.
fn read_reserved(record: &mut Record, reserved: &Bytes) {
    let format = record.format;
    let mut extra = Vec::new();
    for member in members(reserved, format).ok().flatten().unwrap_or_default() {
        if member.key == format.types_key() {
            let notes = members(&member.value, format).ok().flatten();
            let entries = Arc::make_mut(&mut record.entries);
            distribute(entries, notes.unwrap_or_default(), format);
        } else {
            extra.push((member.key, member.value));
        }
    }
    record.extra = Extra(extra);
}

fn distribute(entries: &mut [Entry], notes: Vec<Entry>, format: Format) {
    let many = entries.len() > FEW;
    let places: HashMap<Bytes, usize> = if many {
        let places = entries.iter().enumerate();
        places
            .map(|(place, entry)| (entry.key.clone(), place))
            .collect()
    } else {
        HashMap::new()
    };
    for note in notes {
        let place = if many {
            places.get(&note.key).copied()
        } else {
            entries.iter().position(|entry| entry.key == note.key)
        };
        let Some(place) = place else { continue };
        let entry = &mut entries[place];
        entry.note = read_note(&note.value, format).filter(|note| note.fits(&entry.value));
    }
}

/// Reads `[checksum, notes]`.
fn read_note(value: &Bytes, format: Format) -> Option<Note> {
    let (checksum, text) = match format {
        Format::Msgpack => {
            let mut reader = msgpack::Reader::new(value);
            let msgpack::Token::Array(2) = reader.token().ok()? else {
                return None;
            };
            let msgpack::Token::Int(checksum) = reader.token().ok()? else {
                return None;
            };
            let msgpack::Token::Str(text) = reader.token().ok()? else {
                return None;
            };
            (checksum, Cow::Borrowed(text))
        }
        Format::Json => {
            let mut reader = json::Reader::new(value).ok()?;
            let json::Token::Array = reader.token().ok()? else {
                return None;
            };
            reader.element(0).ok()?;
            let json::Token::Int(checksum) = reader.token().ok()? else {
                return None;
            };
            reader.element(1).ok()?;
            let json::Token::Str(text) = reader.token().ok()? else {
                return None;
            };
            (checksum, text)
        }
    };
    let text = match text {
        Cow::Borrowed(text) => value.slice_ref(text.as_bytes()),
        Cow::Owned(text) => text.into(),
    };
    Some(Note::new(u32::try_from(checksum).ok()?, text))
}
