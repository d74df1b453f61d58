//! Writing a [`Value`], and noting what the format can't say.

use super::msgpack::below;
use super::{json, msgpack, text};
use crate::data::{AwareDateTime, Float, Value};
use crate::{Entry, Error, ErrorKind, Format, NoteWriter, Result, Tag};

/// Encodes an entry: its key, its value, and the notes on both.
pub(crate) fn encode_entry(key: &Value, value: &Value, format: Format) -> Result<Entry> {
    let mut notes = NoteWriter::new();
    let mut encoded_key = Vec::new();
    notes.enter_own_key();
    Encoder::new(format, &mut encoded_key, &mut notes).key(key, 0)?;
    notes.leave();
    let mut encoded_value = Vec::new();
    Encoder::new(format, &mut encoded_value, &mut notes).value(value, 0)?;
    let note = notes.take(&encoded_value);
    Ok(Entry {
        key: encoded_key.into(),
        value: encoded_value.into(),
        note,
    })
}

struct Encoder<'a> {
    format: Format,
    output: &'a mut Vec<u8>,
    notes: &'a mut NoteWriter,
}

impl<'a> Encoder<'a> {
    fn new(format: Format, output: &'a mut Vec<u8>, notes: &'a mut NoteWriter) -> Self {
        Self {
            format,
            output,
            notes,
        }
    }

    /// Writes a value that `depth` containers hold.
    fn value(&mut self, value: &Value, depth: usize) -> Result<()> {
        let tag = match value {
            Value::Array(items) => return self.array(items, depth),
            Value::Tuple(items) => {
                self.notes.note(Tag::Tuple);
                return self.array(items, depth);
            }
            Value::Deque(items) => {
                self.notes.note(Tag::Deque);
                return self.array(items, depth);
            }
            Value::Set(items) => {
                self.notes.note(Tag::Set);
                return self.set(items, depth);
            }
            Value::FrozenSet(items) => {
                self.notes.note(Tag::FrozenSet);
                return self.set(items, depth);
            }
            Value::Map(entries) => return self.map(entries, depth),
            Value::OrderedMap(entries) => {
                self.notes.note(Tag::OrderedMap);
                return self.map(entries, depth);
            }
            _ => match self.format {
                Format::Msgpack => self.msgpack_scalar(value)?,
                Format::Json => self.json_scalar(value)?,
            },
        };
        if let Some(tag) = tag {
            self.notes.note(tag);
        }
        Ok(())
    }

    fn array(&mut self, items: &[Value], depth: usize) -> Result<()> {
        limit(depth)?;
        self.open_array(items.len());
        for (index, item) in items.iter().enumerate() {
            self.separate(index);
            self.notes.enter(index);
            self.value(item, depth + 1)?;
            self.notes.leave();
        }
        self.close(b']');
        Ok(())
    }

    /// A set's elements in the order of their bytes.
    fn set(&mut self, items: &[Value], depth: usize) -> Result<()> {
        self.sorted(items, depth, |encoder, item, depth| {
            encoder.value(item, depth)
        })
    }

    fn sorted(
        &mut self,
        items: &[Value],
        depth: usize,
        write: fn(&mut Encoder<'_>, &Value, usize) -> Result<()>,
    ) -> Result<()> {
        limit(depth)?;
        let mut elements = Vec::with_capacity(items.len());
        for item in items {
            let mut output = Vec::new();
            let mut notes = NoteWriter::new();
            let mut encoder = Encoder::new(self.format, &mut output, &mut notes);
            write(&mut encoder, item, depth + 1)?;
            elements.push((output, notes));
        }
        // Elements of different types may have the same bytes: JSON has one form for "" and b"".
        elements.sort_by(|(one, notes), (other, others)| {
            one.cmp(other).then_with(|| notes.text().cmp(others.text()))
        });
        self.open_array(elements.len());
        for (index, (bytes, notes)) in elements.iter().enumerate() {
            self.separate(index);
            self.output.extend_from_slice(bytes);
            self.notes.enter(index);
            self.notes.append(notes);
            self.notes.leave();
        }
        self.close(b']');
        Ok(())
    }

    fn map(&mut self, entries: &[(Value, Value)], depth: usize) -> Result<()> {
        limit(depth)?;
        match self.format {
            Format::Msgpack => msgpack::write_map(self.output, entries.len()),
            Format::Json => self.output.push(b'{'),
        }
        for (index, (key, value)) in entries.iter().enumerate() {
            self.separate(index);
            self.notes.enter_key(index);
            self.key(key, depth + 1)?;
            self.notes.leave();
            if self.format == Format::Json {
                self.output.push(b':');
            }
            self.notes.enter(index);
            self.value(value, depth + 1)?;
            self.notes.leave();
        }
        self.close(b'}');
        Ok(())
    }

    /// Writes a map key that `depth` containers hold.
    fn key(&mut self, key: &Value, depth: usize) -> Result<()> {
        if self.format == Format::Json {
            return self.json_key(key);
        }
        let tag = match key {
            // An array in a key is read as a tuple.
            Value::Tuple(items) => {
                limit(depth)?;
                self.open_array(items.len());
                for (index, item) in items.iter().enumerate() {
                    self.notes.enter(index);
                    self.key(item, depth + 1)?;
                    self.notes.leave();
                }
                None
            }
            Value::FrozenSet(items) => {
                self.notes.note(Tag::FrozenSet);
                self.sorted(items, depth, |encoder, item, depth| {
                    encoder.key(item, depth)
                })?;
                None
            }
            Value::Array(_)
            | Value::Deque(_)
            | Value::Set(_)
            | Value::Map(_)
            | Value::OrderedMap(_)
            | Value::ByteArray(_) => return Err(unfit_key(key)),
            _ => self.msgpack_scalar(key)?,
        };
        if let Some(tag) = tag {
            self.notes.note(tag);
        }
        Ok(())
    }

    fn json_key(&mut self, key: &Value) -> Result<()> {
        let (text, tag) = match key {
            Value::Nil => ("null".to_owned(), Tag::None),
            Value::Bool(value) => (value.to_string(), Tag::Bool),
            Value::Int(number) => (number.to_string(), Tag::Integer),
            Value::UInt(number) => (number.to_string(), Tag::Integer),
            Value::BigInt(digits) => (digits.clone(), Tag::Integer),
            Value::Float(Float(number)) => {
                let text = json::float_text(*number);
                (text.clone(), Tag::Float(text.into()))
            }
            Value::Bytes(bytes) => (json::base64_text(bytes), Tag::Bytes),
            Value::AwareDateTime(moment) => (moment_text(moment)?, zone_tag(moment)),
            _ => match written_as_text(key) {
                Some((text, tag)) => {
                    json::write_str(self.output, text);
                    if let Some(tag) = tag {
                        self.notes.note(tag);
                    }
                    return Ok(());
                }
                None => return Err(unfit_key(key)),
            },
        };
        json::write_str(self.output, &text);
        self.notes.note(tag);
        Ok(())
    }

    fn msgpack_scalar(&mut self, value: &Value) -> Result<Option<Tag>> {
        let output = &mut *self.output;
        match value {
            Value::Nil => msgpack::write_nil(output),
            Value::Bool(value) => msgpack::write_bool(output, *value),
            Value::Int(number) => msgpack::write_int(output, *number),
            Value::UInt(number) => msgpack::write_uint(output, *number),
            Value::BigInt(digits) => {
                msgpack::write_str(output, digits);
                return Ok(Some(Tag::Integer));
            }
            Value::Float(Float(number)) => msgpack::write_float(output, *number),
            Value::Bytes(bytes) => msgpack::write_bytes(output, bytes),
            Value::ByteArray(bytes) => {
                msgpack::write_bytes(output, bytes);
                return Ok(Some(Tag::ByteArray));
            }
            Value::AwareDateTime(moment) if !text::is_in_range(moment.seconds) => {
                msgpack::write_str(output, &moment_text(moment)?);
                return Ok(Some(zone_tag(moment)));
            }
            Value::AwareDateTime(moment) => {
                msgpack::write_timestamp(output, moment.seconds, moment.microseconds);
                let is_utc = moment.zone.is_none() && moment.offset == 0;
                return Ok((!is_utc).then(|| zone_tag(moment)));
            }
            Value::Ext(kind, bytes) => msgpack::write_ext(output, *kind, bytes),
            _ => {
                let (text, tag) = written_as_text(value).ok_or_else(|| unfit(value))?;
                msgpack::write_str(output, text);
                return Ok(tag);
            }
        }
        Ok(None)
    }

    fn json_scalar(&mut self, value: &Value) -> Result<Option<Tag>> {
        let output = &mut *self.output;
        match value {
            Value::Nil => output.extend_from_slice(b"null"),
            Value::Bool(true) => output.extend_from_slice(b"true"),
            Value::Bool(false) => output.extend_from_slice(b"false"),
            Value::Int(number) => json::write_int(output, *number),
            Value::UInt(number) => json::write_uint(output, *number),
            Value::BigInt(digits) => output.extend_from_slice(digits.as_bytes()),
            Value::Float(Float(number)) => {
                json::write_float(output, *number);
                let lost = !number.is_finite();
                return Ok(lost.then(|| Tag::Float(json::float_text(*number).into())));
            }
            Value::Bytes(bytes) => {
                json::write_bytes(output, bytes);
                return Ok(Some(Tag::Bytes));
            }
            Value::ByteArray(bytes) => {
                json::write_bytes(output, bytes);
                return Ok(Some(Tag::ByteArray));
            }
            Value::AwareDateTime(moment) => {
                json::write_str(output, &moment_text(moment)?);
                return Ok(Some(zone_tag(moment)));
            }
            _ => {
                let (text, tag) = written_as_text(value).ok_or_else(|| unfit(value))?;
                json::write_str(output, text);
                return Ok(tag);
            }
        }
        Ok(None)
    }

    fn open_array(&mut self, length: usize) {
        match self.format {
            Format::Msgpack => msgpack::write_array(self.output, length),
            Format::Json => self.output.push(b'['),
        }
    }

    fn separate(&mut self, index: usize) {
        if index > 0 && self.format == Format::Json {
            self.output.push(b',');
        }
    }

    fn close(&mut self, bracket: u8) {
        if self.format == Format::Json {
            self.output.push(bracket);
        }
    }
}

fn limit(depth: usize) -> Result<()> {
    below(depth).map_err(|malformed| Error::new(ErrorKind::Unsupported, malformed.reason()))
}

/// The types that are text in both formats, as values and as keys.
fn written_as_text(value: &Value) -> Option<(&str, Option<Tag>)> {
    Some(match value {
        Value::Str(text) => (text, None),
        Value::NaiveDateTime(text) => (text, Some(Tag::NaiveDateTime)),
        Value::Date(text) => (text, Some(Tag::Date)),
        Value::Time(text) => (text, Some(Tag::Time)),
        Value::TimeDelta(text) => (text, Some(Tag::TimeDelta)),
        Value::Decimal(text) => (text, Some(Tag::Decimal)),
        Value::Uuid(text) => (text, Some(Tag::Uuid)),
        Value::Markup(text) => (text, Some(Tag::Markup)),
        _ => return None,
    })
}

fn zone_tag(moment: &AwareDateTime) -> Tag {
    Tag::AwareDateTime(match &moment.zone {
        Some(zone) => zone.as_str().into(),
        None => moment.offset.to_string().into(),
    })
}

fn moment_text(moment: &AwareDateTime) -> Result<String> {
    text::of_moment(moment).ok_or_else(|| {
        let detail = "a datetime outside the years 1 to 9999 can't be stored";
        Error::new(ErrorKind::Unsupported, detail)
    })
}

fn unfit(value: &Value) -> Error {
    let name = value.type_name();
    Error::new(
        ErrorKind::Unsupported,
        format!("a {name} can't be stored in this format"),
    )
}

fn unfit_key(key: &Value) -> Error {
    let name = key.type_name();
    Error::new(
        ErrorKind::Unsupported,
        format!("a {name} can't be a key of a map in this format"),
    )
}
