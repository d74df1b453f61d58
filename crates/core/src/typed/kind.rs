//! The types that a newtype's name stands for.

use super::{Failure, MARK};
use crate::Value;
use crate::codec::text;

/// A type that serde has no word for. Its name is that of the variant of [`Value`].
#[derive(Clone, Copy)]
pub(super) struct Kind {
    /// What a newtype is called that holds such a value.
    pub(super) name: &'static str,
    /// The value, of what the newtype held.
    make: fn(Value) -> Option<Value>,
}

macro_rules! kinds {
    ($($kind:ident $make:expr;)*) => {
        $(
            #[allow(non_upper_case_globals, reason = "each is named as its variant")]
            pub(super) const $kind: Kind = Kind {
                name: concat!("flask_session::", stringify!($kind)),
                make: $make,
            };
        )*

        const ALL: &[Kind] = &[$($kind),*];
    };
}

kinds! {
    BigInt |held| Value::integer(held.as_str()?);
    ByteArray |held| Some(Value::ByteArray(bytes(held)?));
    Tuple |held| Some(Value::Tuple(items(held)?));
    Set |held| Some(Value::Set(items(held)?));
    FrozenSet |held| Some(Value::FrozenSet(items(held)?));
    Deque |held| Some(Value::Deque(items(held)?));
    OrderedMap |held| match held {
        Value::Map(entries) => Some(Value::OrderedMap(entries)),
        _ => None,
    };
    NaiveDateTime |held| fitting(held, text::is_naive_date_time).map(Value::NaiveDateTime);
    AwareDateTime |held| text::to_exact_moment(held.as_str()?).map(Value::AwareDateTime);
    Date |held| fitting(held, text::is_date).map(Value::Date);
    Time |held| fitting(held, text::is_time).map(Value::Time);
    TimeDelta |held| fitting(held, text::is_time_delta).map(Value::TimeDelta);
    Decimal |held| fitting(held, text::is_decimal).map(Value::Decimal);
    Uuid |held| fitting(held, text::is_uuid).map(Value::Uuid);
    Markup |held| fitting(held, |_| true).map(Value::Markup);
    Ext |held| {
        let [kind, content] = <[Value; 2]>::try_from(items(held)?).ok()?;
        let Value::Int(kind) = kind else { return None };
        Some(Value::Ext(i8::try_from(kind).ok()?, bytes(content)?))
    };
}

fn items(held: Value) -> Option<Vec<Value>> {
    match held {
        Value::Array(items) | Value::Tuple(items) => Some(items),
        _ => None,
    }
}

fn bytes(held: Value) -> Option<Vec<u8>> {
    match held {
        Value::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}

fn fitting(held: Value, fits: fn(&str) -> bool) -> Option<String> {
    match held {
        Value::Str(text) if fits(&text) => Some(text),
        _ => None,
    }
}

/// The value of a newtype `name` that held `held`.
pub(super) fn named(name: &str, held: Value) -> Result<Value, Failure> {
    if !name.starts_with(MARK) {
        return Ok(held);
    }
    let kind = ALL.iter().find(|kind| kind.name == name);
    let made = kind.and_then(|kind| (kind.make)(held));
    made.ok_or_else(|| Failure(format!("what it holds is no {}", &name[MARK.len()..])))
}
