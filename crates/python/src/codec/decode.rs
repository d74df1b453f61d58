//! What decoding both formats needs: depth, lists, maps and their notes.

#![expect(
    clippy::inline_always,
    reason = "measured: a tenth of the time of reading a session of 2 kB"
)]

use flask_session_core::{MAX_DEPTH, NoteTree};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::failure::{Failure, Outcome};
use super::restore::restore;

/// The longest list that is made in one piece. A header may lie about its length; what it can
/// make us reserve, at every level of nesting, stays small.
const IN_ONE_PIECE: usize = 1024;

/// Reads values of one format, each a Python object.
pub(super) trait Decode<'py> {
    fn py(&self) -> Python<'py>;
    /// Containers around the value being read, itself included.
    fn depth(&mut self) -> &mut usize;
    /// Reads one value as the format has it; notes are for what is below it.
    fn plain(&mut self, notes: Option<&NoteTree>) -> Outcome<Bound<'py, PyAny>>;

    /// Reads one value, and restores what is noted.
    #[inline(always)]
    fn value(&mut self, notes: Option<&NoteTree>) -> Outcome<Bound<'py, PyAny>> {
        let value = self.plain(notes)?;
        match notes.and_then(NoteTree::tag) {
            None => Ok(value),
            Some(tag) => Ok(restore(value, tag)),
        }
    }

    #[inline]
    fn descend(&mut self) -> Outcome<()> {
        let depth = self.depth();
        if *depth == MAX_DEPTH {
            return Err(Failure::corrupt("containers nest too deep"));
        }
        *depth += 1;
        Ok(())
    }

    #[inline]
    fn ascend(&mut self) {
        *self.depth() -= 1;
    }

    /// Reads an array's elements whose number the header said.
    #[inline]
    fn list(&mut self, length: usize, notes: Option<&NoteTree>) -> Outcome<Bound<'py, PyAny>> {
        self.descend()?;
        let py = self.py();
        let mut element = |position| {
            self.value(notes.and_then(|notes| notes.child(position)))
                .map(Element)
        };
        let list = if length <= IN_ONE_PIECE {
            PyList::new(py, (0..length).map(|position| Fallible(element(position))))?
        } else {
            let list = PyList::empty(py);
            for position in 0..length {
                list.append(element(position)?.0)?;
            }
            list
        };
        self.ascend();
        Ok(list.into_any())
    }
}

struct Element<'py>(Bound<'py, PyAny>);

/// Lets a list be made from elements that may fail.
struct Fallible<'py>(Outcome<Element<'py>>);

impl<'py> IntoPyObject<'py> for Fallible<'py> {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = Failure;

    #[inline]
    fn into_pyobject(self, _py: Python<'py>) -> Result<Self::Output, Self::Error> {
        self.0.map(|element| element.0)
    }
}

/// Puts an entry into a map that is being read.
#[inline]
pub(super) fn put<'py>(
    map: &Bound<'py, PyDict>,
    key: &Bound<'py, PyAny>,
    value: &Bound<'py, PyAny>,
) -> Outcome<()> {
    map.set_item(key, value)
        .map_err(|_| Failure::corrupt("a map has a key that can't be one"))
}

/// A key with its type restored, unless that can't be a key.
#[cold]
pub(super) fn restored_key<'py>(key: Bound<'py, PyAny>, notes: &NoteTree) -> Bound<'py, PyAny> {
    let Some(tag) = notes.tag() else {
        return key;
    };
    let restored = restore(key.clone(), tag);
    if restored.hash().is_ok() {
        restored
    } else {
        key
    }
}
