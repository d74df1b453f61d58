//! The extension module `flask_session._core`: conversion only, no policy.

use pyo3::prelude::*;

/// The Rust core of Flask-Session.
#[pymodule]
mod _core {}
