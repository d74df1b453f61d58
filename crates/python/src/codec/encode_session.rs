//! Whole sessions to bytes, entry by entry.

use std::collections::HashMap;
use std::ops::Range;

use bytes::Bytes;
use flask_session_core::{Entry, MAX_KEYS, Note, RESERVED_KEY};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::encode::{Encoder, next_entry};
use super::failure::Outcome;
use super::form::Form;
use super::types;

/// What a value in a session stands for.
#[derive(Debug)]
pub(crate) enum Instead<'py> {
    /// An entry that is encoded already, key and value, in the format being written.
    Entry(Entry),
    /// A value that is encoded in its place.
    Value(Bound<'py, PyAny>),
}

/// A whole session, encoded.
#[derive(Debug)]
pub(crate) enum Encoded {
    Whole(Vec<u8>),
    /// Its entries, to be joined with their notes.
    Entries(Vec<Entry>),
}

/// A session as an encoder wrote it.
pub(super) struct Written {
    bytes: Vec<u8>,
    parts: Vec<Part>,
    only_text: bool,
    /// Whether `bytes` are the session as it is stored: nothing was left out, nothing is noted.
    whole: bool,
}

impl Written {
    pub(super) fn into_encoded(self) -> Encoded {
        if self.whole && self.only_text {
            Encoded::Whole(self.bytes)
        } else {
            Encoded::Entries(self.into_entries())
        }
    }

    pub(super) fn into_entries(self) -> Vec<Entry> {
        let bytes = Bytes::from(self.bytes);
        let parts = self.parts.into_iter();
        let entries: Vec<Entry> = parts
            .map(|part| match part {
                Part::Entry(entry) => entry,
                Part::Span(span) => span.entry(&bytes),
            })
            .collect();
        if self.only_text {
            entries
        } else {
            unique(entries)
        }
    }
}

/// Encodes the entries that the dict itself holds.
pub(super) fn write_session<'py, F: Form>(
    session: &Bound<'py, PyDict>,
    keep_types: bool,
    instead: &impl Fn(&Bound<'py, PyAny>) -> PyResult<Option<Instead<'py>>>,
) -> PyResult<Written> {
    let length = session.len();
    let mut encoder = Encoder::<F>::new(session.py(), keep_types);
    let mut parts = Vec::with_capacity(length);
    let (mut only_text, mut whole) = (true, length <= MAX_KEYS);
    encoder.form.open_map(length);
    let mut entries = session.iter();
    for position in 0..length {
        let (key, value) = next_entry(session, &mut entries, length)
            .map_err(|failure| failure.into_error("the session"))?;
        if let Ok(text) = key.cast_exact::<PyString>() {
            if text.to_str().is_ok_and(|text| text == RESERVED_KEY) {
                whole = false;
                continue;
            }
        } else {
            only_text = false;
        }
        let instead = instead(&value)?;
        let value = match &instead {
            Some(Instead::Entry(entry)) => {
                whole = false;
                parts.push(Part::Entry(entry.clone()));
                continue;
            }
            Some(Instead::Value(value)) => value,
            None => &value,
        };
        encoder.form.separate(position);
        let span = Span::write(&mut encoder, &key, value)
            .map_err(|failure| failure.into_error(&place(&key)))?;
        whole &= span.note.is_none();
        parts.push(Part::Span(span));
    }
    encoder.form.close_map();
    Ok(Written {
        bytes: std::mem::take(encoder.form.buffer()),
        parts,
        only_text,
        whole,
    })
}

/// Whether the dict's own entries would be written as exactly these, in this order.
pub(super) fn writes_entries<F: Form>(
    session: &Bound<'_, PyDict>,
    keep_types: bool,
    entries: &[Entry],
    known: &impl Fn(&Bound<'_, PyAny>, usize) -> bool,
) -> bool {
    let length = session.len();
    if length != entries.len() {
        return false;
    }
    let mut encoder = Encoder::<F>::new(session.py(), keep_types);
    let mut own = session.iter();
    for (index, entry) in entries.iter().enumerate() {
        let Ok((key, value)) = next_entry(session, &mut own, length) else {
            return false;
        };
        encoder.form.buffer().clear();
        if !key.is_exact_instance_of::<PyString>() {
            return false;
        }
        if known(&value, index) {
            if encoder.own_key(&key).is_err() || *encoder.form.buffer() != entry.key[..] {
                return false;
            }
            continue;
        }
        let Ok(span) = Span::write(&mut encoder, &key, &value) else {
            return false;
        };
        let bytes = encoder.form.buffer();
        if bytes[span.key] != entry.key
            || bytes[span.value] != entry.value
            || span.note != entry.note
        {
            return false;
        }
    }
    true
}

/// One entry of a session that is being encoded.
enum Part {
    Entry(Entry),
    Span(Span),
}

/// Where one entry lies in the bytes of a session.
struct Span {
    key: Range<usize>,
    value: Range<usize>,
    note: Option<Note>,
}

impl Span {
    fn write<'py, F: Form>(
        encoder: &mut Encoder<'py, F>,
        key: &Bound<'py, PyAny>,
        value: &Bound<'py, PyAny>,
    ) -> Outcome<Self> {
        let start = encoder.form.buffer().len();
        encoder.own_key(key)?;
        let middle = encoder.form.buffer().len();
        encoder.form.colon();
        let begin = encoder.form.buffer().len();
        encoder.value(value)?;
        let end = encoder.form.buffer().len();
        Ok(Self {
            key: start..middle,
            value: begin..end,
            note: match &mut encoder.notes {
                Some(notes) => notes.take(&encoder.form.buffer()[begin..end]),
                None => None,
            },
        })
    }

    fn entry(self, bytes: &Bytes) -> Entry {
        Entry {
            key: bytes.slice(self.key),
            value: bytes.slice(self.value),
            note: self.note,
        }
    }
}

/// Two keys that differ in Python may be written alike: then the last value takes the first one's
/// place, as it would at reading.
fn unique(entries: Vec<Entry>) -> Vec<Entry> {
    let mut places = HashMap::with_capacity(entries.len());
    let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
    for entry in entries {
        let place = *places.entry(entry.key.clone()).or_insert(kept.len());
        if place < kept.len() {
            kept[place] = entry;
        } else {
            kept.push(entry);
        }
    }
    kept
}

/// Names a top-level key, and not its value.
pub(super) fn place(key: &Bound<'_, PyAny>) -> String {
    const LONGEST: usize = 80;
    let text = key.cast::<PyString>().map(|text| text.repr());
    let Ok(Ok(text)) = text else {
        return format!("a session key of type '{}'", types::name_of(key));
    };
    let text = text.to_string_lossy().into_owned();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("session[{}...]", &text[..end]),
        None => format!("session[{text}]"),
    }
}
