//! `MessagePack` to Python objects.

use flask_session_core::NoteTree;
use flask_session_core::msgpack::{Reader, Token};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyString, PyTuple};

use super::decode::{Decode, put, restored_key};
use super::ext::Ext;
use super::failure::{Failure, Outcome};
use super::keys::Borrowed;
use super::temporal::Timestamp;

/// Reads `MessagePack` from the front.
pub(super) struct MessagePackDecoder<'py, 'a> {
    py: Python<'py>,
    reader: Reader<'a>,
    keys: Borrowed,
    depth: usize,
}

impl<'py, 'a> MessagePackDecoder<'py, 'a> {
    pub(super) fn new(py: Python<'py>, bytes: &'a [u8]) -> Self {
        Self {
            py,
            reader: Reader::new(bytes),
            keys: Borrowed::new(),
            depth: 0,
        }
    }

    /// Fails if something follows what was read.
    pub(super) fn end(&self) -> Outcome<()> {
        Ok(self.reader.end()?)
    }

    fn map(&mut self, length: usize, notes: Option<&NoteTree>) -> Outcome<Bound<'py, PyAny>> {
        self.descend()?;
        let map = PyDict::new(self.py);
        for position in 0..length {
            let key = self.key(notes.and_then(|notes| notes.key_child(position)))?;
            let value = self.value(notes.and_then(|notes| notes.child(position)))?;
            put(&map, &key, &value)?;
        }
        self.ascend();
        Ok(map.into_any())
    }

    /// Reads a map's key: arrays are tuples there.
    #[inline]
    pub(super) fn key(&mut self, notes: Option<&NoteTree>) -> Outcome<Bound<'py, PyAny>> {
        let key = match self.reader.token()? {
            Token::Str(text) => self.keys.get(self.py, text.as_bytes())?.into_any(),
            Token::Array(length) => self.tuple(length)?,
            token => self.object(token, None)?,
        };
        Ok(restored_key(key, notes))
    }

    #[cold]
    fn tuple(&mut self, length: usize) -> Outcome<Bound<'py, PyAny>> {
        self.descend()?;
        let mut items = Vec::with_capacity(self.reader.fitting(length).min(64));
        for _ in 0..length {
            items.push(self.key(None)?);
        }
        self.ascend();
        Ok(PyTuple::new(self.py, items)?.into_any())
    }

    #[inline]
    fn object(&mut self, token: Token<'a>, notes: Option<&NoteTree>) -> Outcome<Bound<'py, PyAny>> {
        let py = self.py;
        Ok(match token {
            Token::Str(text) => PyString::new(py, text).into_any(),
            Token::Int(number) => number.into_pyobject(py)?.into_any(),
            Token::Map(length) => self.map(length, notes)?,
            Token::Array(length) => self.list(length, notes)?,
            Token::Nil => py.None().into_bound(py),
            Token::Bool(value) => PyBool::new(py, value).to_owned().into_any(),
            Token::Float(number) => PyFloat::new(py, number).into_any(),
            Token::UInt(number) => number.into_pyobject(py)?.into_any(),
            Token::Bytes(bytes) => PyBytes::new(py, bytes).into_any(),
            Token::Ext(code, data) => extension(py, code, data)?,
        })
    }
}

impl<'py> Decode<'py> for MessagePackDecoder<'py, '_> {
    #[inline]
    fn py(&self) -> Python<'py> {
        self.py
    }

    #[inline]
    fn depth(&mut self) -> &mut usize {
        &mut self.depth
    }

    #[inline]
    fn plain(&mut self, notes: Option<&NoteTree>) -> Outcome<Bound<'py, PyAny>> {
        let token = self.reader.token()?;
        self.object(token, notes)
    }
}

#[cold]
fn extension<'py>(py: Python<'py>, code: i8, data: &[u8]) -> Outcome<Bound<'py, PyAny>> {
    if code == -1 {
        let timestamp = Timestamp::read(data)
            .ok_or_else(|| Failure::corrupt("a timestamp that no datetime can hold"))?;
        return Ok(timestamp.to_datetime(py)?.into_any());
    }
    let ext = Ext::new(code, PyBytes::new(py, data).unbind());
    Ok(Bound::new(py, ext)?.into_any())
}
