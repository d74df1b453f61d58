//! `Record` and `Pending`: a stored session whose values are decoded when somebody looks at them.

use std::sync::Arc;

use flask_session_core::{Base, Entry, Format};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::codec::Conversion;
use crate::codec_class::Codec;
use crate::once::intern;

/// Values up to this many encoded bytes are decoded with the session, larger ones when touched.
const AT_ONCE: usize = 512;

/// The same for values that hold others: decoded, these must be compared whole when the session is saved.
const NESTED_AT_ONCE: usize = 16;

/// See `_core.pyi`.
#[pyclass(frozen, module = "flask_session._core")]
pub(crate) struct Record(pub(crate) Arc<Stored>);

/// A stored session and how its values are read.
pub(crate) struct Stored {
    pub(crate) base: Base,
    conversion: Conversion,
}

impl Stored {
    pub(crate) fn new(base: Base, codec: &Codec) -> Arc<Self> {
        let conversion = codec.conversion_of(&base.record);
        Arc::new(Self { base, conversion })
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        self.base.record.entries()
    }

    pub(crate) fn key<'py>(&self, py: Python<'py>, entry: &Entry) -> PyResult<Bound<'py, PyAny>> {
        self.conversion.decode_key(py, entry)
    }
}

#[pymethods]
impl Record {
    #[getter]
    fn size(&self) -> usize {
        match self.0.base.revision.payload() {
            Some(payload) => payload.len(),
            None => self.0.base.record.write(true).len(),
        }
    }

    #[getter]
    pub(crate) fn permanent(&self) -> bool {
        self.0.base.record.permanent()
    }

    pub(crate) fn fill(&self, py: Python<'_>, session: &Bound<'_, PyDict>) -> PyResult<()> {
        session.clear();
        (0..self.0.entries().len()).try_for_each(|index| put(py, session, &self.0, index))
    }

    pub(crate) fn holds(&self, codec: &Codec, session: &Bound<'_, PyDict>) -> bool {
        let stored = &self.0;
        codec.conversion == stored.conversion
            && stored
                .conversion
                .writes(session, stored.entries(), |value, index| {
                    value.cast_exact::<Pending>().is_ok_and(|pending| {
                        let pending = pending.get();
                        pending.index == index && Arc::ptr_eq(&pending.stored, stored)
                    })
                })
    }

    fn __repr__(&self) -> String {
        format!("<Record of {} entries>", self.0.base.record.entries().len())
    }
}

/// Puts one entry into the dict itself, past whatever its class overrides.
pub(crate) fn put(
    py: Python<'_>,
    session: &Bound<'_, PyDict>,
    stored: &Arc<Stored>,
    index: usize,
) -> PyResult<()> {
    let entry = &stored.entries()[index];
    let at_once = if nests(stored.conversion.format, &entry.value) {
        NESTED_AT_ONCE
    } else {
        AT_ONCE
    };
    if entry.value.len() <= at_once {
        let (key, value) = stored.conversion.decode_entry(py, entry)?;
        session.set_item(key, value)
    } else {
        let key = stored.key(py, entry)?;
        let stored = Arc::clone(stored);
        session.set_item(key, Py::new(py, Pending { stored, index })?)
    }
}

/// Whether an encoded value begins as a map or a list does.
fn nests(format: Format, value: &[u8]) -> bool {
    match (format, value.first()) {
        (Format::Msgpack, Some(first)) => matches!(first, 0x80..=0x9f | 0xdc..=0xdf),
        (Format::Json, Some(first)) => matches!(first, b'{' | b'['),
        (_, None) => false,
    }
}

/// See `_core.pyi`.
#[pyfunction]
pub(crate) fn is_bare(session: &Bound<'_, PyDict>) -> PyResult<bool> {
    Ok(match session.len() {
        0 => true,
        1 => session.contains(intern!(session.py(), "_permanent"))?,
        _ => false,
    })
}

/// See `_core.pyi`.
#[pyclass(frozen, module = "flask_session._core")]
pub(crate) struct Pending {
    stored: Arc<Stored>,
    index: usize,
}

impl Pending {
    fn entry(&self) -> &Entry {
        &self.stored.entries()[self.index]
    }

    /// The entry as it lies in the record that it came from, if that is in this format.
    pub(crate) fn entry_in(&self, format: Format) -> Option<&Entry> {
        (self.stored.conversion.format == format).then(|| self.entry())
    }
}

#[pymethods]
impl Pending {
    pub(crate) fn load<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.stored.conversion.decode_value(py, self.entry())
    }

    #[expect(clippy::unused_self, reason = "a method of the class")]
    fn __repr__(&self) -> &'static str {
        "<Pending: a session value that nobody has looked at>"
    }
}
