//! JSON to Python objects.

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
}

impl<'py, 'a> JsonDecoder<'py, 'a> {
    pub(super) fn new(py: Python<'py>, bytes: &'a [u8], keys: &'a mut Keys) -> Outcome<Self> {
        Ok(Self {
            py,
            reader: Reader::new(bytes)?,
            keys,
            depth: 0,
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
        while let Some(key) = self.reader.key(position)? {
            if position == MAX_KEYS || key == RESERVED_KEY {
                return Ok(None);
            }
            let key = self.keys.get(self.py, key.as_bytes())?.into_any();
            let value = self.value(None)?;
            put(&session, &key, &value)?;
            position += 1;
        }
        self.end()?;
        Ok(Some(session))
    }

    fn map(&mut self, notes: Option<&NoteTree>) -> Outcome<Bound<'py, PyAny>> {
        self.descend()?;
        let map = PyDict::new(self.py);
        let mut position = 0;
        while let Some(key) = self.reader.key(position)? {
            let key = self.keys.get(self.py, key.as_bytes())?.into_any();
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

    fn array(&mut self, notes: Option<&NoteTree>) -> Outcome<Bound<'py, PyAny>> {
        self.descend()?;
        let list = PyList::empty(self.py);
        let mut position = 0;
        while self.reader.element(position)? {
            list.append(self.value(notes.and_then(|notes| notes.child(position)))?)?;
            position += 1;
        }
        self.ascend();
        Ok(list.into_any())
    }
}

impl<'py> Decode<'py> for JsonDecoder<'py, '_> {
    fn py(&self) -> Python<'py> {
        self.py
    }

    fn depth(&mut self) -> &mut usize {
        &mut self.depth
    }

    fn plain(&mut self, notes: Option<&NoteTree>) -> Outcome<Bound<'py, PyAny>> {
        let py = self.py;
        Ok(match self.reader.token()? {
            Token::Str(text) => PyString::new(py, &text).into_any(),
            Token::Int(number) => number.into_pyobject(py)?.into_any(),
            Token::Map => self.map(notes)?,
            Token::Array => self.array(notes)?,
            Token::Null => py.None().into_bound(py),
            Token::Bool(value) => PyBool::new(py, value).to_owned().into_any(),
            Token::Float(number) => PyFloat::new(py, number).into_any(),
            Token::UInt(number) => number.into_pyobject(py)?.into_any(),
            Token::BigInt(digits) => big_integer(py, digits)?,
        })
    }
}

#[cold]
fn big_integer<'py>(py: Python<'py>, digits: &str) -> Outcome<Bound<'py, PyAny>> {
    py.get_type::<PyInt>()
        .call1((digits,))
        .map_err(|_| Failure::corrupt("an integer has more digits than Python reads"))
}
