//! Sessions to bytes and back.

use std::collections::BTreeSet;

use bytes::Bytes;
use flask_session_core::{Entry, Format, NoteTree};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::decode::{Decode, restored_key};
use super::decode_json::JsonDecoder;
use super::decode_msgpack::MessagePackDecoder;
use super::encode::Encoder;
use super::encode_session::{Encoded, Instead, Written, place, write_session, writes_entries};
use super::failure::Outcome;
use super::form::Form;
use super::keys::Keys;
use super::write_json::Json;
use super::write_msgpack::MessagePack;

/// How sessions are converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Conversion {
    /// The format written; also that of what is read.
    pub(crate) format: Format,
    /// Whether types that the format loses are noted, and restored.
    pub(crate) keep_types: bool,
}

impl Conversion {
    /// Encodes the entries that the dict itself holds, past overridden methods. First asks
    /// `instead` about each value: one may stand in for an entry that is encoded already, or for
    /// another value. Raises `SessionUnsupported`, naming the top-level key, for what can't be
    /// stored.
    pub(crate) fn encode_entries<'py>(
        self,
        session: &Bound<'py, PyDict>,
        instead: impl Fn(&Bound<'py, PyAny>) -> PyResult<Option<Instead<'py>>>,
    ) -> PyResult<Vec<Entry>> {
        Ok(self.written(session, &instead)?.into_entries())
    }

    /// The same for a whole session, in one piece where nothing has to be joined to it.
    pub(crate) fn encode(self, session: &Bound<'_, PyDict>) -> PyResult<Encoded> {
        Ok(self.written(session, &|_| Ok(None))?.into_encoded())
    }

    fn written<'py>(
        self,
        session: &Bound<'py, PyDict>,
        instead: &impl Fn(&Bound<'py, PyAny>) -> PyResult<Option<Instead<'py>>>,
    ) -> PyResult<Written> {
        match self.format {
            Format::Msgpack => write_session::<MessagePack>(session, self.keep_types, instead),
            Format::Json => write_session::<Json>(session, self.keep_types, instead),
        }
    }

    /// Whether the dict's own entries would be written as exactly these, in this order. `known`
    /// tells values that stand for the entry at their index.
    pub(crate) fn writes(
        self,
        session: &Bound<'_, PyDict>,
        entries: &[Entry],
        known: impl Fn(&Bound<'_, PyAny>, usize) -> bool,
    ) -> bool {
        match self.format {
            Format::Msgpack => {
                writes_entries::<MessagePack>(session, self.keep_types, entries, &known)
            }
            Format::Json => writes_entries::<Json>(session, self.keep_types, entries, &known),
        }
    }

    /// Encodes top-level keys, each as it stands in an [`Entry`].
    pub(crate) fn encode_keys(self, keys: &[Bound<'_, PyAny>]) -> PyResult<BTreeSet<Bytes>> {
        match self.format {
            Format::Msgpack => bare_keys::<MessagePack>(keys),
            Format::Json => bare_keys::<Json>(keys),
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

    /// Decodes a payload without splitting it. `None` where that is needed: it is in another
    /// format, has something in the reserved key, or can't be read.
    pub(crate) fn decode_whole<'py>(
        self,
        py: Python<'py>,
        payload: &[u8],
    ) -> Option<Bound<'py, PyDict>> {
        let keys = &mut Keys::borrow();
        match self.format {
            Format::Msgpack => MessagePackDecoder::new(py, payload, keys).session(),
            Format::Json => JsonDecoder::new(py, payload, keys).and_then(JsonDecoder::session),
        }
        .ok()
        .flatten()
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
}

/// All of them share one allocation.
fn bare_keys<F: Form>(keys: &[Bound<'_, PyAny>]) -> PyResult<BTreeSet<Bytes>> {
    let Some(first) = keys.first() else {
        return Ok(BTreeSet::new());
    };
    let mut encoder = Encoder::<F>::new(first.py(), false);
    let mut ends = Vec::with_capacity(keys.len());
    for key in keys {
        encoder
            .key(key)
            .map_err(|failure| failure.into_error(&place(key)))?;
        ends.push(encoder.form.buffer().len());
    }
    let mut rest = Bytes::from(std::mem::take(encoder.form.buffer()));
    let mut start = 0;
    let sizes = ends
        .iter()
        .map(|end| end - std::mem::replace(&mut start, *end));
    Ok(sizes.map(|size| rest.split_to(size)).collect())
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
