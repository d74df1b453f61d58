//! Map keys that were decoded lately. Sessions have the same few keys again and again.

use std::sync::{Mutex, MutexGuard, TryLockError};

use pyo3::prelude::*;
use pyo3::types::PyString;

/// Slots; a newer key takes the place of an older one.
const SLOTS: usize = 512;
/// Bytes of the longest key that is remembered.
const LONGEST: usize = 31;

/// Keys by their text.
pub(super) struct Keys(Box<[Option<Slot>]>);

struct Slot {
    length: u8,
    text: [u8; LONGEST],
    key: Py<PyString>,
}

static KEYS: Mutex<Option<Keys>> = Mutex::new(None);

/// The process's table for the time of one decoding. `None` while another decoding holds it,
/// possibly this very thread's, inside a finalizer: waiting here could wait forever.
pub(super) struct Borrowed(Option<MutexGuard<'static, Option<Keys>>>);

impl Borrowed {
    pub(super) fn new() -> Self {
        Self(match KEYS.try_lock() {
            Ok(keys) => Some(keys),
            Err(TryLockError::Poisoned(keys)) => Some(keys.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        })
    }

    /// The string `text`, from the table if it's there.
    #[inline]
    pub(super) fn get<'py>(
        &mut self,
        py: Python<'py>,
        text: &[u8],
    ) -> PyResult<Bound<'py, PyString>> {
        match self.0.as_deref_mut() {
            Some(keys) if text.len() <= LONGEST => keys.get_or_insert_with(Keys::new).get(py, text),
            _ => PyString::from_bytes(py, text),
        }
    }
}

impl Keys {
    fn new() -> Self {
        Self((0..SLOTS).map(|_| None).collect())
    }

    #[inline]
    fn get<'py>(&mut self, py: Python<'py>, text: &[u8]) -> PyResult<Bound<'py, PyString>> {
        let slot = &mut self.0[place(text)];
        if let Some(slot) = slot
            && usize::from(slot.length) == text.len()
            && slot.text[..text.len()] == *text
        {
            return Ok(slot.key.bind(py).clone());
        }
        Self::insert(slot, py, text)
    }

    #[cold]
    fn insert<'py>(
        slot: &mut Option<Slot>,
        py: Python<'py>,
        text: &[u8],
    ) -> PyResult<Bound<'py, PyString>> {
        // Interned, so that the application's literals are found by identity.
        let key = match std::str::from_utf8(text) {
            Ok(text) => PyString::intern(py, text),
            Err(_) => PyString::from_bytes(py, text)?,
        };
        let mut kept = [0; LONGEST];
        kept[..text.len()].copy_from_slice(text);
        #[expect(clippy::cast_possible_truncation)]
        let length = text.len() as u8;
        *slot = Some(Slot {
            length,
            text: kept,
            key: key.clone().unbind(),
        });
        Ok(key)
    }
}

/// The slot of a key: a multiplicative hash, eight bytes at a time.
#[inline]
fn place(text: &[u8]) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = text.len() as u64;
    let mut chunks = text.chunks_exact(8);
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        hash = (hash ^ u64::from_le_bytes(word))
            .wrapping_mul(ODD)
            .rotate_left(29);
    }
    for &byte in chunks.remainder() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(ODD);
    }
    (hash >> 40) as usize % SLOTS
}
