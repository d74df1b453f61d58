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

/// A module for what serde writes as `kind` holds it.
macro_rules! as_kind {
    ($($(#[doc = $doc:literal])+ $module:ident $kind:ident;)*) => {
        $(
            $(#[doc = $doc])+
            pub mod $module {
                use serde::{Deserialize, Deserializer, Serialize, Serializer};

                use crate::typed::kind;

                /// Writes it as that type.
                pub fn serialize<T: Serialize, S: Serializer>(
                    held: &T,
                    serializer: S,
                ) -> Result<S::Ok, S::Error> {
                    serializer.serialize_newtype_struct(kind::$kind.name, held)
                }

                /// Reads that type, or what serde would write without it.
                pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
                    deserializer: D,
                ) -> Result<T, D::Error> {
                    T::deserialize(deserializer)
                }
            }
        )*
    };
}

as_kind! {
    /// Any Rust collection as a Python `set`.
    set Set;
    /// Any Rust collection as a Python `frozenset`.
    frozen_set FrozenSet;
    /// Any Rust sequence, such as a `VecDeque`, as a Python `deque`.
    deque Deque;
    /// Text that is HTML already, as a `Markup`, which templates don't escape.
    markup Markup;
}

/// [`Duration`](std::time::Duration) as a Python `timedelta`, to the microsecond.
///
/// ```
/// use std::time::Duration;
///
/// use flask_session_core::{Value, with};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Trial(#[serde(with = "with::duration")] Duration);
///
/// let value = Value::from_type(&Trial(Duration::from_millis(86_405_250))).unwrap();
/// assert_eq!(value, Value::TimeDelta("P1DT5.25S".to_owned()));
/// assert_eq!(value.into_type::<Trial>().unwrap().0.as_millis(), 86_405_250);
/// ```
pub mod duration {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de, ser};

    use crate::codec::text;
    use crate::typed::kind;

    const DAY: u64 = 86_400;

    /// Writes a duration. More than a `timedelta` holds, a billion days, is an error.
    pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        let seconds = duration.as_secs();
        let days = i64::try_from(seconds / DAY).unwrap_or(i64::MAX);
        if days > 999_999_999 {
            return Err(ser::Error::custom("it is longer than a timedelta can be"));
        }
        let rest = u32::try_from(seconds % DAY).unwrap_or_default();
        let text = text::of_duration(days, rest, duration.subsec_micros());
        serializer.serialize_newtype_struct(kind::TimeDelta.name, &text)
    }

    /// Reads a `timedelta`, or the text of one. A negative one is an error.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(deserializer)?;
        text::to_duration(&text).ok_or_else(|| de::Error::custom("it is no duration of 0 or more"))
    }
}
