//! `Answer`: the session cookie and `Vary` of a response, while nothing of Flask's or Werkzeug's is replaced.

mod date;
mod headers;
mod template;

pub(crate) use headers::HeaderWriter;
pub(crate) use template::{KeptCookie, Template};

use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyDict, PyString};

use self::date::Dates;
use crate::lifetime::Lifetime;
use crate::once::intern;

/// See `_core.pyi`.
#[pyclass(frozen, module = "flask_session._core")]
pub(crate) struct Answer {
    writer: Py<HeaderWriter>,
    lifetime: Py<Lifetime>,
    time: Py<PyAny>,
    sessions: Py<PyDict>,
    dates: Dates,
}

#[pymethods]
impl Answer {
    #[new]
    fn new(
        writer: Py<HeaderWriter>,
        lifetime: Py<Lifetime>,
        time: Py<PyAny>,
        sessions: Py<PyDict>,
    ) -> Self {
        Self {
            writer,
            lifetime,
            time,
            sessions,
            dates: Dates::default(),
        }
    }

    pub(crate) fn write(
        &self,
        interface: &Bound<'_, PyAny>,
        app: &Bound<'_, PyAny>,
        sid: &Bound<'_, PyAny>,
        permanent: bool,
        response: &Bound<'_, PyAny>,
        varied: bool,
    ) -> PyResult<bool> {
        let py = interface.py();
        if !self.has_flasks_dates(py)? {
            return Ok(false);
        }
        let config = app.getattr(intern!(py, "config"))?;
        let kept = kept_cookie(interface, app, &config)?;
        let Some(template) = kept.get().template(permanent) else {
            return Ok(false);
        };
        let date = if permanent {
            let now: f64 = self.time.bind(py).call0()?.extract()?;
            let lifetime = self.lifetime.get().configured(app, &config)?;
            let Some(date) = self.dates.of(now + lifetime) else {
                return Ok(false);
            };
            Some(date)
        } else {
            None
        };
        let (value, writer) = (cookie_value(interface, app, sid)?, self.writer.get());
        if !writer.takes(response, &value)? {
            return Ok(false);
        }
        let value = value.cast::<PyString>()?.to_str()?;
        let text = template.text(value, date.as_deref().unwrap_or(""));
        if varied {
            writer.add_cookie(response, &text)?;
        } else {
            writer.add_both(response, &text)?;
        }
        Ok(true)
    }
}

impl Answer {
    /// Whether Flask uses Python's class of dates. Who replaces it, perhaps before we are imported, wants other ones.
    fn has_flasks_dates(&self, py: Python<'_>) -> PyResult<bool> {
        let found = self.sessions.bind(py).get_item(intern!(py, "datetime"))?;
        Ok(found.is_some_and(|found| found.is(py.get_type::<PyDateTime>())))
    }
}

/// What the interface has kept, or what it makes if that was made of other settings.
fn kept_cookie<'py>(
    interface: &Bound<'py, PyAny>,
    app: &Bound<'py, PyAny>,
    config: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, KeptCookie>> {
    let py = interface.py();
    if let Ok(kept) = interface
        .getattr(intern!(py, "_kept"))?
        .cast_into_exact::<KeptCookie>()
    {
        let same_site = interface.getattr(intern!(py, "has_same_site_capability"))?;
        if kept.get().holds(config, &same_site)? {
            return Ok(kept);
        }
    }
    let made = interface.call_method1(intern!(py, "_keep"), (app,))?;
    Ok(made.cast_into()?)
}

/// The id, signed if the interface signs.
fn cookie_value<'py>(
    interface: &Bound<'py, PyAny>,
    app: &Bound<'py, PyAny>,
    sid: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = interface.py();
    if interface.getattr(intern!(py, "use_signer"))?.is_truthy()? {
        interface.call_method1(intern!(py, "_sign"), (app, sid))
    } else {
        Ok(sid.clone())
    }
}
