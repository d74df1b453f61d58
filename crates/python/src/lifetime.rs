//! `Lifetime`: how long an application's sessions live.

use std::sync::OnceLock;

use pyo3::prelude::*;
use pyo3::types::{PyDelta, PyDeltaAccess, PyMapping, PyMappingProxy, PyString, PyTuple, PyType};

use crate::once::intern;

/// See `_core.pyi`.
#[pyclass(frozen, module = "flask_session._core")]
pub(crate) struct Lifetime {
    attribute: Py<PyAny>,
    /// The class whose applications were asked first: a process has one, as a rule.
    usual: OnceLock<Usual>,
}

struct Usual {
    /// The class and its bases: another tuple as soon as any of them has other bases.
    order: Py<PyTuple>,
    /// The attributes of the classes that come before the one that has Flask's.
    before: Vec<Py<PyMapping>>,
    holder: Py<PyMapping>,
}

#[pymethods]
impl Lifetime {
    #[new]
    fn new(attribute: Py<PyAny>) -> Self {
        Self {
            attribute,
            usual: OnceLock::new(),
        }
    }

    /// The seconds of `app.permanent_session_lifetime`.
    pub(crate) fn total_seconds(&self, app: &Bound<'_, PyAny>) -> PyResult<f64> {
        let config = app.getattr(intern!(app.py(), "config"))?;
        self.configured(app, &config)
    }

    /// The same as a store takes it: whole seconds, and at least one.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "as Python's int() does it; the longest timedelta has fourteen digits"
    )]
    pub(crate) fn seconds(&self, app: &Bound<'_, PyAny>) -> PyResult<i64> {
        Ok((self.total_seconds(app)? as i64).max(1))
    }
}

impl Lifetime {
    /// `total_seconds`, where `app.config` is known already.
    pub(crate) fn configured(
        &self,
        app: &Bound<'_, PyAny>,
        config: &Bound<'_, PyAny>,
    ) -> PyResult<f64> {
        let py = app.py();
        if self.is_flasks(app)? {
            let found = config.get_item(intern!(py, "PERMANENT_SESSION_LIFETIME"))?;
            if let Ok(lifetime) = found.cast_exact::<PyDelta>() {
                return Ok(seconds_of(lifetime));
            }
        }
        app.getattr(name(py))?
            .call_method0(intern!(py, "total_seconds"))?
            .extract()
    }

    /// Whether the attribute is Flask's own, which does nothing with a timedelta but find it in the configuration.
    /// It can't be hidden by an application's own attribute: it has a setter.
    fn is_flasks(&self, app: &Bound<'_, PyAny>) -> PyResult<bool> {
        let (class, py) = (app.get_type(), app.py());
        let usual = match self.usual.get() {
            Some(usual) => usual,
            None => match self.examine(&class)? {
                Some(usual) => self.usual.get_or_init(|| usual),
                None => return Ok(false),
            },
        };
        if !class.mro().is(&usual.order) || !finds_as_objects_do(&class)? {
            return Ok(false);
        }
        // Looked up each time, since any of these classes may have been changed.
        for attributes in &usual.before {
            if attributes.bind(py).contains(name(py))? {
                return Ok(false);
            }
        }
        let found = usual.holder.bind(py).get_item(name(py));
        Ok(found.is_ok_and(|found| found.is(&self.attribute)))
    }

    fn examine(&self, class: &Bound<'_, PyType>) -> PyResult<Option<Usual>> {
        let (py, order) = (class.py(), class.mro());
        let mut before = Vec::new();
        for base in &order {
            let attributes = base.getattr(intern!(py, "__dict__"))?;
            let attributes = attributes.cast_into::<PyMappingProxy>()?;
            let attributes = attributes.as_mapping();
            if !attributes.contains(name(py))? {
                before.push(attributes.clone().unbind());
                continue;
            }
            let found = attributes.get_item(name(py))?;
            return Ok(found.is(&self.attribute).then(|| Usual {
                order: order.clone().unbind(),
                before,
                holder: attributes.clone().unbind(),
            }));
        }
        Ok(None)
    }
}

/// Whether a class leaves it to Python to find an attribute.
fn finds_as_objects_do(class: &Bound<'_, PyType>) -> PyResult<bool> {
    let py = class.py();
    let finder = intern!(py, "__getattribute__");
    let usual = py.get_type::<PyAny>().getattr(finder)?;
    Ok(class.getattr(finder)?.is(&usual))
}

fn name(py: Python<'_>) -> &Bound<'_, PyString> {
    intern!(py, "permanent_session_lifetime")
}

fn seconds_of(lifetime: &Bound<'_, PyDelta>) -> f64 {
    f64::from(lifetime.get_days()) * 86_400.0
        + f64::from(lifetime.get_seconds())
        + f64::from(lifetime.get_microseconds()) / 1e6
}
