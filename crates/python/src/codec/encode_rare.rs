//! The types that few sessions hold: each in the form that msgspec writes, and noted.

use flask_session_core::{NoteWriter, Tag, json, msgpack};
use pyo3::prelude::*;
use pyo3::types::{
    PyByteArray, PyBytes, PyDate, PyDateTime, PyDelta, PyDict, PyFloat, PyFrozenSet, PyInt, PyList,
    PyMemoryView, PySet, PyString, PyTime, PyTuple, PyType,
};

use super::encode::{Encoder, changed};
use super::ext::Ext;
use super::failure::{Failure, Outcome};
use super::form::Form;
use super::objects::{Fields, fields_of};
use super::timestamp::Timestamp;
use super::{Format, temporal, types};
use crate::once::intern;

impl<'py, F: Form> Encoder<'py, F> {
    /// Writes a value of a type that isn't frequent. The order is msgspec's: a class may be of
    /// several of these kinds.
    #[cold]
    pub(super) fn rare(&mut self, value: &Bound<'py, PyAny>) -> Outcome<()> {
        if let Ok(integer) = value.cast_exact::<PyInt>() {
            return self.big_integer(integer);
        } else if let Ok(float) = value.cast_exact::<PyFloat>() {
            self.not_finite(float.value());
        } else if let Ok(bytes) = value.cast_exact::<PyBytes>() {
            self.binary(bytes.as_bytes(), Tag::Bytes);
        } else if let Ok(list) = value.cast::<PyList>() {
            return self.list(list);
        } else if let Ok(dict) = value.cast::<PyDict>() {
            if types::is_a(value, types::ordered_dict(self.py)?) {
                self.note(Tag::OrderedMap);
            }
            return self.map(dict);
        } else if let Ok(tuple) = value.cast::<PyTuple>() {
            return self.tuple(tuple);
        } else if let Ok(bytes) = value.cast::<PyByteArray>() {
            self.binary(&bytes.to_vec(), Tag::ByteArray);
        } else if let Ok(view) = value.cast::<PyMemoryView>() {
            let bytes = view.call_method0(intern!(self.py, "tobytes"))?;
            let bytes = bytes.cast::<PyBytes>()?;
            self.binary(bytes.as_bytes(), Tag::Bytes);
        } else if let Ok(ext) = value.cast::<Ext>() {
            return self.extension(ext.get().code, ext.get().data.as_bytes(self.py));
        } else if types::is_enum(value)? {
            return self.member(value);
        } else if let Some((text, tag)) = self.as_text(value)? {
            self.note(tag);
            self.form.text(&text);
        } else if let Ok(datetime) = value.cast::<PyDateTime>() {
            return self.aware_datetime(datetime);
        } else if let Ok(set) = value.cast::<PySet>() {
            self.note(Tag::Set);
            return self.set(set.iter(), set.len());
        } else if let Ok(set) = value.cast::<PyFrozenSet>() {
            self.note(Tag::FrozenSet);
            return self.set(set.iter(), set.len());
        } else {
            return self.beyond_msgspec(value);
        }
        Ok(())
    }

    /// What msgspec refuses, but plain data can stand for.
    fn beyond_msgspec(&mut self, value: &Bound<'py, PyAny>) -> Outcome<()> {
        let py = self.py;
        if let Some(fields) = fields_of(value)? {
            return self.fields(&fields);
        } else if let Ok(text) = value.cast::<PyString>() {
            if types::is_markup(value) {
                self.note(Tag::Markup);
            }
            return self.text(text);
        } else if let Ok(integer) = value.cast::<PyInt>() {
            if self.integer(integer) {
                return Ok(());
            }
            return self.big_integer(integer);
        } else if let Ok(float) = value.cast::<PyFloat>() {
            return self.value(PyFloat::new(py, float.value()).as_any());
        } else if let Ok(bytes) = value.cast::<PyBytes>() {
            self.binary(bytes.as_bytes(), Tag::Bytes);
            return Ok(());
        } else if types::is_a(value, types::deque(py)?) {
            self.note(Tag::Deque);
            let list = PyList::empty(py);
            // An iterator of a deque that changes raises an error.
            for item in value.try_iter()? {
                list.append(item?)?;
            }
            return self.list(&list);
        } else if types::is_lazy_text(value) {
            return self.text(&value.str()?);
        } else if types::name_of(value) == "msgspec.msgpack.Ext" {
            let code = value.getattr(intern!(py, "code"))?.extract::<i8>()?;
            let data = value.getattr(intern!(py, "data"))?;
            return self.extension(code, &data.extract::<Vec<u8>>()?);
        }
        Err(Failure::unsupported(format!(
            "a value of type '{}' is not plain data; store its id, its text or a dict of its fields instead",
            types::name_of(value)
        )))
    }

    /// A member of an Enum, as its value.
    fn member(&mut self, member: &Bound<'py, PyAny>) -> Outcome<()> {
        if let Ok(integer) = member.cast::<PyInt>() {
            if self.integer(integer) {
                return Ok(());
            }
            return self.big_integer(integer);
        } else if let Ok(text) = member.cast::<PyString>() {
            return self.text(text);
        }
        self.value(&member.getattr(intern!(self.py, "_value_"))?)
    }

    /// The text that stands for the value in both formats, and its note.
    pub(super) fn as_text(&self, value: &Bound<'py, PyAny>) -> Outcome<Option<(String, Tag)>> {
        Ok(Some(if let Ok(datetime) = value.cast::<PyDateTime>() {
            let tag = if pyo3::types::PyTzInfoAccess::get_tzinfo(datetime).is_none() {
                Tag::NaiveDateTime
            } else if F::FORMAT == Format::Json {
                match temporal::zone_name(datetime)? {
                    Some(zone) => Tag::AwareDateTime(zone.into()),
                    None => Tag::NaiveDateTime,
                }
            } else {
                return Ok(None);
            };
            (temporal::datetime_text(datetime)?, tag)
        } else if let Ok(date) = value.cast::<PyDate>() {
            (temporal::date_text(date), Tag::Date)
        } else if let Ok(time) = value.cast::<PyTime>() {
            (temporal::time_text(time)?, Tag::Time)
        } else if let Ok(duration) = value.cast::<PyDelta>() {
            (temporal::duration_text(duration), Tag::TimeDelta)
        } else if types::is_a(value, types::decimal(self.py)?) {
            (value.str()?.extract()?, Tag::Decimal)
        } else if types::is_a(value, types::uuid(self.py)?) {
            let number: u128 = value.getattr(intern!(self.py, "int"))?.extract()?;
            (uuid_text(number), Tag::Uuid)
        } else {
            return Ok(None);
        }))
    }

    /// An aware datetime in `MessagePack`: a timestamp, or text if no timestamp in UTC can hold it.
    fn aware_datetime(&mut self, value: &Bound<'py, PyDateTime>) -> Outcome<()> {
        let timestamp = Timestamp::of(value)?;
        if self.notes.is_some()
            && let Some(zone) = temporal::zone_name(value)?
            && (timestamp.is_none() || (zone != "0" && zone != "UTC"))
        {
            self.note(Tag::AwareDateTime(zone.into()));
        }
        match timestamp {
            Some(Timestamp { seconds, micros }) => {
                msgpack::write_timestamp(self.form.buffer(), seconds, micros);
            }
            None => self.form.text(&temporal::datetime_text(value)?),
        }
        Ok(())
    }

    /// An integer of more than 64 bits.
    fn big_integer(&mut self, value: &Bound<'py, PyInt>) -> Outcome<()> {
        let text = decimal_text(value)?;
        if F::FORMAT == Format::Json {
            self.form.buffer().extend_from_slice(text.as_bytes());
        } else {
            self.note(Tag::Integer);
            self.form.text(&text);
        }
        Ok(())
    }

    fn not_finite(&mut self, value: f64) {
        if F::FORMAT == Format::Json {
            self.note(Tag::Float(json::float_text(value).into()));
        }
        self.form.float(value);
    }

    fn binary(&mut self, bytes: &[u8], tag: Tag) {
        if F::FORMAT == Format::Json || tag != Tag::Bytes {
            self.note(tag);
        }
        self.form.binary(bytes);
    }

    fn extension(&mut self, code: i8, data: &[u8]) -> Outcome<()> {
        if F::FORMAT == Format::Json {
            return Err(Failure::unsupported(
                "a MessagePack extension has no form in JSON",
            ));
        }
        msgpack::write_ext(self.form.buffer(), code, data);
        Ok(())
    }

    /// Writes a set's elements in the order of their encoded bytes: the order of iteration
    /// changes with the hash seed, and each read would look like a change.
    fn set(
        &mut self,
        elements: impl Iterator<Item = Bound<'py, PyAny>>,
        length: usize,
    ) -> Outcome<()> {
        self.descend()?;
        let keep_types = self.notes.is_some();
        let outer = self.notes.take();
        let start = self.form.buffer().len();
        let mut written = Vec::with_capacity(length);
        for element in elements {
            self.notes = keep_types.then(NoteWriter::new);
            self.value(&element)?;
            let encoded = self.form.buffer().split_off(start);
            written.push((encoded, self.notes.take()));
        }
        self.notes = outer;
        if written.len() != length {
            return Err(changed());
        }
        written.sort_by(|(left, left_notes), (right, right_notes)| {
            let text = |notes: &Option<NoteWriter>| notes.as_ref().map(|it| it.text().to_owned());
            left.cmp(right)
                .then_with(|| text(left_notes).cmp(&text(right_notes)))
        });
        self.form.open_array(length);
        for (position, (encoded, nested)) in written.iter().enumerate() {
            self.form.separate(position);
            self.form.buffer().extend_from_slice(encoded);
            if let (Some(notes), Some(nested)) = (&mut self.notes, nested) {
                notes.enter(position);
                notes.append(nested);
                notes.leave();
            }
        }
        self.form.close_array();
        self.ascend();
        Ok(())
    }

    /// Writes an object by its fields.
    fn fields(&mut self, fields: &Fields<'py>) -> Outcome<()> {
        match fields {
            Fields::Named { entries, most } => {
                self.descend_into_map()?;
                self.form.open_map_for(entries.len(), *most);
                for (position, (name, value)) in entries.iter().enumerate() {
                    self.form.separate(position);
                    self.text(name)?;
                    self.form.colon();
                    self.element(position, value)?;
                }
                self.form.close_map();
            }
            Fields::Ordered(values) => {
                self.descend()?;
                self.form.open_array(values.len());
                for (position, value) in values.iter().enumerate() {
                    self.form.separate(position);
                    self.element(position, value)?;
                }
                self.form.close_array();
            }
        }
        self.ascend();
        Ok(())
    }
}

/// Python's own digits: a subclass may print itself in another way.
pub(super) fn decimal_text(value: &Bound<'_, PyInt>) -> Outcome<String> {
    let class: Bound<'_, PyType> = value.py().get_type::<PyInt>();
    let text = class.call_method1(intern!(value.py(), "__repr__"), (value,));
    match text {
        Ok(text) => Ok(text.extract()?),
        Err(_) => Err(Failure::unsupported(
            "an integer has more digits than Python converts to text",
        )),
    }
}

fn uuid_text(number: u128) -> String {
    let mut text = format!("{number:032x}");
    for position in [20, 16, 12, 8] {
        text.insert(position, '-');
    }
    text
}
