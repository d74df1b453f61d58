//! For fields of your own types: `#[serde(with = "...")]` with one of these modules stores a field
//! as the Python type that it stands for, so that Flask finds a `UUID` and not text.
//!
//! ```
//! use std::collections::HashSet;
//!
//! use flask_session_core::{Value, with};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Visit {
//!     #[serde(with = "with::set")]
//!     pages: HashSet<String>,
//! }
//!
//! let visit = Visit { pages: HashSet::from(["/".to_owned()]) };
//! let value = Value::from_type(&visit).unwrap();
//! let pages = ("pages".into(), Value::Set(vec!["/".into()]));
//! assert_eq!(value, Value::Map(vec![pages]));
//! assert_eq!(value.into_type::<Visit>().unwrap().pages, visit.pages);
//! ```

/// Any Rust collection as a Python `set`.
pub mod set {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::typed::kind;

    /// Writes a collection as a set.
    pub fn serialize<T: Serialize, S: Serializer>(
        items: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(kind::Set.name, items)
    }

    /// Reads a set, or any list.
    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        T::deserialize(deserializer)
    }
}
