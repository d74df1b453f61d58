//! Python objects to bytes: the walk, and the types that fill nearly every session.

#![expect(
    clippy::inline_always,
    reason = "measured: a fifth of the time of a large session"
)]

use flask_session_core::{MAX_DEPTH, NoteWriter, Tag};
use pyo3::prelude::*;
use pyo3::types::iter::BoundDictIterator;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use super::failure::{Failure, Outcome};
use super::form::Form;

/// Bytes that hold most sessions, so that they are written without growing.
const FIRST_BUFFER: usize = 1024;

/// Walks Python objects and writes them in one format.
pub(super) struct Encoder<'py, F> {
    pub(super) py: Python<'py>,
    pub(super) form: F,
    /// None if types aren't kept.
    pub(super) notes: Option<NoteWriter>,
    /// Whether a map's key is being written: arrays are read as tuples there.
    pub(super) in_key: bool,
    /// Containers around the value being written, itself included.
    depth: usize,
}

impl<'py, F: Form> Encoder<'py, F> {
    pub(super) fn new(py: Python<'py>, keep_types: bool) -> Self {
        let mut form = F::default();
        form.buffer().reserve(FIRST_BUFFER);
        Self {
            py,
            form,
            notes: keep_types.then(NoteWriter::new),
            in_key: false,
            depth: 0,
        }
    }

    /// Writes a value of any type.
    #[inline]
    pub(super) fn value(&mut self, value: &Bound<'py, PyAny>) -> Outcome<()> {
        if self.scalar(value)? {
            return Ok(());
        }
        self.container(value)
    }

    /// Writes the value if it's one of the frequent types without parts, which no format loses.
    #[inline(always)]
    fn scalar(&mut self, value: &Bound<'py, PyAny>) -> Outcome<bool> {
        if let Ok(text) = value.cast_exact::<PyString>() {
            self.text(text)?;
        } else if let Ok(integer) = value.cast_exact::<PyInt>() {
            // One beyond 64 bits is noted in MessagePack: not here, where no path is kept.
            return Ok(self.integer(integer));
        } else if value.is_none() {
            self.form.none();
        } else if let Ok(boolean) = value.cast_exact::<PyBool>() {
            self.form.boolean(boolean.is_true());
        } else if let Ok(float) = value.cast_exact::<PyFloat>() {
            let float = float.value();
            if !float.is_finite() {
                return Ok(false);
            }
            self.form.float(float);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Writes the value if it's an exact dict, list or tuple; hands all others on.
    fn container(&mut self, value: &Bound<'py, PyAny>) -> Outcome<()> {
        if let Ok(dict) = value.cast_exact::<PyDict>() {
            self.map(dict)
        } else if let Ok(list) = value.cast_exact::<PyList>() {
            self.list(list)
        } else if let Ok(tuple) = value.cast_exact::<PyTuple>() {
            self.tuple(tuple)
        } else {
            self.rare(value)
        }
    }

    /// Writes the element of an array, or the value of a map's entry.
    #[inline(always)]
    pub(super) fn element(&mut self, position: usize, value: &Bound<'py, PyAny>) -> Outcome<()> {
        if self.scalar(value)? {
            return Ok(());
        }
        self.at(position, |encoder| encoder.container(value))
    }

    #[inline]
    fn at(&mut self, position: usize, write: impl FnOnce(&mut Self) -> Outcome<()>) -> Outcome<()> {
        if let Some(notes) = &mut self.notes {
            notes.enter(position);
        }
        write(self)?;
        if let Some(notes) = &mut self.notes {
            notes.leave();
        }
        Ok(())
    }

    /// Notes what the value being written is.
    pub(super) fn note(&mut self, tag: Tag) {
        if let Some(notes) = &mut self.notes {
            notes.note(tag);
        }
    }

    /// Enters a container; `ascend` leaves it.
    #[inline]
    pub(super) fn descend(&mut self) -> Outcome<()> {
        if self.depth == MAX_DEPTH {
            return Err(Failure::unsupported(format!(
                "it nests more than {MAX_DEPTH} containers, or contains itself"
            )));
        }
        self.depth += 1;
        Ok(())
    }

    /// Enters a map, which nobody could read where a key is.
    #[inline]
    pub(super) fn descend_into_map(&mut self) -> Outcome<()> {
        if self.in_key {
            return Err(Failure::unsupported(
                "a map's key can't be, or hold, another map or an object with fields",
            ));
        }
        self.descend()
    }

    #[inline]
    pub(super) fn ascend(&mut self) {
        self.depth -= 1;
    }

    #[inline(always)]
    pub(super) fn text(&mut self, text: &Bound<'py, PyString>) -> Outcome<()> {
        match text.to_str() {
            Ok(text) => {
                self.form.text(text);
                Ok(())
            }
            Err(_) => Err(not_utf8()),
        }
    }

    /// Whether the integer has at most 64 bits, and so was written.
    #[inline(always)]
    pub(super) fn integer(&mut self, integer: &Bound<'py, PyInt>) -> bool {
        if let Ok(integer) = integer.extract::<i64>() {
            self.form.signed(integer);
        } else if let Ok(integer) = integer.extract::<u64>() {
            self.form.unsigned(integer);
        } else {
            return false;
        }
        true
    }

    /// Writes a dict's own entries, past overridden methods of a subclass.
    pub(super) fn map(&mut self, dict: &Bound<'py, PyDict>) -> Outcome<()> {
        self.descend_into_map()?;
        let length = dict.len();
        self.form.open_map(length);
        let mut entries = dict.iter();
        for position in 0..length {
            let (key, value) = next_entry(dict, &mut entries, length)?;
            self.form.separate(position);
            if let Ok(text) = key.cast_exact::<PyString>() {
                self.text(text)?;
            } else {
                self.rare_key(position, &key)?;
            }
            self.form.colon();
            self.element(position, &value)?;
        }
        self.form.close_map();
        self.ascend();
        Ok(())
    }

    pub(super) fn list(&mut self, list: &Bound<'py, PyList>) -> Outcome<()> {
        self.descend()?;
        let length = list.len();
        self.form.open_array(length);
        let mut written = 0;
        for value in list.iter().take(length) {
            self.form.separate(written);
            self.element(written, &value)?;
            written += 1;
        }
        if written != length {
            return Err(changed());
        }
        self.form.close_array();
        self.ascend();
        Ok(())
    }

    pub(super) fn tuple(&mut self, tuple: &Bound<'py, PyTuple>) -> Outcome<()> {
        if !self.in_key {
            self.note(Tag::Tuple);
        }
        self.descend()?;
        self.form.open_array(tuple.len());
        for (position, value) in tuple.iter_borrowed().enumerate() {
            self.form.separate(position);
            self.element(position, &value)?;
        }
        self.form.close_array();
        self.ascend();
        Ok(())
    }
}

/// The next of a dict's `length` entries. An error where the dict has changed, as Python code that a
/// rare type runs may do: its iterator then panics.
#[inline(always)]
pub(super) fn next_entry<'py>(
    dict: &Bound<'py, PyDict>,
    entries: &mut BoundDictIterator<'py>,
    length: usize,
) -> Outcome<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    if dict.len() != length {
        return Err(changed());
    }
    entries.next().ok_or_else(changed)
}

#[cold]
pub(super) fn changed() -> Failure {
    Failure::unsupported("it changed while it was being stored")
}

#[cold]
pub(super) fn not_utf8() -> Failure {
    Failure::unsupported(
        "text with lone surrogates isn't valid Unicode; \
         clean it with text.encode('utf-8', 'replace').decode()",
    )
}
