//! JSON to Python objects.

#![expect(
    clippy::inline_always,
    reason = "measured: a tenth of the time of reading a session of 2 kB"
)]

use flask_session_core::json::{Reader, Token};
use flask_session_core::{MAX_KEYS, NoteTree, RESERVED_KEY};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};

use super::decode::{Decode, put, restored_key};
use super::failure::{Failure, Outcome};
use super::keys::Keys;

/// Reads JSON from the front.
pub(super) struct JsonDecoder<'py, 'a> {
    py: Python<'py>,
    reader: Reader<'a>,
    keys: &'a mut Keys,
    depth: usize,
    /// Elements of the arrays around the value being read: how many an array has is known at its end.
    elements: Vec<Bound<'py, PyAny>>,
}

impl<'py, 'a> JsonDecoder<'py, 'a> {
    pub(super) fn new(py: Python<'py>, bytes: &'a [u8], keys: &'a mut Keys) -> Outcome<Self> {
        Ok(Self {
            py,
            reader: Reader::new(bytes)?,
            keys,
            depth: 0,
            elements: Vec::new(),
        })
    }

    /// Fails if something follows what was read.
    pub(super) fn end(&mut self) -> Outcome<()> {
        Ok(self.reader.end()?)
    }

    /// Reads text that stands alone, as a key.
    pub(super) fn text_key(&mut self) -> Outcome<Bound<'py, PyAny>> {
        match self.reader.token()? {
            Token::Str(text) => Ok(self.keys.get(self.py, text.as_bytes())?.into_any()),
            _ => Err(Failure::corrupt("a JSON key isn't text")),
        }
    }

    /// Reads a session that nothing is noted about. `None` if that isn't what is there.
    pub(super) fn session(mut self) -> Outcome<Option<Bound<'py, PyDict>>> {
        if self.reader.token()? != Token::Map {
            return Ok(None);
        }
        let session = PyDict::new(self.py);
        let mut position = 0;
        while let Some(key) = self.reader.key_text(position)? {
            if position == MAX_KEYS || *key == *RESERVED_KEY.as_bytes() {
                return Ok(None);
            }
            let key = self.keys.get(self.py, &key)?.into_any();
            let value = self.value(None)?;
            put(&session, &key, &value)?;
            position += 1;
        }
        self.end()?;
        Ok(Some(session))
    }

    /// Reads what is neither text nor a container.
    fn scalar(&mut self) -> Outcome<Bound<'py, PyAny>> {
        let py = self.py;
        Ok(match self.reader.token()? {
            Token::Int(number) => number.into_pyobject(py)?.into_any(),
            Token::Float(number) => PyFloat::new(py, number).into_any(),
            Token::Bool(value) => PyBool::new(py, value).to_owned().into_any(),
            Token::Null => py.None().into_bound(py),
            Token::UInt(number) => number.into_pyobject(py)?.into_any(),
            Token::BigInt(digits) => big_integer(py, digits)?,
            Token::Str(_) | Token::Array | Token::Map => {
                return Err(Failure::corrupt("the data isn't JSON"));
            }
        })
    }

    /// Reads a map that starts here.
    fn map(&mut self, notes: Option<&NoteTree>) -> Outcome<Bound<'py, PyAny>> {
        self.descend()?;
        self.reader.token()?;
        let map = PyDict::new(self.py);
        let mut position = 0;
        while let Some(key) = self.reader.key_text(position)? {
            let key = self.keys.get(self.py, &key)?.into_any();
            let key = match notes.and_then(|notes| notes.key_child(position)) {
                None => key,
                Some(notes) => restored_key(key, notes),
            };
            let value = self.value(notes.and_then(|notes| notes.child(position)))?;
            put(&map, &key, &value)?;
            position += 1;
        }
        self.ascend();
        Ok(map.into_any())
    }

    /// Reads an array that starts here.
    fn array(&mut self, notes: Option<&NoteTree>) -> Outcome<Bound<'py, PyAny>> {
        self.descend()?;
        self.reader.token()?;
        let first = self.elements.len();
        let mut position = 0;
        while self.reader.element(position)? {
            let element = self.value(notes.and_then(|notes| notes.child(position)))?;
            self.elements.push(element);
            position += 1;
        }
        self.ascend();
        let list = PyList::new(self.py, self.elements.drain(first..))?;
        Ok(list.into_any())
    }
}

impl<'py> Decode<'py> for JsonDecoder<'py, '_> {
    #[inline]
    fn py(&self) -> Python<'py> {
        self.py
    }

    #[inline]
    fn depth(&mut self) -> &mut usize {
        &mut self.depth
    }

    #[inline(always)]
    fn plain(&mut self, notes: Option<&NoteTree>) -> Outcome<Bound<'py, PyAny>> {
        match self.reader.peek() {
            Some(b'"') => {
                let text = self.reader.text()?;
                Ok(PyString::from_bytes(self.py, &text)?.into_any())
            }
            Some(b'{') => self.map(notes),
            Some(b'[') => self.array(notes),
            _ => self.scalar(),
        }
    }
}

#[cold]
fn big_integer<'py>(py: Python<'py>, digits: &str) -> Outcome<Bound<'py, PyAny>> {
    py.get_type::<PyInt>()
        .call1((digits,))
        .map_err(|_| Failure::corrupt("an integer has more digits than Python reads"))
}
