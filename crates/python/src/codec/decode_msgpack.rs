//! `MessagePack` to Python objects.

use flask_session_core::msgpack::{Reader, Token};
use flask_session_core::{MAX_KEYS, NoteTree, RESERVED_KEY};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyString, PyTuple};

use super::decode::{Decode, put, restored_key};
use super::ext::Ext;
use super::failure::{Failure, Outcome};
use super::keys::Keys;
use super::timestamp::Timestamp;

/// Reads `MessagePack` from the front.
pub(super) struct MessagePackDecoder<'py, 'a> {
    py: Python<'py>,
    rest: &'a [u8],
    keys: &'a mut Keys,
    depth: usize,
}

impl<'py, 'a> MessagePackDecoder<'py, 'a> {
    pub(super) fn new(py: Python<'py>, bytes: &'a [u8], keys: &'a mut Keys) -> Self {
        Self {
            py,
            rest: bytes,
            keys,
            depth: 0,
        }
    }

    /// Fails if something follows what was read.
    pub(super) fn end(&self) -> Outcome<()> {
        Ok(Reader::new(self.rest).end()?)
    }

    /// Reads a session that nothing is noted about. `None` if that isn't what is there.
    pub(super) fn session(mut self) -> Outcome<Option<Bound<'py, PyDict>>> {
        let Token::Map(length @ ..=MAX_KEYS) = self.token()? else {
            return Ok(None);
        };
        let session = PyDict::new(self.py);
        for _ in 0..length {
            let before = self.rest;
            let key = self.key(None)?;
            if before[..before.len() - self.rest.len()].ends_with(RESERVED_KEY.as_bytes()) {
                return Ok(None);
            }
            let value = self.value(None)?;
            put(&session, &key, &value)?;
        }
        self.end()?;
        Ok(Some(session))
    }

    /// Reads a map's key: arrays are tuples there.
    #[inline]
    pub(super) fn key(&mut self, notes: Option<&NoteTree>) -> Outcome<Bound<'py, PyAny>> {
        if let Some((&first @ 0xa0..=0xbf, rest)) = self.rest.split_first()
            && let Some((text, rest)) = rest.split_at_checked(usize::from(first & 0x1f))
        {
            self.rest = rest;
            let key = self.keys.get(self.py, text).map_err(|_| not_utf8())?;
            let key = key.into_any();
            return Ok(match notes {
                None => key,
                Some(notes) => restored_key(key, notes),
            });
        }
        self.rare_key(notes)
    }

    #[cold]
    fn rare_key(&mut self, notes: Option<&NoteTree>) -> Outcome<Bound<'py, PyAny>> {
        let key = match self.token()? {
            Token::Array(length) => self.tuple(length, notes)?,
            token => self.object(token, None)?,
        };
        Ok(match notes {
            None => key,
            Some(notes) => restored_key(key, notes),
        })
    }

    fn tuple(&mut self, length: usize, notes: Option<&NoteTree>) -> Outcome<Bound<'py, PyAny>> {
        self.descend()?;
        let mut items = Vec::new();
        for position in 0..length {
            items.push(self.key(notes.and_then(|notes| notes.child(position)))?);
        }
        self.ascend();
        Ok(PyTuple::new(self.py, items)?.into_any())
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

    fn token(&mut self) -> Outcome<Token<'a>> {
        let mut reader = Reader::new(self.rest);
        let token = reader.token()?;
        self.rest = &self.rest[reader.position()..];
        Ok(token)
    }

    /// Reads text whose header was read; Python checks its encoding.
    #[inline]
    fn text(&mut self, length: u8, rest: &'a [u8]) -> Outcome<Bound<'py, PyAny>> {
        let Some((text, rest)) = rest.split_at_checked(length.into()) else {
            return self.rare(None);
        };
        self.rest = rest;
        match PyString::from_bytes(self.py, text) {
            Ok(text) => Ok(text.into_any()),
            Err(_) => Err(not_utf8()),
        }
    }

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

    #[cold]
    fn rare(&mut self, notes: Option<&NoteTree>) -> Outcome<Bound<'py, PyAny>> {
        let token = self.token()?;
        self.object(token, notes)
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

    /// The forms that fill nearly every session are read here, the others by core's reader.
    #[inline]
    fn plain(&mut self, notes: Option<&NoteTree>) -> Outcome<Bound<'py, PyAny>> {
        let py = self.py;
        let Some((&first, rest)) = self.rest.split_first() else {
            return self.rare(None);
        };
        match first {
            0xa0..=0xbf => self.text(first & 0x1f, rest),
            0x00..=0x7f => {
                self.rest = rest;
                Ok(first.into_pyobject(py)?.into_any())
            }
            0xc0 => {
                self.rest = rest;
                Ok(py.None().into_bound(py))
            }
            0xc2 | 0xc3 => {
                self.rest = rest;
                Ok(PyBool::new(py, first == 0xc3).to_owned().into_any())
            }
            0x80..=0x8f => {
                self.rest = rest;
                self.map(usize::from(first & 0x0f), notes)
            }
            0x90..=0x9f => {
                self.rest = rest;
                self.list(usize::from(first & 0x0f), notes)
            }
            0xcb if let Some((number, rest)) = rest.split_first_chunk() => {
                self.rest = rest;
                Ok(PyFloat::new(py, f64::from_be_bytes(*number)).into_any())
            }
            0xd9 if let Some((&length, rest)) = rest.split_first() => self.text(length, rest),
            _ => self.rare(notes),
        }
    }
}

#[cold]
fn not_utf8() -> Failure {
    Failure::corrupt("text isn't UTF-8")
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
