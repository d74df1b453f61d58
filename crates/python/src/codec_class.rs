//! The Python class `Codec`.

use bytes::Bytes;
use flask_session_core::{Base, Encoding, Format, MAX_BYTES, Record, Revision};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

use crate::codec::{Conversion, Encoded};
use crate::error::{SessionMisconfigured, raise};
use crate::record::{self, Stored};

/// How sessions become bytes and bytes become sessions (`docs/format.md`).
#[pyclass(frozen, module = "flask_session._core")]
#[derive(Debug, Clone)]
pub(crate) struct Codec {
    pub(crate) conversion: Conversion,
    pub(crate) legacy_pickle: bool,
    pub(crate) max_bytes: usize,
}

impl Codec {
    /// A payload in the configured format, else in the other one, else as older releases wrote it.
    /// `None` if it says "no session".
    pub(crate) fn read(&self, payload: &Bytes) -> PyResult<Option<Record>> {
        self.encoding().read(payload).map_err(raise)
    }

    /// How core reads and writes payloads for this codec.
    pub(crate) fn encoding(&self) -> Encoding {
        Encoding {
            format: self.conversion.format,
            keep_types: self.conversion.keep_types,
            legacy_pickle: self.legacy_pickle,
            max_bytes: self.max_bytes,
        }
    }

    /// The conversion of a record that may be in the other format.
    pub(crate) fn conversion_of(&self, record: &Record) -> Conversion {
        Conversion {
            format: record.format(),
            ..self.conversion
        }
    }
}

/// A payload as a store's client gives it: bytes, or text if it decodes responses.
pub(crate) fn payload_bytes(payload: &Bound<'_, PyAny>) -> PyResult<Bytes> {
    if let Ok(text) = payload.cast::<PyString>() {
        return Ok(Bytes::copy_from_slice(text.to_str()?.as_bytes()));
    }
    Ok(Bytes::copy_from_slice(
        payload.cast::<PyBytes>()?.as_bytes(),
    ))
}

#[pymethods]
impl Codec {
    #[new]
    #[pyo3(signature = (
        format = "msgpack", *, keep_types = true, legacy_pickle = true, max_bytes = MAX_BYTES
    ))]
    fn new(
        format: &str,
        keep_types: bool,
        legacy_pickle: bool,
        max_bytes: usize,
    ) -> PyResult<Self> {
        let format = match format {
            "msgpack" => Format::Msgpack,
            "json" => Format::Json,
            other => {
                return Err(SessionMisconfigured::new_err(format!(
                    "SESSION_SERIALIZATION_FORMAT is {other:?}; it can be \"msgpack\" or \"json\""
                )));
            }
        };
        Ok(Self {
            conversion: Conversion { format, keep_types },
            legacy_pickle,
            max_bytes,
        })
    }

    /// `msgpack` or `json`.
    #[getter]
    fn format(&self) -> &'static str {
        match self.conversion.format {
            Format::Msgpack => "msgpack",
            Format::Json => "json",
        }
    }

    /// Encodes a whole session.
    fn encode<'py>(&self, session: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyBytes>> {
        let py = session.py();
        match self.conversion.encode(session)? {
            Encoded::Whole(payload) => {
                self.admit(payload.len())?;
                Ok(PyBytes::new(py, &payload))
            }
            Encoded::Entries(entries) => {
                let record = Record::new(self.conversion.format, entries);
                let payload = self.encoding().write(&record).map_err(raise)?;
                Ok(PyBytes::new(py, &payload))
            }
        }
    }

    /// Raises `SessionTooLarge` if a session of `size` bytes isn't to be stored.
    fn admit(&self, size: usize) -> PyResult<()> {
        self.encoding().admit(size).map_err(raise)
    }

    /// Splits a payload without decoding its values; None if it says "no session".
    fn record(&self, payload: &Bound<'_, PyAny>) -> PyResult<Option<record::Record>> {
        let payload = payload_bytes(payload)?;
        let revision = Revision::of_payload(payload.clone());
        let base = self.read(&payload)?.map(|record| Base { record, revision });
        Ok(base.map(|base| record::Record(Stored::new(base, self))))
    }

    /// Decodes a whole session; None if the payload says "no session".
    fn decode<'py>(
        &self,
        py: Python<'py>,
        payload: &Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyDict>>> {
        if let Ok(payload) = payload.cast_exact::<PyBytes>()
            && payload.as_bytes().len() <= MAX_BYTES
            && let Some(session) = self.conversion.decode_whole(py, payload.as_bytes())
        {
            return Ok(Some(session));
        }
        let Some(record) = self.read(&payload_bytes(payload)?)? else {
            return Ok(None);
        };
        let session = PyDict::new(py);
        self.conversion_of(&record)
            .fill(&session, record.entries())?;
        Ok(Some(session))
    }
}
