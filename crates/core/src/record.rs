//! A stored session, split into entries whose values stay encoded.

mod convert;
mod split;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::codec::{Malformed, json, msgpack};
use crate::{Error, ErrorKind, MAX_KEYS, Note, RESERVED_KEY, Result, legacy};

pub use convert::canonical;

/// How sessions are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// `MessagePack`, the default.
    Msgpack,
    /// JSON.
    Json,
}

impl Format {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Msgpack => Self::Json,
            Self::Json => Self::Msgpack,
        }
    }

    /// A text key as a top-level key is encoded.
    pub fn encode_key(self, key: &str) -> Vec<u8> {
        let mut output = Vec::with_capacity(key.len() + 5);
        match self {
            Self::Msgpack => msgpack::write_str(&mut output, key),
            Self::Json => json::write_str(&mut output, key),
        }
        output
    }

    fn reserved_key(self) -> &'static [u8] {
        match self {
            Self::Msgpack => b"\xb1__flask_session__",
            Self::Json => b"\"__flask_session__\"",
        }
    }

    fn types_key(self) -> &'static [u8] {
        match self {
            Self::Msgpack => b"\xa5types",
            Self::Json => b"\"types\"",
        }
    }

    fn permanent_key(self) -> &'static [u8] {
        match self {
            Self::Msgpack => b"\xaa_permanent",
            Self::Json => b"\"_permanent\"",
        }
    }

    fn yes(self) -> &'static [u8] {
        match self {
            Self::Msgpack => b"\xc3",
            Self::Json => b"true",
        }
    }
}

/// One top-level key, its value, and what the format can't say about them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The key, encoded as this format writes it (in JSON with its quotes).
    pub key: Bytes,
    /// The value, encoded; as another writer left it, if it was read from a store.
    pub value: Bytes,
    /// Notes on their types.
    pub note: Option<Note>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entry(..)")
    }
}

/// What the reserved key holds besides the notes: entries of later releases, key and value encoded.
///
/// ```
/// use flask_session_core::{Extra, Format, Record};
///
/// let payload = br#"{"__flask_session__":{"later":1}}"#[..].into();
/// let record = Record::read(&payload, Format::Json, false)?.expect("a session");
/// let extra: &Extra = record.extra();
/// assert!(record.is_empty() && !extra.is_empty());
/// # Ok::<(), flask_session_core::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Extra(Vec<(Bytes, Bytes)>);

impl Extra {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Extra(..)")
    }
}

/// A stored session: its entries in order, each key once, values encoded.
///
/// ```
/// use bytes::Bytes;
/// use flask_session_core::{Data, Entry, Format, Record, canonical};
///
/// let payload = Bytes::from_static(br#"{"user": "ann", "_permanent": true}"#);
/// let record = Record::read(&payload, Format::Json, false)?.expect("a session");
/// assert!(record.permanent() && !record.is_empty() && record.extra().is_empty());
/// let key = Format::Json.encode_key("user");
/// let entry: &Entry = record.get(&key).expect("it is there");
/// assert_eq!(entry.decode_key(Format::Json)?, "user".into());
/// assert_eq!(entry.decode(Format::Json)?.1, "ann".into());
///
/// let other = Entry::encode(&"user".into(), &"bob".into(), record.format())?;
/// assert_eq!(canonical(&other, Format::Json)?, other);
/// let changed = record.with_entries(vec![other]).with_extra(record.extra().clone());
/// assert_eq!(changed.write(true), r#"{"user":"bob"}"#);
///
/// let mut data = Data::new();
/// data.insert("user", "bob");
/// let packed = Record::from_data(&data, Format::Json.other())?;
/// assert_eq!(packed.to_data()?, changed.to_data()?);
/// assert_eq!(Record::new(packed.format(), packed.clone().into_entries()), packed);
/// assert_eq!(packed.entries().len(), 1);
/// # Ok::<(), flask_session_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Record {
    format: Format,
    /// Shared: a request has several records of the same entries.
    entries: Arc<Vec<Entry>>,
    extra: Extra,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Record({:?}, {} entries)",
            self.format,
            self.entries.len()
        )
    }
}

impl Record {
    /// A record of these entries, encoded in `format`; no key may occur twice.
    pub fn new(format: Format, entries: Vec<Entry>) -> Self {
        Self {
            format,
            entries: Arc::new(entries),
            extra: Extra::default(),
        }
    }

    /// The same, holding what later releases put beside the notes (see [`Record::extra`]).
    #[must_use]
    pub fn with_extra(mut self, extra: Extra) -> Self {
        self.extra = extra;
        self
    }

    /// Splits a payload without decoding its values. `None` if it says "no session": nothing at
    /// all, or null.
    ///
    /// A payload in the other format is brought into this one, and so is a pickle of plain data,
    /// if `legacy_pickle`. Which of them it is can't be in doubt: each must fill the payload.
    /// Anything that isn't a whole map of readable values, or has more than
    /// [`MAX_KEYS`](crate::MAX_KEYS), is [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt).
    pub fn read(payload: &Bytes, format: Format, legacy_pickle: bool) -> Result<Option<Self>> {
        if payload.is_empty() {
            return Ok(None);
        }
        let malformed = match split::split(payload, format) {
            Ok(record) => return Ok(record),
            Err(malformed) => malformed,
        };
        if let Ok(record) = split::split(payload, format.other()) {
            return record
                .map(|record| record.into_format(format))
                .transpose()
                .map_err(|error| unreadable(&error));
        }
        if !legacy::is_likely(payload) {
            return Err(malformed.into());
        }
        if !legacy_pickle {
            return Err(legacy::forbidden());
        }
        let data = legacy::read(payload)?;
        if data.as_ref().is_some_and(|data| data.len() > MAX_KEYS) {
            return Err(Malformed::TOO_MANY_KEYS.into());
        }
        let record = data.map(|data| Self::from_data(&data, format));
        record.transpose().map_err(|error| unreadable(&error))
    }

    /// The same record with other entries; what the reserved key holds besides notes stays.
    #[must_use]
    pub fn with_entries(&self, entries: Vec<Entry>) -> Self {
        Self::new(self.format, entries).with_extra(self.extra.clone())
    }

    /// How keys and values are encoded.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The entries, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries, in order.
    pub fn into_entries(self) -> Vec<Entry> {
        Arc::unwrap_or_clone(self.entries)
    }

    /// What the reserved key holds besides the notes. A writer hands it on.
    pub fn extra(&self) -> &Extra {
        &self.extra
    }

    /// The entry under this encoded key.
    pub fn get(&self, key: &[u8]) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Whether the session is permanent.
    pub fn permanent(&self) -> bool {
        self.get(self.format.permanent_key())
            .is_some_and(|entry| entry.value == self.format.yes())
    }

    /// Whether nothing but the permanent flag is left.
    pub fn is_empty(&self) -> bool {
        let permanent = self.format.permanent_key();
        self.entries.iter().all(|entry| entry.key == permanent)
    }

    /// Joins the entries to a payload. The reserved key comes last, if `keep_types` and there is
    /// something to put into it.
    pub fn write(&self, keep_types: bool) -> Bytes {
        let notes = self.entries.iter().filter(|entry| entry.note.is_some());
        let notes = if keep_types { notes.count() } else { 0 };
        let reserved = keep_types && (notes > 0 || !self.extra.is_empty());
        let size: usize = self.entries.iter().map(entry_size).sum();
        let mut output = Vec::with_capacity(size + 64);
        match self.format {
            Format::Msgpack => self.write_msgpack(&mut output, notes, reserved),
            Format::Json => self.write_json(&mut output, notes, reserved),
        }
        output.into()
    }

    fn noted(&self) -> impl Iterator<Item = (&Bytes, &Note)> {
        self.entries
            .iter()
            .filter_map(|entry| Some((&entry.key, entry.note.as_ref()?)))
    }

    fn write_msgpack(&self, output: &mut Vec<u8>, notes: usize, reserved: bool) {
        msgpack::write_map(output, self.entries.len() + usize::from(reserved));
        for entry in self.entries() {
            output.extend_from_slice(&entry.key);
            output.extend_from_slice(&entry.value);
        }
        if !reserved {
            return;
        }
        msgpack::write_str(output, RESERVED_KEY);
        msgpack::write_map(output, self.extra.0.len() + usize::from(notes > 0));
        if notes > 0 {
            msgpack::write_str(output, TYPES);
            msgpack::write_map(output, notes);
            for (key, note) in self.noted() {
                output.extend_from_slice(key);
                msgpack::write_array(output, 2);
                msgpack::write_uint(output, note.checksum().into());
                msgpack::write_str(output, note.text());
            }
        }
        for (key, value) in &self.extra.0 {
            output.extend_from_slice(key);
            output.extend_from_slice(value);
        }
    }

    fn write_json(&self, output: &mut Vec<u8>, notes: usize, reserved: bool) {
        output.push(b'{');
        let mut between = Separator::default();
        for entry in self.entries() {
            between.write(output);
            write_member(output, &entry.key, &entry.value);
        }
        if reserved {
            between.write(output);
            json::write_str(output, RESERVED_KEY);
            output.extend_from_slice(b":{");
            let mut between = Separator::default();
            if notes > 0 {
                between.write(output);
                json::write_str(output, TYPES);
                output.push(b':');
                self.write_json_notes(output);
            }
            for (key, value) in &self.extra.0 {
                between.write(output);
                write_member(output, key, value);
            }
            output.push(b'}');
        }
        output.push(b'}');
    }

    fn write_json_notes(&self, output: &mut Vec<u8>) {
        output.push(b'{');
        let mut between = Separator::default();
        for (key, note) in self.noted() {
            between.write(output);
            output.extend_from_slice(key);
            output.extend_from_slice(b":[");
            json::write_uint(output, note.checksum().into());
            output.push(b',');
            json::write_str(output, note.text());
            output.push(b']');
        }
        output.push(b'}');
    }
}

/// What was stored can't be held in the wanted format: to its reader, that is a corrupt record.
fn unreadable(error: &Error) -> Error {
    Error::new(ErrorKind::Corrupt, error.to_string())
}

/// The entry of the reserved key that holds the notes.
const TYPES: &str = "types";

fn entry_size(entry: &Entry) -> usize {
    let note = entry.note.as_ref();
    let note = note.map_or(0, |note| note.text().len() + entry.key.len() + 16);
    entry.key.len() + entry.value.len() + 2 + note
}

fn write_member(output: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    output.extend_from_slice(key);
    output.push(b':');
    output.extend_from_slice(value);
}

/// The comma before every member but the first.
#[derive(Default)]
struct Separator {
    started: bool,
}

impl Separator {
    fn write(&mut self, output: &mut Vec<u8>) {
        if self.started {
            output.push(b',');
        }
        self.started = true;
    }
}
