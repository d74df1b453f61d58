//! Values from and to Rust types, through serde.
//!
//! Types that Python tells apart and serde doesn't (a set, a date, a UUID) travel as newtypes whose
//! names begin with [`MARK`]: this crate's serializer takes such a name for the value's type, every
//! other one passes it over and writes the text or the list alone.

mod deserialize;
mod kind;
mod serialize;
mod value;
pub mod with;

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Error, ErrorKind, Result, Value};

const MARK: &str = "flask_session::";

/// What serde asks of [`Value`]'s own deserializer, so that nothing is lost.
const WHOLE: &str = "flask_session::Value";

impl Value {
    /// The value that `value` is written as. Text, numbers, bytes, lists and maps become what
    /// Python calls so; a Rust tuple is a tuple, a struct a map with text keys, an enum what serde
    /// makes of it. What has no such form (a map with a list as key) is
    /// [`ErrorKind::Unsupported`].
    ///
    /// ```
    /// use flask_session_core::Value;
    ///
    /// let value = Value::from_type(&vec![("info", 1)]).unwrap();
    /// let pair = Value::Tuple(vec!["info".into(), 1.into()]);
    /// assert_eq!(value, Value::Array(vec![pair]));
    /// ```
    pub fn from_type<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        let value = value.serialize(serialize::Serializer);
        value.map_err(|failure| Error::new(ErrorKind::Unsupported, failure.0))
    }

    /// The value as a Rust type. Dates, `Decimal` and `UUID` are read as the text that they are
    /// written as, tuples and sets as lists. What doesn't fit is [`ErrorKind::Unsupported`], and
    /// the error shows types only, no content.
    ///
    /// ```
    /// use flask_session_core::Value;
    ///
    /// let value = Value::Set(vec!["a".into()]);
    /// assert_eq!(value.into_type::<Vec<String>>().unwrap(), ["a"]);
    /// ```
    pub fn into_type<T: DeserializeOwned>(self) -> Result<T> {
        let found = self.type_name();
        T::deserialize(deserialize::Deserializer(self)).map_err(|_| {
            let wanted = std::any::type_name::<T>();
            let detail = format!("a session's {found} can't be read as {wanted}");
            Error::new(ErrorKind::Unsupported, detail)
        })
    }
}

/// Why a value didn't fit.
#[derive(Debug)]
struct Failure(String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

impl serde::ser::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl serde::de::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}
