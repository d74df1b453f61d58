//! [`Value`] itself through serde, with nothing lost.

use std::fmt;

use serde::de::{
    Deserialize, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};

use super::{WHOLE, kind};
use crate::codec::text;
use crate::data::{Float, Value};

/// The name of a newtype for this value, and what it holds. Values that need none have an empty
/// name.
pub(super) fn taken_apart(value: Value) -> (&'static str, Value) {
    let (kind, held) = match value {
        Value::BigInt(digits) => (kind::BigInt, Value::Str(digits)),
        Value::ByteArray(bytes) => (kind::ByteArray, Value::Bytes(bytes)),
        Value::Tuple(items) => (kind::Tuple, Value::Array(items)),
        Value::Set(items) => (kind::Set, Value::Array(items)),
        Value::FrozenSet(items) => (kind::FrozenSet, Value::Array(items)),
        Value::Deque(items) => (kind::Deque, Value::Array(items)),
        Value::OrderedMap(entries) => (kind::OrderedMap, Value::Map(entries)),
        Value::NaiveDateTime(text) => (kind::NaiveDateTime, Value::Str(text)),
        Value::Date(text) => (kind::Date, Value::Str(text)),
        Value::Time(text) => (kind::Time, Value::Str(text)),
        Value::TimeDelta(text) => (kind::TimeDelta, Value::Str(text)),
        Value::Decimal(text) => (kind::Decimal, Value::Str(text)),
        Value::Uuid(text) => (kind::Uuid, Value::Str(text)),
        Value::Markup(text) => (kind::Markup, Value::Str(text)),
        Value::Ext(number, bytes) => {
            let held = vec![Value::Int(number.into()), Value::Bytes(bytes)];
            (kind::Ext, Value::Array(held))
        }
        Value::AwareDateTime(moment) => match text::of_exact_moment(&moment) {
            Some(text) => (kind::AwareDateTime, Value::Str(text)),
            None => return ("", Value::AwareDateTime(moment)),
        },
        plain => return ("", plain),
    };
    (kind.name, held)
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nil => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(number) => serializer.serialize_i64(*number),
            Self::UInt(number) => serializer.serialize_u64(*number),
            Self::Float(Float(number)) => serializer.serialize_f64(*number),
            Self::Str(text) => serializer.serialize_str(text),
            Self::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
            noted => match taken_apart(noted.clone()) {
                ("", _) => Err(S::Error::custom("a moment outside the years 1 to 9999")),
                (name, held) => serializer.serialize_newtype_struct(name, &held),
            },
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(WHOLE, WholeVisitor)
    }
}

struct WholeVisitor;

impl<'de> Visitor<'de> for WholeVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that a session can hold")
    }

    /// From this crate's deserializer.
    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Value, A::Error> {
        let (name, content): (String, _) = access.variant()?;
        let held = content.newtype_variant::<Plain>()?.0;
        kind::named(&name, held).map_err(serde::de::Error::custom)
    }

    /// From any other, which passes newtypes over.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Value, D::Error> {
        Ok(Plain::deserialize(inner)?.0)
    }
}

/// A value of the types that every deserializer knows; what it holds may again be of any.
struct Plain(Value);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainVisitor).map(Self)
    }
}

struct PlainVisitor;

impl<'de> Visitor<'de> for PlainVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that a session can hold")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nil)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Nil)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Value, D::Error> {
        Value::deserialize(inner)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Value, E> {
        Ok(Value::Bytes(bytes.to_vec()))
    }

    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Value, E> {
        Ok(Value::Bytes(bytes))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Value::Map(entries))
    }
}
