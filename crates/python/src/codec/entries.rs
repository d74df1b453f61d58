//! Whole sessions, entry by entry.

use std::collections::HashMap;
use std::ops::Range;

use bytes::Bytes;
use flask_session_core::{Entry, Format, Note, NoteTree, RESERVED_KEY};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::decode::{Decode, restored_key};
use super::decode_json::JsonDecoder;
use super::decode_msgpack::MessagePackDecoder;
use super::encode::{Encoder, changed};
use super::failure::Outcome;
use super::form::Form;
use super::keys::Keys;
use super::types;
use super::write_json::Json;
use super::write_msgpack::MessagePack;

/// What a value in a session stands for.
#[derive(Debug)]
pub(crate) enum Instead<'py> {
    /// An entry that is encoded already, key and value, in the format being written.
    Entry(Entry),
    /// A value that is encoded in its place.
    Value(Bound<'py, PyAny>),
}

/// How sessions are converted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conversion {
    /// The format written; also that of what is read.
    pub(crate) format: Format,
    /// Whether types that the format loses are noted, and restored.
    pub(crate) keep_types: bool,
}

impl Conversion {
    /// Encodes the entries that the dict itself holds, past overridden methods. Raises
    /// `SessionUnsupported`, naming the top-level key, for what can't be stored.
    pub(crate) fn encode_entries(self, session: &Bound<'_, PyDict>) -> PyResult<Vec<Entry>> {
        self.encode_entries_unless(session, |_| Ok(None))
    }

    /// The same, but first asks `instead` about each value: one may stand in for an entry that is
    /// encoded already, or for another value.
    pub(crate) fn encode_entries_unless<'py>(
        self,
        session: &Bound<'py, PyDict>,
        instead: impl Fn(&Bound<'py, PyAny>) -> PyResult<Option<Instead<'py>>>,
    ) -> PyResult<Vec<Entry>> {
        match self.format {
            Format::Msgpack => self.entries::<MessagePack>(session, &instead),
            Format::Json => self.entries::<Json>(session, &instead),
        }
    }

    /// Encodes one top-level key, as it stands in an [`Entry`].
    pub(crate) fn encode_key(self, key: &Bound<'_, PyAny>) -> PyResult<Bytes> {
        match self.format {
            Format::Msgpack => bare_key::<MessagePack>(key),
            Format::Json => bare_key::<Json>(key),
        }
    }

    /// The key of an entry.
    pub(crate) fn decode_key<'py>(
        self,
        py: Python<'py>,
        entry: &Entry,
    ) -> PyResult<Bound<'py, PyAny>> {
        let notes = self.notes(entry);
        let own = notes.as_ref().and_then(NoteTree::own_key);
        Ok(read_key(
            py,
            &entry.key,
            self.format,
            own,
            &mut Keys::borrow(),
        )?)
    }

    /// The value of an entry. Raises `SessionCorrupt`.
    pub(crate) fn decode_value<'py>(
        self,
        py: Python<'py>,
        entry: &Entry,
    ) -> PyResult<Bound<'py, PyAny>> {
        let notes = self.notes(entry);
        Ok(read_value(
            py,
            &entry.value,
            self.format,
            notes.as_ref(),
            &mut Keys::borrow(),
        )?)
    }

    /// An entry's key and value.
    pub(crate) fn decode_entry<'py>(
        self,
        py: Python<'py>,
        entry: &Entry,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        self.read(py, entry, &mut Keys::borrow())
    }

    /// Decodes entries into a dict, past overridden methods.
    pub(crate) fn fill(self, session: &Bound<'_, PyDict>, entries: &[Entry]) -> PyResult<()> {
        let py = session.py();
        let keys = &mut Keys::borrow();
        for entry in entries {
            let (key, value) = self.read(py, entry, keys)?;
            session.set_item(key, value)?;
        }
        Ok(())
    }

    fn read<'py>(
        self,
        py: Python<'py>,
        entry: &Entry,
        keys: &mut Keys,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let notes = self.notes(entry);
        let own = notes.as_ref().and_then(NoteTree::own_key);
        let key = read_key(py, &entry.key, self.format, own, keys)?;
        let value = read_value(py, &entry.value, self.format, notes.as_ref(), keys)?;
        Ok((key, value))
    }

    fn notes(self, entry: &Entry) -> Option<NoteTree> {
        let note = entry.note.as_ref().filter(|_| self.keep_types)?;
        Some(NoteTree::parse(note.text()))
    }

    fn entries<'py, F: Form>(
        self,
        session: &Bound<'py, PyDict>,
        instead: &impl Fn(&Bound<'py, PyAny>) -> PyResult<Option<Instead<'py>>>,
    ) -> PyResult<Vec<Entry>> {
        let length = session.len();
        let mut encoder = Encoder::<F>::new(session.py(), self.keep_types);
        let mut parts = Vec::with_capacity(length);
        let mut only_text = true;
        let mut entries = session.iter();
        for _ in 0..length {
            // Python code that a rare type runs may change the dict; its iterator then panics.
            let next = (session.len() == length).then(|| entries.next()).flatten();
            let Some((key, value)) = next else {
                return Err(changed().into_error("the session"));
            };
            if let Ok(text) = key.cast_exact::<PyString>() {
                if text.as_any().eq(RESERVED_KEY)? {
                    continue;
                }
            } else {
                only_text = false;
            }
            let instead = instead(&value)?;
            let value = match &instead {
                Some(Instead::Entry(entry)) => {
                    parts.push(Part::Entry(entry.clone()));
                    continue;
                }
                Some(Instead::Value(value)) => value,
                None => &value,
            };
            let span = Span::write(&mut encoder, &key, value)
                .map_err(|failure| failure.into_error(&place(&key)))?;
            parts.push(Part::Span(span));
        }
        let bytes = Bytes::from(std::mem::take(encoder.form.buffer()));
        let entries: Vec<Entry> = parts
            .into_iter()
            .map(|part| match part {
                Part::Entry(entry) => entry,
                Part::Span(span) => span.entry(&bytes),
            })
            .collect();
        Ok(if only_text { entries } else { unique(entries) })
    }
}

fn bare_key<F: Form>(key: &Bound<'_, PyAny>) -> PyResult<Bytes> {
    let mut encoder = Encoder::<F>::new(key.py(), false);
    encoder
        .key(key)
        .map_err(|failure| failure.into_error(&place(key)))?;
    Ok(std::mem::take(encoder.form.buffer()).into())
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
        encoder.value(value)?;
        let end = encoder.form.buffer().len();
        Ok(Self {
            key: start..middle,
            value: middle..end,
            note: match &mut encoder.notes {
                Some(notes) => notes.take(&encoder.form.buffer()[middle..end]),
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
fn place(key: &Bound<'_, PyAny>) -> String {
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

fn read_key<'py>(
    py: Python<'py>,
    bytes: &[u8],
    format: Format,
    notes: Option<&NoteTree>,
    keys: &mut Keys,
) -> Outcome<Bound<'py, PyAny>> {
    match format {
        Format::Msgpack => {
            let mut decoder = MessagePackDecoder::new(py, bytes, keys);
            let key = decoder.key(notes)?;
            decoder.end()?;
            Ok(key)
        }
        Format::Json => {
            let mut decoder = JsonDecoder::new(py, bytes, keys)?;
            let key = decoder.text_key()?;
            decoder.end()?;
            Ok(match notes {
                None => key,
                Some(notes) => restored_key(key, notes),
            })
        }
    }
}

fn read_value<'py>(
    py: Python<'py>,
    bytes: &[u8],
    format: Format,
    notes: Option<&NoteTree>,
    keys: &mut Keys,
) -> Outcome<Bound<'py, PyAny>> {
    match format {
        Format::Msgpack => {
            let mut decoder = MessagePackDecoder::new(py, bytes, keys);
            let value = decoder.value(notes)?;
            decoder.end()?;
            Ok(value)
        }
        Format::Json => {
            let mut decoder = JsonDecoder::new(py, bytes, keys)?;
            let value = decoder.value(notes)?;
            decoder.end()?;
            Ok(value)
        }
    }
}
