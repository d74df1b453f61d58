//! Keys of maps that aren't plain text.

use flask_session_core::{Tag, json};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyString};

use super::encode::Encoder;
use super::encode_rare::decimal_text;
use super::failure::{Failure, Outcome};
use super::form::Form;
use super::{Format, types};
use crate::once::intern;

impl<'py, F: Form> Encoder<'py, F> {
    /// Writes the key of the entry at `position`.
    #[cold]
    pub(super) fn rare_key(&mut self, position: usize, key: &Bound<'py, PyAny>) -> Outcome<()> {
        if let Some(notes) = &mut self.notes {
            notes.enter_key(position);
        }
        self.key(key)?;
        if let Some(notes) = &mut self.notes {
            notes.leave();
        }
        Ok(())
    }

    /// Writes a top-level key.
    pub(super) fn own_key(&mut self, key: &Bound<'py, PyAny>) -> Outcome<()> {
        if let Ok(text) = key.cast_exact::<PyString>() {
            return self.text(text);
        }
        if let Some(notes) = &mut self.notes {
            notes.enter_own_key();
        }
        self.key(key)?;
        if let Some(notes) = &mut self.notes {
            notes.leave();
        }
        Ok(())
    }

    /// Writes a key; notes go where the writer of notes stands.
    pub(super) fn key(&mut self, key: &Bound<'py, PyAny>) -> Outcome<()> {
        if let Ok(text) = key.cast::<PyString>() {
            if types::is_markup(key) {
                self.note(Tag::Markup);
            }
            self.text(text)
        } else if F::FORMAT == Format::Json {
            self.json_key(key)
        } else {
            let outer = std::mem::replace(&mut self.in_key, true);
            self.value(key)?;
            self.in_key = outer;
            Ok(())
        }
    }

    /// JSON has keys of text only.
    fn json_key(&mut self, key: &Bound<'py, PyAny>) -> Outcome<()> {
        if types::is_enum(key)? && !key.is_instance_of::<PyInt>() {
            return self.key(&key.getattr(intern!(self.py, "_value_"))?);
        } else if let Some((text, tag)) = self.as_text(key)? {
            self.note(tag);
            self.form.text(&text);
        } else if key.is_none() {
            self.note(Tag::None);
            self.form.text("null");
        } else if let Ok(boolean) = key.cast::<PyBool>() {
            self.note(Tag::Bool);
            let text = if boolean.is_true() { "true" } else { "false" };
            self.form.text(text);
        } else if let Ok(integer) = key.cast::<PyInt>() {
            self.note(Tag::Integer);
            let text = decimal_text(integer)?;
            self.form.text(&text);
        } else if let Ok(float) = key.cast::<PyFloat>() {
            self.float_key(float.value());
        } else if let Ok(bytes) = key.cast::<PyBytes>() {
            self.note(Tag::Bytes);
            self.form.binary(bytes.as_bytes());
        } else {
            return Err(Failure::unsupported(format!(
                "JSON has no form for a map key of type '{}'; use text, or the MessagePack format",
                types::name_of(key)
            )));
        }
        Ok(())
    }

    fn float_key(&mut self, value: f64) {
        let text = json::float_text(value);
        self.note(Tag::Float(text.as_str().into()));
        self.form.text(&text);
    }
}
