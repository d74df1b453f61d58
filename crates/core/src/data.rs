//! What a session holds.

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A value that a session can hold: what the formats know, and the Python types that notes keep
/// (`docs/format.md` §2).
///
/// Types that are written as text hold the text that is written. Integers are held in the first
/// variant that fits. `Debug` shows the variant only, never the content.
///
/// ```
/// use flask_session_core::{Float, Value};
///
/// assert_eq!(Value::integer("-7"), Some(Value::Int(-7)));
/// assert_eq!(Value::from("ann").as_str(), Some("ann"));
/// assert_eq!(Value::Uuid("12345678-1234-5678-9abc-def012345678".to_owned()).type_name(), "UUID");
/// assert_eq!(Value::Float(Float(f64::NAN)), Value::Float(Float(f64::NAN)));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is named as its type")]
pub enum Value {
    Nil,
    Bool(bool),
    Int(i64),
    /// Above `i64::MAX`.
    UInt(u64),
    /// The decimal digits of an integer outside -2^63 .. 2^64-1.
    BigInt(String),
    Float(Float),
    Str(String),
    Bytes(Vec<u8>),
    ByteArray(Vec<u8>),
    Array(Vec<Value>),
    Tuple(Vec<Value>),
    /// Read in the order of the elements' encoded bytes.
    Set(Vec<Value>),
    /// Read in the order of the elements' encoded bytes.
    FrozenSet(Vec<Value>),
    Deque(Vec<Value>),
    Map(Vec<(Value, Value)>),
    /// A map that compares by order.
    OrderedMap(Vec<(Value, Value)>),
    /// `2026-01-31T23:59:59`, with six digits of microseconds unless they are zero.
    NaiveDateTime(String),
    AwareDateTime(AwareDateTime),
    /// `2026-01-31`.
    Date(String),
    /// `23:59:59`, with microseconds unless they are zero, with an offset if it has one.
    Time(String),
    /// An ISO 8601 duration in days and seconds: `P1DT5.25S`.
    TimeDelta(String),
    Decimal(String),
    /// 36 characters, lower case.
    Uuid(String),
    Markup(String),
    /// A `MessagePack` extension that we don't know, which survives unchanged.
    Ext(i8, Vec<u8>),
}

impl Value {
    /// The name of the type, for messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Nil => "None",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::UInt(_) | Self::BigInt(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "str",
            Self::Bytes(_) => "bytes",
            Self::ByteArray(_) => "bytearray",
            Self::Array(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Set(_) => "set",
            Self::FrozenSet(_) => "frozenset",
            Self::Deque(_) => "deque",
            Self::Map(_) => "dict",
            Self::OrderedMap(_) => "OrderedDict",
            Self::NaiveDateTime(_) | Self::AwareDateTime(_) => "datetime",
            Self::Date(_) => "date",
            Self::Time(_) => "time",
            Self::TimeDelta(_) => "timedelta",
            Self::Decimal(_) => "Decimal",
            Self::Uuid(_) => "UUID",
            Self::Markup(_) => "Markup",
            Self::Ext(..) => "MessagePack extension",
        }
    }

    /// An integer from decimal text, in the first variant that fits. `None` if it is none.
    pub fn integer(text: &str) -> Option<Self> {
        if let Ok(number) = text.parse() {
            return Some(Self::Int(number));
        }
        if let Ok(number) = text.parse() {
            return Some(Self::UInt(number));
        }
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", text),
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = digits.trim_start_matches('0');
        let shortest = format!("{sign}{digits}");
        if digits.len() <= 20
            && (shortest.parse::<i64>().is_ok() || shortest.parse::<u64>().is_ok())
        {
            return Self::integer(&shortest);
        }
        if digits.is_empty() {
            return Some(Self::Int(0));
        }
        Some(Self::BigInt(shortest))
    }

    /// The text, if the value is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({})", self.type_name())
    }
}

/// A float that compares and hashes by its bits, so that a NaN equals itself.
#[derive(Debug, Clone, Copy)]
pub struct Float(pub f64);

impl PartialEq for Float {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Float {}

impl Hash for Float {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

/// A moment, and where its clock hangs.
///
/// ```
/// use flask_session_core::{AwareDateTime, Value};
///
/// let in_berlin = AwareDateTime {
///     seconds: 1_700_000_000,
///     microseconds: 0,
///     offset: 3600,
///     zone: Some("Europe/Berlin".to_owned()),
/// };
/// assert_eq!(Value::AwareDateTime(in_berlin).type_name(), "datetime");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AwareDateTime {
    /// Seconds since 1970, UTC.
    pub seconds: i64,
    /// Below a million.
    pub microseconds: u32,
    /// Seconds that the local time is ahead of UTC; less than a day. 0 beside a `zone` if it isn't known.
    pub offset: i32,
    /// The IANA name of the zone, if it isn't a mere offset.
    pub zone: Option<String>,
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Str(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Str(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Int(number.into())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or(Self::UInt(number), Self::Int)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(Float(number))
    }
}

/// A decoded session: keys and values in order, each key once.
///
/// ```
/// use flask_session_core::Data;
///
/// let mut data = Data::new();
/// assert!(data.is_empty());
/// data.insert("user", "ann");
/// assert_eq!(data.insert("user", "bob"), Some("ann".into()));
/// assert_eq!(data.get("user"), Some(&"bob".into()));
/// assert_eq!((data.len(), data.iter().count()), (1, 1));
/// assert_eq!(data.remove("user"), Some("bob".into()));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Data(Vec<(Value, Value)>);

impl Data {
    /// An empty session.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many entries there are, the permanent flag included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entries, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Value, &Value)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// The value under a text key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let place = self.place(key)?;
        Some(&self.0[place].1)
    }

    /// Puts a value under a text key, at its old place if it has one. Returns the old value.
    pub fn insert(&mut self, key: &str, value: impl Into<Value>) -> Option<Value> {
        let value = value.into();
        if let Some(place) = self.place(key) {
            return Some(std::mem::replace(&mut self.0[place].1, value));
        }
        self.0.push((key.into(), value));
        None
    }

    /// Takes the value under a text key out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let place = self.place(key)?;
        Some(self.0.remove(place).1)
    }

    fn place(&self, key: &str) -> Option<usize> {
        self.0
            .iter()
            .position(|(found, _)| found.as_str() == Some(key))
    }
}

impl FromIterator<(Value, Value)> for Data {
    /// As in Python, of a key that occurs twice the last value is kept at the first one's place.
    fn from_iter<I: IntoIterator<Item = (Value, Value)>>(entries: I) -> Self {
        let mut places = HashMap::new();
        let mut kept: Vec<(Value, Value)> = Vec::new();
        for (key, value) in entries {
            let place = *places.entry(key.clone()).or_insert(kept.len());
            match kept.get_mut(place) {
                Some(entry) => entry.1 = value,
                None => kept.push((key, value)),
            }
        }
        Self(kept)
    }
}

impl IntoIterator for Data {
    type Item = (Value, Value);
    type IntoIter = std::vec::IntoIter<(Value, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_is_held_in_the_first_variant_that_fits() {
        assert_eq!(Value::integer("-007"), Some(Value::Int(-7)));
        assert_eq!(Value::integer("-0"), Some(Value::Int(0)));
        assert_eq!(Value::integer(&"0".repeat(40)), Some(Value::Int(0)));
        assert_eq!(
            Value::integer("9223372036854775808"),
            Some(Value::UInt(1 << 63))
        );
        let big = "-9223372036854775809";
        assert_eq!(Value::integer(big), Some(Value::BigInt(big.to_owned())));
        let padded = "00018446744073709551616";
        let shortest = Value::BigInt("18446744073709551616".to_owned());
        assert_eq!(Value::integer(padded), Some(shortest));
        for text in ["", "-", "1a", "1.0", " 1", "--1", "99999999999999999999x"] {
            assert_eq!(Value::integer(text), None, "{text}");
        }
    }

    #[test]
    fn a_key_keeps_its_place_and_its_last_value() {
        let entries = [("a", 1), ("b", 2), ("a", 3)];
        let entries = entries.map(|(key, number)| (Value::from(key), Value::Int(number)));
        let mut data: Data = entries.into_iter().collect();
        assert_eq!(data.len(), 2);
        assert_eq!(data.insert("a", 4), Some(Value::Int(3)));
        assert_eq!(data.insert("c", true), None);
        assert_eq!(data.remove("b"), Some(Value::Int(2)));
        let keys: Vec<_> = data.iter().filter_map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["a", "c"]);
        assert_eq!(data.get("a"), Some(&Value::Int(4)));
    }

    #[test]
    fn debug_shows_no_content() {
        let value = Value::Array(vec!["secret".into()]);
        let data: Data = [(Value::from("key"), value)].into_iter().collect();
        let text = format!("{data:?}");
        assert!(!text.contains("secret") && !text.contains("key"), "{text}");
    }
}
