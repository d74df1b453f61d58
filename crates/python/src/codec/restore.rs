//! Giving values back the types that the notes say. A note that doesn't fit its value is ignored:
//! the value then stays what the plain format says.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flask_session_core::Tag;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PySet, PyString,
};

use super::{temporal, types};

/// The value as its note says, or as it is.
#[cold]
pub(super) fn restore<'py>(value: Bound<'py, PyAny>, tag: &Tag) -> Bound<'py, PyAny> {
    let restored = if let Ok(list) = value.cast::<PyList>() {
        from_list(list, tag)
    } else if let Ok(dict) = value.cast::<PyDict>() {
        from_dict(dict, tag)
    } else if let Ok(text) = value.cast::<PyString>() {
        from_text(text, tag)
    } else if let Ok(bytes) = value.cast::<PyBytes>() {
        from_bytes(bytes, tag)
    } else {
        from_other(&value, tag)
    };
    restored.unwrap_or(value)
}

fn from_list<'py>(list: &Bound<'py, PyList>, tag: &Tag) -> Option<Bound<'py, PyAny>> {
    let py = list.py();
    Some(match tag {
        Tag::Tuple => list.to_tuple().into_any(),
        Tag::Set => PySet::new(py, list).ok()?.into_any(),
        Tag::FrozenSet => PyFrozenSet::new(py, list).ok()?.into_any(),
        Tag::Deque => types::deque(py).ok()?.call1((list,)).ok()?,
        _ => return None,
    })
}

fn from_dict<'py>(dict: &Bound<'py, PyDict>, tag: &Tag) -> Option<Bound<'py, PyAny>> {
    match tag {
        Tag::OrderedMap => types::ordered_dict(dict.py()).ok()?.call1((dict,)).ok(),
        _ => None,
    }
}

fn from_bytes<'py>(bytes: &Bound<'py, PyBytes>, tag: &Tag) -> Option<Bound<'py, PyAny>> {
    match tag {
        Tag::ByteArray => Some(PyByteArray::new(bytes.py(), bytes.as_bytes()).into_any()),
        _ => None,
    }
}

/// Aware datetimes in MessagePack, NaN and the infinities in JSON, tuples as map keys.
fn from_other<'py>(value: &Bound<'py, PyAny>, tag: &Tag) -> Option<Bound<'py, PyAny>> {
    match tag {
        Tag::AwareDateTime(zone) => temporal::into_zone(value, zone),
        Tag::Float(number) if value.is_none() => not_finite(value.py(), number),
        Tag::FrozenSet if value.is_instance_of::<pyo3::types::PyTuple>() => {
            let items = value.try_iter().ok()?.collect::<PyResult<Vec<_>>>().ok()?;
            Some(PyFrozenSet::new(value.py(), items).ok()?.into_any())
        }
        _ => None,
    }
}

fn not_finite<'py>(py: Python<'py>, number: &str) -> Option<Bound<'py, PyAny>> {
    let number: f64 = number.parse().ok()?;
    (!number.is_finite()).then(|| PyFloat::new(py, number).into_any())
}

fn from_text<'py>(value: &Bound<'py, PyString>, tag: &Tag) -> Option<Bound<'py, PyAny>> {
    let py = value.py();
    let text = value.to_str().ok()?;
    match tag {
        Tag::NaiveDateTime => temporal::parse_naive_datetime(py, text),
        Tag::AwareDateTime(zone) => temporal::into_zone(value.as_any(), zone),
        Tag::Date => temporal::parse_date(py, text),
        Tag::Time => temporal::parse_time(py, text),
        Tag::TimeDelta => Some(temporal::parse_duration(py, text)?.into_any()),
        Tag::Decimal => types::decimal(py).ok()?.call1((text,)).ok(),
        Tag::Uuid => types::uuid(py).ok()?.call1((text,)).ok(),
        Tag::Markup => types::markup(py).ok()?.call1((text,)).ok(),
        Tag::Integer => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| py.get_type::<PyInt>().call1((text,)).ok())?
        }
        Tag::Float(number) => float_key(py, text, number),
        Tag::Bytes => Some(PyBytes::new(py, &STANDARD.decode(text).ok()?).into_any()),
        Tag::ByteArray => Some(PyByteArray::new(py, &STANDARD.decode(text).ok()?).into_any()),
        Tag::None => (text == "null").then(|| py.None().into_bound(py)),
        Tag::Bool => {
            let value = text.parse().ok()?;
            Some(PyBool::new(py, value).to_owned().into_any())
        }
        _ => None,
    }
}

/// A float that is a map key in JSON: its text must be the number that is noted.
fn float_key<'py>(py: Python<'py>, text: &str, number: &str) -> Option<Bound<'py, PyAny>> {
    let number: f64 = number.parse().ok()?;
    let written: f64 = text.parse().ok()?;
    (written.to_bits() == number.to_bits()).then(|| PyFloat::new(py, number).into_any())
}
