//! `Signer`, what may be a session id, and finding cookies in a header.

use flask_session_core::{SessionId, candidates};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::error::raise;

/// See `_core.pyi`.
#[pyclass(frozen, module = "flask_session._core")]
#[derive(Debug)]
pub(crate) struct Signer(flask_session_core::Signer);

#[pymethods]
impl Signer {
    #[new]
    #[pyo3(signature = (secret_key, fallbacks=Vec::new()))]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "PyO3 extracts owned arguments"
    )]
    fn new(secret_key: Bound<'_, PyAny>, fallbacks: Vec<Bound<'_, PyAny>>) -> PyResult<Self> {
        let fallbacks = fallbacks
            .iter()
            .map(key_bytes)
            .collect::<PyResult<Vec<_>>>()?;
        flask_session_core::Signer::new(&key_bytes(&secret_key)?, &fallbacks)
            .map(Self)
            .map_err(raise)
    }

    fn sign(&self, sid: &str) -> String {
        self.0.sign(sid)
    }

    fn unsign<'a>(&self, text: &'a str) -> Option<&'a str> {
        self.0.unsign(text)
    }
}

fn key_bytes(key: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    if let Ok(text) = key.cast::<PyString>() {
        return Ok(text.to_str()?.as_bytes().to_vec());
    }
    if let Ok(bytes) = key.cast::<PyBytes>() {
        return Ok(bytes.as_bytes().to_vec());
    }
    Err(PyTypeError::new_err("a secret key is str or bytes"))
}

/// See `_core.pyi`.
#[pyfunction]
#[pyo3(signature = (text, custom=false))]
pub(crate) fn is_session_id(text: &str, custom: bool) -> bool {
    if custom {
        SessionId::parse_custom(text).is_some()
    } else {
        SessionId::admits(text)
    }
}

/// See `_core.pyi`.
#[pyfunction]
pub(crate) fn cookie_values<'a>(
    header: &'a str,
    name: &'a str,
    most: usize,
) -> Option<Vec<&'a str>> {
    // What Werkzeug would unquote or decode is left to it.
    let plain = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'"';
    if !name.is_ascii() {
        return None;
    }
    if !header.bytes().all(plain) {
        return (!header.contains(name)).then(Vec::new);
    }
    let found = candidates(header, name, usize::MAX).filter(|value| !value.is_empty());
    Some(found.take(most).collect())
}
