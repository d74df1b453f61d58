//! What is looked up in Python once in a process.
//!
//! `PyO3`'s own ways (`intern!`, `PyOnceLock::get_or_init`, `import`) let other threads run while the cell is being
//! filled. A child that is forked in that moment has a cell that nobody will ever fill, and waits for it for ever.
//! Here a cell is only ever set with what is already there, in one step of the interpreter.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyAny, PyString, PyTypeMethods};

use crate::error::find_exceptions;

/// What `make` makes, kept. Threads that meet here may each make it; the first one's is kept.
pub(crate) fn once<'a, T>(
    py: Python<'_>,
    cell: &'a PyOnceLock<T>,
    make: impl Fn() -> PyResult<T>,
) -> PyResult<&'a T> {
    loop {
        if let Some(kept) = cell.get(py) {
            return Ok(kept);
        }
        let _ = cell.set(py, make()?);
    }
}

/// A function that returns what a module of Python's has under a name.
macro_rules! python {
    ($name:ident: $kind:ty = $module:literal, $attribute:literal) => {
        pub(crate) fn $name(py: pyo3::Python<'_>) -> pyo3::PyResult<&pyo3::Bound<'_, $kind>> {
            use pyo3::types::PyAnyMethods;
            static FOUND: pyo3::sync::PyOnceLock<pyo3::Py<$kind>> = pyo3::sync::PyOnceLock::new();
            let found = $crate::once::once(py, &FOUND, || {
                let found = py.import($module)?.getattr($attribute)?;
                Ok(found.cast_into::<$kind>()?.unbind())
            })?;
            Ok(found.bind(py))
        }
    };
}
pub(crate) use python;

/// A name as Python's own string, made at its first use.
pub(crate) struct Name {
    text: &'static str,
    string: PyOnceLock<Py<PyString>>,
}

impl Name {
    pub(crate) const fn new(text: &'static str) -> Self {
        Self {
            text,
            string: PyOnceLock::new(),
        }
    }

    #[inline]
    pub(crate) fn get<'py>(&self, py: Python<'py>) -> &Bound<'py, PyString> {
        loop {
            if let Some(string) = self.string.get(py) {
                return string.bind(py);
            }
            self.make(py);
        }
    }

    #[cold]
    fn make(&self, py: Python<'_>) {
        let _ = self
            .string
            .set(py, PyString::intern(py, self.text).unbind());
    }
}

/// The Python string of a literal, made once.
macro_rules! intern {
    ($py:expr, $text:literal) => {{
        static NAME: $crate::once::Name = $crate::once::Name::new($text);
        NAME.get($py)
    }};
}
pub(crate) use intern;

/// Fills the cells of `PyO3`'s own that we can't do without, while the module is imported.
pub(crate) fn fill_pyo3s_cells(py: Python<'_>) {
    let class = py.get_type::<PyAny>();
    let _ = (class.name(), class.fully_qualified_name());
    find_exceptions(py);
}
