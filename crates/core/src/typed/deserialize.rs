//! A serde deserializer that reads a [`Value`].

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, Unexpected, VariantAccess, Visitor,
};

use super::{Failure, WHOLE};
use crate::codec::text;
use crate::data::{Float, Value};

type Result<T> = std::result::Result<T, Failure>;

pub(super) struct Deserializer(pub(super) Value);

impl IntoDeserializer<'_, Failure> for Value {
    type Deserializer = Deserializer;

    fn into_deserializer(self) -> Deserializer {
        Deserializer(self)
    }
}

fn sequence<'de, V: Visitor<'de>>(items: Vec<Value>, visitor: V) -> Result<V::Value> {
    let mut items = SeqDeserializer::new(items.into_iter());
    let read = visitor.visit_seq(&mut items)?;
    items.end()?;
    Ok(read)
}

fn integer<'de, V: Visitor<'de>>(digits: &str, visitor: V) -> Result<V::Value> {
    if let Ok(number) = digits.parse() {
        return visitor.visit_i128(number);
    }
    match digits.parse() {
        Ok(number) => visitor.visit_u128(number),
        Err(_) => visitor.visit_str(digits),
    }
}

impl<'de> serde::Deserializer<'de> for Deserializer {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Value::Nil => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Int(number) => visitor.visit_i64(number),
            Value::UInt(number) => visitor.visit_u64(number),
            Value::BigInt(digits) => integer(&digits, visitor),
            Value::Float(Float(number)) => visitor.visit_f64(number),
            Value::Str(text)
            | Value::NaiveDateTime(text)
            | Value::Date(text)
            | Value::Time(text)
            | Value::TimeDelta(text)
            | Value::Decimal(text)
            | Value::Uuid(text)
            | Value::Markup(text) => visitor.visit_string(text),
            Value::AwareDateTime(moment) => match text::of_moment(&moment) {
                Some(text) => visitor.visit_string(text),
                None => Err(Failure::invalid_value(
                    Unexpected::Other("a moment outside the years 1 to 9999"),
                    &visitor,
                )),
            },
            Value::Bytes(bytes) | Value::ByteArray(bytes) | Value::Ext(_, bytes) => {
                visitor.visit_byte_buf(bytes)
            }
            Value::Array(items)
            | Value::Tuple(items)
            | Value::Set(items)
            | Value::FrozenSet(items)
            | Value::Deque(items) => sequence(items, visitor),
            Value::Map(entries) | Value::OrderedMap(entries) => {
                let mut entries = MapDeserializer::new(entries.into_iter());
                let read = visitor.visit_map(&mut entries)?;
                entries.end()?;
                Ok(read)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Value::Nil => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        if name == WHOLE {
            return visitor.visit_enum(Whole(self.0));
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.0 {
            Value::Str(variant) => visitor.visit_enum(variant.into_deserializer()),
            Value::Map(entries) | Value::OrderedMap(entries) => match <[_; 1]>::try_from(entries) {
                Ok([(variant, content)]) => visitor.visit_enum(Variant { variant, content }),
                Err(_) => Err(Failure::invalid_type(Unexpected::Map, &"one variant")),
            },
            other => Err(Failure::invalid_type(
                Unexpected::Other(other.type_name()),
                &visitor,
            )),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// An enum's variant as serde writes it: a map of one entry.
struct Variant {
    variant: Value,
    content: Value,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = Failure;
    type Variant = Content;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content)> {
        let variant = seed.deserialize(Deserializer(self.variant))?;
        Ok((variant, Content(self.content)))
    }
}

struct Content(Value);

impl<'de> VariantAccess<'de> for Content {
    type Error = Failure;

    fn unit_variant(self) -> Result<()> {
        match self.0 {
            Value::Nil => Ok(()),
            _ => Err(Failure("a variant holds more than it should".to_owned())),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        seed.deserialize(Deserializer(self.0))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value> {
        serde::Deserializer::deserialize_any(Deserializer(self.0), visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        serde::Deserializer::deserialize_any(Deserializer(self.0), visitor)
    }
}

/// A value for [`Value`] itself: the name of its type, and what a newtype of it holds.
struct Whole(Value);

impl<'de> EnumAccess<'de> for Whole {
    type Error = Failure;
    type Variant = Content;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content)> {
        let (name, held) = super::value::taken_apart(self.0);
        let name = seed.deserialize(IntoDeserializer::<Failure>::into_deserializer(name))?;
        Ok((name, Content(held)))
    }
}
