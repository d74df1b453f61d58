//! For fields of your own types: `#[serde(with = "...")]` with one of these modules stores a field
//! as the Python type that it stands for, so that Flask finds a `UUID` and not text.

#[cfg(feature = "jiff")]
mod dates;

#[cfg(feature = "jiff")]
pub use dates::{date, date_time, signed_duration, time, zoned};
pub use flask_session_core::with::{deque, duration, frozen_set, markup, set};

/// [`uuid::Uuid`](::uuid::Uuid) as a Python `UUID`. Feature `uuid`.
///
/// ```
/// use flask_session_tower::{Value, with};
/// use serde::{Deserialize, Serialize};
/// use uuid::Uuid;
///
/// #[derive(Serialize, Deserialize)]
/// struct Order(#[serde(with = "with::uuid")] Uuid);
///
/// let value = Value::from_type(&Order(Uuid::nil())).unwrap();
/// assert_eq!(value, Value::Uuid("00000000-0000-0000-0000-000000000000".to_owned()));
/// assert_eq!(value.into_type::<Order>().unwrap().0, Uuid::nil());
/// ```
#[cfg(feature = "uuid")]
pub mod uuid {
    use ::uuid::Uuid;
    use flask_session_core::Value;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    /// Writes a UUID.
    pub fn serialize<S: Serializer>(id: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
        Value::Uuid(id.hyphenated().to_string()).serialize(serializer)
    }

    /// Reads a UUID, or the text of one.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Uuid, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(|_| D::Error::custom("it is no UUID"))
    }
}

/// [`rust_decimal::Decimal`] as a Python `Decimal`, with its trailing
/// zeros. Feature `rust_decimal`.
///
/// ```
/// use flask_session_tower::{Value, with};
/// use rust_decimal::Decimal;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Price(#[serde(with = "with::decimal")] Decimal);
///
/// let value = Value::from_type(&Price(Decimal::new(110, 2))).unwrap();
/// assert_eq!(value, Value::Decimal("1.10".to_owned()));
/// assert_eq!(value.into_type::<Price>().unwrap().0.to_string(), "1.10");
/// ```
#[cfg(feature = "rust_decimal")]
pub mod decimal {
    use flask_session_core::Value;
    use rust_decimal::Decimal;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    /// Writes a decimal number.
    pub fn serialize<S: Serializer>(number: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        Value::Decimal(number.to_string()).serialize(serializer)
    }

    /// Reads a decimal number, or the text of one. One with more digits than a Rust `Decimal`
    /// holds, an infinity or a NaN is an error.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = if text.contains('E') {
            Decimal::from_scientific(&text)
        } else {
            Decimal::from_str_exact(&text)
        };
        read.map_err(|_| D::Error::custom("it is no decimal number of at most 28 digits"))
    }
}
