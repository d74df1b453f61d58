//! Reading a [`Value`], and giving it the type that a note names.

use std::mem;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::msgpack::below;
use super::{Malformed, json, msgpack, text};
use crate::data::{AwareDateTime, Float, Value};
use crate::{Entry, Format, NoteTree, Tag};

type Result<T> = std::result::Result<T, Malformed>;

/// The notes that hold where the decoder is.
type Notes<'a> = Option<&'a NoteTree>;

/// Decodes an entry's key and value.
pub(crate) fn decode_entry(entry: &Entry, format: Format) -> Result<(Value, Value)> {
    let tree = entry.note.as_ref().map(|note| NoteTree::parse(note.text()));
    let notes = tree.as_ref();
    let key = read_key(entry, notes, format)?;
    let value = match format {
        Format::Msgpack => {
            let mut reader = msgpack::Reader::new(&entry.value);
            let value = msgpack_value(&mut reader, notes, 0)?;
            reader.end()?;
            value
        }
        Format::Json => {
            let mut reader = json::Reader::new(&entry.value)?;
            let value = json_value(&mut reader, notes, 0)?;
            reader.end()?;
            value
        }
    };
    Ok((key, value))
}

/// Decodes an entry's key.
pub(crate) fn decode_key(entry: &Entry, format: Format) -> Result<Value> {
    let tree = entry.note.as_ref().map(|note| NoteTree::parse(note.text()));
    read_key(entry, tree.as_ref(), format)
}

fn read_key(entry: &Entry, notes: Notes<'_>, format: Format) -> Result<Value> {
    let notes = notes.and_then(NoteTree::own_key);
    match format {
        Format::Msgpack => {
            let mut reader = msgpack::Reader::new(&entry.key);
            let key = msgpack_key(&mut reader, notes, 0)?;
            reader.end()?;
            Ok(key)
        }
        Format::Json => {
            let mut reader = json::Reader::new(&entry.key)?;
            let json::Token::Str(key) = reader.token()? else {
                return Err(Malformed::KEY);
            };
            reader.end()?;
            Ok(as_key(Value::Str(key.into_owned()), notes))
        }
    }
}

fn msgpack_value(
    reader: &mut msgpack::Reader<'_>,
    notes: Notes<'_>,
    depth: usize,
) -> Result<Value> {
    let value = match reader.token()? {
        msgpack::Token::Array(length) => {
            below(depth)?;
            let mut items = Vec::with_capacity(reader.fitting(length).min(1024));
            for index in 0..length {
                let notes = notes.and_then(|notes| notes.child(index));
                items.push(msgpack_value(reader, notes, depth + 1)?);
            }
            Value::Array(items)
        }
        msgpack::Token::Map(length) => {
            below(depth)?;
            let mut entries = Vec::with_capacity(reader.fitting(length).min(1024));
            for index in 0..length {
                let key_notes = notes.and_then(|notes| notes.key_child(index));
                let key = msgpack_key(reader, key_notes, depth + 1)?;
                let notes = notes.and_then(|notes| notes.child(index));
                entries.push((key, msgpack_value(reader, notes, depth + 1)?));
            }
            Value::Map(entries)
        }
        token => msgpack_scalar(token),
    };
    Ok(as_value(value, notes))
}

fn msgpack_key(reader: &mut msgpack::Reader<'_>, notes: Notes<'_>, depth: usize) -> Result<Value> {
    let key = match reader.token()? {
        msgpack::Token::Array(length) => {
            below(depth)?;
            let mut items = Vec::with_capacity(reader.fitting(length).min(1024));
            for index in 0..length {
                let notes = notes.and_then(|notes| notes.child(index));
                items.push(msgpack_key(reader, notes, depth + 1)?);
            }
            Value::Tuple(items)
        }
        msgpack::Token::Map(_) => return Err(Malformed::KEY),
        token => msgpack_scalar(token),
    };
    Ok(as_key(key, notes))
}

fn msgpack_scalar(token: msgpack::Token<'_>) -> Value {
    match token {
        msgpack::Token::Bool(value) => Value::Bool(value),
        msgpack::Token::Int(number) => Value::Int(number),
        msgpack::Token::UInt(number) => Value::UInt(number),
        msgpack::Token::Float(number) => Value::Float(Float(number)),
        msgpack::Token::Str(text) => Value::Str(text.to_owned()),
        msgpack::Token::Bytes(bytes) => Value::Bytes(bytes.to_owned()),
        msgpack::Token::Ext(kind, bytes) => match timestamp(kind, bytes) {
            Some(moment) => Value::AwareDateTime(moment),
            None => Value::Ext(kind, bytes.to_owned()),
        },
        // Containers are read by the callers.
        msgpack::Token::Nil | msgpack::Token::Array(_) | msgpack::Token::Map(_) => Value::Nil,
    }
}

fn timestamp(kind: i8, content: &[u8]) -> Option<AwareDateTime> {
    if kind != -1 {
        return None;
    }
    let (seconds, microseconds) = msgpack::read_timestamp(content)?;
    text::is_in_range(seconds).then_some(AwareDateTime {
        seconds,
        microseconds,
        offset: 0,
        zone: None,
    })
}

fn json_value(reader: &mut json::Reader<'_>, notes: Notes<'_>, depth: usize) -> Result<Value> {
    let value = match reader.token()? {
        json::Token::Array => {
            below(depth)?;
            let mut items = Vec::new();
            while reader.element(items.len())? {
                let notes = notes.and_then(|notes| notes.child(items.len()));
                items.push(json_value(reader, notes, depth + 1)?);
            }
            Value::Array(items)
        }
        json::Token::Map => {
            below(depth)?;
            let mut entries = Vec::new();
            while let Some(key) = reader.key(entries.len())? {
                let key_notes = notes.and_then(|notes| notes.key_child(entries.len()));
                let key = as_key(Value::Str(key.into_owned()), key_notes);
                let notes = notes.and_then(|notes| notes.child(entries.len()));
                entries.push((key, json_value(reader, notes, depth + 1)?));
            }
            Value::Map(entries)
        }
        json::Token::Null => Value::Nil,
        json::Token::Bool(value) => Value::Bool(value),
        json::Token::Int(number) => Value::Int(number),
        json::Token::UInt(number) => Value::UInt(number),
        json::Token::BigInt(digits) => {
            Value::integer(digits).unwrap_or_else(|| Value::BigInt(digits.to_owned()))
        }
        json::Token::Float(number) => Value::Float(Float(number)),
        json::Token::Str(text) => Value::Str(text.into_owned()),
    };
    Ok(as_value(value, notes))
}

/// The value as its note says it was; unchanged if the note doesn't fit it.
fn as_value(mut value: Value, notes: Notes<'_>) -> Value {
    let Some(tag) = notes.and_then(NoteTree::tag) else {
        return value;
    };
    match (tag, &mut value) {
        (Tag::Tuple, Value::Array(items)) => Value::Tuple(mem::take(items)),
        (Tag::Set, Value::Array(items)) => Value::Set(mem::take(items)),
        (Tag::FrozenSet, Value::Array(items)) => Value::FrozenSet(mem::take(items)),
        (Tag::Deque, Value::Array(items)) => Value::Deque(mem::take(items)),
        (Tag::OrderedMap, Value::Map(entries)) => Value::OrderedMap(mem::take(entries)),
        (Tag::ByteArray, Value::Bytes(bytes)) => Value::ByteArray(mem::take(bytes)),
        (Tag::ByteArray, Value::Str(text)) => match STANDARD.decode(text) {
            Ok(bytes) => Value::ByteArray(bytes),
            Err(_) => value,
        },
        (Tag::Float(text), Value::Nil) => match text.parse::<f64>() {
            Ok(number) if !number.is_finite() => Value::Float(Float(number)),
            _ => value,
        },
        _ => as_scalar(value, tag),
    }
}

/// The key as its note says it was; unchanged if the note doesn't fit it.
fn as_key(mut key: Value, notes: Notes<'_>) -> Value {
    let Some(tag) = notes.and_then(NoteTree::tag) else {
        return key;
    };
    match (tag, &mut key) {
        (Tag::FrozenSet, Value::Tuple(items)) => Value::FrozenSet(mem::take(items)),
        (Tag::None, Value::Str(text)) if text == "null" => Value::Nil,
        (Tag::Bool, Value::Str(text)) if text == "true" => Value::Bool(true),
        (Tag::Bool, Value::Str(text)) if text == "false" => Value::Bool(false),
        (Tag::Float(text), Value::Str(written)) => match (text.parse(), written.parse()) {
            (Ok(number), Ok(written)) if is_same(number, written) => Value::Float(Float(number)),
            _ => key,
        },
        _ => as_scalar(key, tag),
    }
}

/// NaN is itself here, and zero has a sign.
fn is_same(one: f64, other: f64) -> bool {
    one.to_bits() == other.to_bits()
}

/// The types that are noted alike in values and in keys.
fn as_scalar(mut value: Value, tag: &Tag) -> Value {
    if let (Tag::AwareDateTime(zone), Value::AwareDateTime(moment)) = (tag, &value) {
        return Value::AwareDateTime(text::in_zone(moment.clone(), zone));
    }
    let Value::Str(text) = &mut value else {
        return value;
    };
    let fitting: fn(String) -> Value = match tag {
        Tag::NaiveDateTime if text::is_naive_date_time(text) => Value::NaiveDateTime,
        Tag::Date if text::is_date(text) => Value::Date,
        Tag::Time if text::is_time(text) => Value::Time,
        Tag::TimeDelta if text::is_time_delta(text) => Value::TimeDelta,
        Tag::Decimal if text::is_decimal(text) => Value::Decimal,
        Tag::Uuid if text::is_uuid(text) => Value::Uuid,
        Tag::Markup => Value::Markup,
        Tag::Integer => return Value::integer(text).unwrap_or(value),
        Tag::Bytes => return STANDARD.decode(text).map_or(value, Value::Bytes),
        Tag::AwareDateTime(zone) => {
            return text::to_moment(text, zone).map_or(value, Value::AwareDateTime);
        }
        _ => return value,
    };
    fitting(mem::take(text))
}
