//! What a request does with its session: open, load, save.

mod changes;
mod committing;
mod entries;
mod load;
mod open;
mod place;
mod save;
mod saving;
mod shipped;
mod site;
mod state;
mod untouched;

use pyo3::prelude::*;

use crate::once::intern;

pub(crate) use changes::note_update;
pub(crate) use open::open_session;
pub(crate) use save::save_session;
pub(crate) use shipped::Shipped;
pub(crate) use state::Session;

/// See `_core.pyi`.
#[pyfunction]
#[pyo3(signature = (interface, session = None))]
pub(crate) fn direct_store<'py>(
    interface: &Bound<'py, PyAny>,
    session: Option<&Bound<'py, Session>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    site::direct_store(interface, shipped::shipped(interface)?.get(), session)
}

/// See `_core.pyi`.
#[pyfunction]
pub(crate) fn has_own_constructor(interface: &Bound<'_, PyAny>) -> PyResult<bool> {
    let class = interface.getattr(intern!(interface.py(), "session_class"))?;
    open::has_own_constructor(&class, shipped::shipped(interface)?.get())
}
