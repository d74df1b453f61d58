//! The extension module `flask_session._core`: conversion only, no policy.

mod codec;
mod codec_class;

use pyo3::prelude::*;

/// The Rust core of Flask-Session.
#[pymodule]
mod _core {
    #[pymodule_export]
    use crate::codec::Ext;
    #[pymodule_export]
    use crate::codec_class::Codec;
}
