//! `HeaderWriter`: what Werkzeug would write into a response's headers, without its work.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple, PyType};

use super::template::Template;
use crate::once::intern;

/// See `_core.pyi`.
#[pyclass(frozen, module = "flask_session._core")]
pub(crate) struct HeaderWriter {
    headers: Py<PyType>,
    add: Py<PyAny>,
    set_cookie: Py<PyAny>,
    dump_cookie: Py<PyAny>,
    /// What `set_cookie` finds `dump_cookie` in.
    globals: Py<PyDict>,
    vary: Py<PyAny>,
    /// Headers are a list of pairs.
    appends: bool,
    vary_by_cookie: Py<PyTuple>,
}

#[pymethods]
impl HeaderWriter {
    #[new]
    #[pyo3(signature = (headers, *, add, set_cookie, dump_cookie, vary, appends))]
    fn new(
        py: Python<'_>,
        headers: Py<PyType>,
        add: Py<PyAny>,
        set_cookie: Bound<'_, PyAny>,
        dump_cookie: Py<PyAny>,
        vary: Py<PyAny>,
        appends: bool,
    ) -> PyResult<Self> {
        let globals = match set_cookie.getattr_opt(intern!(py, "__globals__"))? {
            Some(globals) => globals.cast_into()?,
            None => PyDict::new(py),
        };
        Ok(Self {
            headers,
            add,
            set_cookie: set_cookie.unbind(),
            dump_cookie,
            globals: globals.unbind(),
            vary,
            appends,
            vary_by_cookie: ("Vary", "Cookie").into_pyobject(py)?.unbind(),
        })
    }

    pub(crate) fn vary_by_cookie(&self, response: &Bound<'_, PyAny>) -> PyResult<()> {
        // What has another `vary` need not have headers.
        let pairs = if self.has_werkzeugs_vary(response)? {
            self.pairs(&headers_of(response)?)?
        } else {
            None
        };
        self.vary(response, pairs)
    }

    pub(super) fn takes(
        &self,
        response: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let py = response.py();
        if !needs_no_quotes(value) || !self.has_werkzeugs_cookies(py)? {
            return Ok(false);
        }
        // Not by `response.__dict__`: looking at that makes all its attributes slower.
        let Some(method) = response.getattr_opt(intern!(py, "set_cookie"))? else {
            return Ok(false);
        };
        let function = method.getattr_opt(intern!(py, "__func__"))?;
        Ok(
            function.is_some_and(|function| function.is(&self.set_cookie))
                && method.getattr(intern!(py, "__self__"))?.is(response),
        )
    }

    fn add(
        &self,
        response: &Bound<'_, PyAny>,
        template: &Bound<'_, Template>,
        value: &str,
        date: &str,
    ) -> PyResult<()> {
        let text = template.get().text(value, date);
        self.add_cookie(response, &text).map(drop)
    }
}

impl HeaderWriter {
    /// Adds `Set-Cookie`. Returns the list that it was appended to.
    pub(super) fn add_cookie<'py>(
        &self,
        response: &Bound<'py, PyAny>,
        text: &str,
    ) -> PyResult<Option<Bound<'py, PyList>>> {
        let py = response.py();
        let headers = headers_of(response)?;
        let header = (intern!(py, "Set-Cookie"), text);
        let pairs = self.pairs(&headers)?;
        if let Some(pairs) = &pairs {
            // A text without a line break: looking for one is what Headers.add spends its time on.
            pairs.append(header)?;
        } else {
            headers.call_method1(intern!(py, "add"), header)?;
        }
        Ok(pairs)
    }

    /// Adds `Set-Cookie` and `Vary`.
    pub(super) fn add_both(&self, response: &Bound<'_, PyAny>, text: &str) -> PyResult<()> {
        let pairs = self.add_cookie(response, text)?;
        let varies = self.has_werkzeugs_vary(response)?;
        self.vary(response, pairs.filter(|_| varies))
    }

    fn vary(&self, response: &Bound<'_, PyAny>, pairs: Option<Bound<'_, PyList>>) -> PyResult<()> {
        if let Some(pairs) = pairs {
            match first_header(&pairs, "vary")? {
                None => return pairs.append(&self.vary_by_cookie),
                Some(value) if value.eq("Cookie")? => return Ok(()),
                Some(_) => {}
            }
        }
        let py = response.py();
        response
            .getattr(intern!(py, "vary"))?
            .call_method1(intern!(py, "add"), ("Cookie",))?;
        Ok(())
    }

    fn has_werkzeugs_cookies(&self, py: Python<'_>) -> PyResult<bool> {
        let name = intern!(py, "dump_cookie");
        let found = self.globals.bind(py).get_item(name)?;
        Ok(found.is_some_and(|found| found.is(&self.dump_cookie)))
    }

    fn has_werkzeugs_vary(&self, response: &Bound<'_, PyAny>) -> PyResult<bool> {
        let name = intern!(response.py(), "vary");
        let found = response.get_type().getattr_opt(name)?;
        Ok(found.is_some_and(|found| found.is(&self.vary)))
    }

    /// The list that Werkzeug's headers are, to append to; None if these are others.
    fn pairs<'py>(&self, headers: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyList>>> {
        let py = headers.py();
        let class = self.headers.bind(py);
        if self.appends
            && headers.get_type().is(class)
            && class.getattr(intern!(py, "add"))?.is(&self.add)
        {
            let pairs = headers.getattr(intern!(py, "_list"))?;
            return Ok(pairs.cast_into().ok());
        }
        Ok(None)
    }
}

fn headers_of<'py>(response: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    response.getattr(intern!(response.py(), "headers"))
}

/// The value of the first header called `name`, in whatever case.
fn first_header<'py>(
    headers: &Bound<'py, PyList>,
    name: &str,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    for header in headers {
        let header = header.cast::<PyTuple>()?;
        let found = header.get_borrowed_item(0)?;
        // What is no text, or can't be encoded, is another name.
        let is_the_one = found.cast::<PyString>().is_ok_and(|found| {
            found
                .to_str()
                .is_ok_and(|found| found.eq_ignore_ascii_case(name))
        });
        if is_the_one {
            return header.get_item(1).map(Some);
        }
    }
    Ok(None)
}

/// Whether every Werkzeug writes `value` as it is: ids, and signed ones, which are two and a dot.
fn needs_no_quotes(value: &Bound<'_, PyAny>) -> bool {
    let Ok(value) = value.cast_exact::<PyString>() else {
        return false;
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    value.to_str().is_ok_and(|value| {
        // All of them, without a branch: a few at a time.
        let are_plain = value.bytes().fold(true, |all, byte| all & is_plain(byte));
        are_plain && (1..=250).contains(&value.len())
    })
}
