//! A serde serializer that makes a [`Value`].

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

use super::{Failure, kind};
use crate::Value;
use crate::data::Float;

type Result<T = Value> = std::result::Result<T, Failure>;

pub(super) struct Serializer;

fn make<T: Serialize + ?Sized>(value: &T) -> Result {
    value.serialize(Serializer)
}

fn under(variant: &str, value: Value) -> Value {
    Value::Map(vec![(variant.into(), value)])
}

impl serde::Serializer for Serializer {
    type Ok = Value;
    type Error = Failure;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Entries;
    type SerializeStruct = Entries;
    type SerializeStructVariant = Entries;

    fn serialize_bool(self, value: bool) -> Result {
        Ok(Value::Bool(value))
    }

    fn serialize_i8(self, value: i8) -> Result {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result {
        Ok(Value::Int(value))
    }

    fn serialize_i128(self, value: i128) -> Result {
        digits(&value.to_string())
    }

    fn serialize_u8(self, value: u8) -> Result {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result {
        Ok(value.into())
    }

    fn serialize_u128(self, value: u128) -> Result {
        digits(&value.to_string())
    }

    fn serialize_f32(self, value: f32) -> Result {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result {
        Ok(Value::Float(Float(value)))
    }

    fn serialize_char(self, value: char) -> Result {
        Ok(Value::Str(value.to_string()))
    }

    fn serialize_str(self, value: &str) -> Result {
        Ok(value.into())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result {
        Ok(Value::Bytes(value.to_vec()))
    }

    fn serialize_none(self) -> Result {
        Ok(Value::Nil)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result {
        make(value)
    }

    fn serialize_unit(self) -> Result {
        Ok(Value::Nil)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result {
        Ok(Value::Nil)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result {
        Ok(variant.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result {
        kind::named(name, make(value)?)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result {
        Ok(under(variant, make(value)?))
    }

    fn serialize_seq(self, _length: Option<usize>) -> Result<Items> {
        Ok(Items::new(Value::Array))
    }

    fn serialize_tuple(self, _length: usize) -> Result<Items> {
        Ok(Items::new(Value::Tuple))
    }

    fn serialize_tuple_struct(self, _name: &'static str, length: usize) -> Result<Items> {
        self.serialize_tuple(length)
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Items> {
        Ok(Items {
            variant: Some(variant),
            ..Items::new(Value::Tuple)
        })
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<Entries> {
        Ok(Entries::default())
    }

    fn serialize_struct(self, _name: &'static str, _length: usize) -> Result<Entries> {
        Ok(Entries::default())
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Entries> {
        Ok(Entries {
            variant: Some(variant),
            ..Entries::default()
        })
    }
}

fn digits(digits: &str) -> Result {
    Value::integer(digits).ok_or_else(|| Failure("it is no integer".to_owned()))
}

pub(super) struct Items {
    collected: Vec<Value>,
    container: fn(Vec<Value>) -> Value,
    variant: Option<&'static str>,
}

impl Items {
    fn new(container: fn(Vec<Value>) -> Value) -> Self {
        Self {
            collected: Vec::new(),
            container,
            variant: None,
        }
    }

    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.collected.push(make(value)?);
        Ok(())
    }

    fn finish(self) -> Value {
        let made = (self.container)(self.collected);
        match self.variant {
            Some(variant) => under(variant, made),
            None => made,
        }
    }
}

macro_rules! items {
    ($($part:ident $method:ident)*) => {
        $(
            impl $part for Items {
                type Ok = Value;
                type Error = Failure;

                fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                    self.push(value)
                }

                fn end(self) -> Result {
                    Ok(self.finish())
                }
            }
        )*
    };
}

items! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

#[derive(Default)]
pub(super) struct Entries {
    collected: Vec<(Value, Value)>,
    key: Option<Value>,
    variant: Option<&'static str>,
}

impl Entries {
    fn finish(self) -> Value {
        let made = Value::Map(self.collected);
        match self.variant {
            Some(variant) => under(variant, made),
            None => made,
        }
    }
}

impl SerializeMap for Entries {
    type Ok = Value;
    type Error = Failure;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.key = Some(make(key)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let key = self.key.take();
        let key = key.ok_or_else(|| Failure("a map's value came before its key".to_owned()))?;
        self.collected.push((key, make(value)?));
        Ok(())
    }

    fn end(self) -> Result {
        Ok(self.finish())
    }
}

macro_rules! entries {
    ($($part:ident)*) => {
        $(
            impl $part for Entries {
                type Ok = Value;
                type Error = Failure;

                fn serialize_field<T: Serialize + ?Sized>(
                    &mut self,
                    key: &'static str,
                    value: &T,
                ) -> Result<()> {
                    self.collected.push((key.into(), make(value)?));
                    Ok(())
                }

                fn end(self) -> Result {
                    Ok(self.finish())
                }
            }
        )*
    };
}

entries! { SerializeStruct SerializeStructVariant }
