//! The extension module `flask_session._core`: conversion, and what a request of Flask's does with its session.

mod answer;
mod breaker;
mod codec;
mod codec_class;
mod commit;
mod cookie;
mod error;
mod held;
mod lifetime;
mod once;
mod overrides;
mod record;
mod session;
mod store;
mod touches;

use std::time::Duration;

use pyo3::prelude::*;

/// The Rust core of Flask-Session.
#[pymodule]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::answer::{Answer, HeaderWriter, KeptCookie, Template};
    #[pymodule_export]
    use crate::breaker::{Admitted, Breaker};
    #[pymodule_export]
    use crate::codec::Ext;
    #[pymodule_export]
    use crate::codec_class::Codec;
    #[pymodule_export]
    use crate::commit::Commit;
    #[pymodule_export]
    use crate::cookie::{Signer, cookie_values, is_session_id};
    #[pymodule_export]
    use crate::error::too_large;
    #[pymodule_export]
    use crate::lifetime::Lifetime;
    #[pymodule_export]
    use crate::overrides::{Hooks, codes_alone};
    #[pymodule_export]
    use crate::record::{Pending, Record, is_bare};
    #[pymodule_export]
    use crate::session::{
        Session, Shipped, direct_store, has_own_constructor, note_update, open_session,
        save_session,
    };
    #[pymodule_export]
    use crate::store::{Store, backends};
    #[pymodule_export]
    use crate::touches::Touches;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::once::fill_pyo3s_cells(module.py());
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}

/// A time to live from Python's seconds. Less than a second is legal, less than nothing is none.
fn seconds(seconds: f64) -> PyResult<Duration> {
    if seconds <= 0.0 {
        return Ok(Duration::ZERO);
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| {
        error::SessionMisconfigured::new_err(format!(
            "{seconds} is no time in seconds; check PERMANENT_SESSION_LIFETIME"
        ))
    })
}
