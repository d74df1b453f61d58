//! Map keys that were decoded lately. Sessions have the same few keys again and again.

use std::sync::{Mutex, MutexGuard, TryLockError};

use pyo3::prelude::*;
use pyo3::types::PyString;

/// Slots; a newer key takes the place of an older one.
const SLOTS: usize = 1024;
/// Bytes of the longest key that is remembered.
const LONGEST: usize = 31;
/// Bytes of the longest key that two words are.
const TWO_WORDS: usize = 16;

/// Keys by their text, for the time of one decoding.
pub(super) struct Keys(Option<MutexGuard<'static, Option<Table>>>);

type Table = Box<[Option<Slot>]>;

struct Slot {
    length: u8,
    words: [u64; 2],
    text: [u8; LONGEST],
    key: Py<PyString>,
}

static KEYS: Mutex<Option<Table>> = Mutex::new(None);

impl Keys {
    /// The process's table; an empty-handed one while another decoding holds it, possibly this very
    /// thread's, inside a finalizer: waiting here could wait forever.
    pub(super) fn borrow() -> Self {
        let table = match KEYS.try_lock() {
            Ok(table) => Some(table),
            Err(TryLockError::Poisoned(table)) => Some(table.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        };
        Self(table.map(|mut table| {
            table.get_or_insert_with(|| (0..SLOTS).map(|_| None).collect());
            table
        }))
    }

    /// The string `text`, from the table if it's there.
    #[inline]
    pub(super) fn get<'py>(
        &mut self,
        py: Python<'py>,
        text: &[u8],
    ) -> PyResult<Bound<'py, PyString>> {
        let Some(Some(table)) = self.0.as_deref_mut() else {
            return PyString::from_bytes(py, text);
        };
        if text.len() > LONGEST {
            return PyString::from_bytes(py, text);
        }
        let words = words(text);
        let slot = &mut table[place(text.len(), words)];
        if let Some(slot) = slot
            && usize::from(slot.length) == text.len()
            && slot.words == words
            && (text.len() <= TWO_WORDS || slot.text[..text.len()] == *text)
        {
            return Ok(slot.key.bind(py).clone());
        }
        remember(slot, py, text, words)
    }
}

#[cold]
fn remember<'py>(
    slot: &mut Option<Slot>,
    py: Python<'py>,
    text: &[u8],
    words: [u64; 2],
) -> PyResult<Bound<'py, PyString>> {
    let key = PyString::from_bytes(py, text)?;
    let mut kept = [0; LONGEST];
    kept[..text.len()].copy_from_slice(text);
    *slot = Some(Slot {
        length: u8::try_from(text.len()).unwrap_or(u8::MAX),
        words,
        text: kept,
        key: key.clone().unbind(),
    });
    Ok(key)
}

const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Two words of a key, which may overlap. Up to [`TWO_WORDS`] bytes, no other key of the same
/// length has them.
#[inline]
fn words(text: &[u8]) -> [u64; 2] {
    if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        let mut first = u64::from_le_bytes(*first);
        if text.len() > TWO_WORDS {
            for word in text.as_chunks::<8>().0 {
                first = (first ^ u64::from_le_bytes(*word))
                    .wrapping_mul(ODD)
                    .rotate_left(31);
            }
        }
        [first, u64::from_le_bytes(*last)]
    } else if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        [u64::from(first) << 32 | u64::from(last), 0]
    } else {
        let byte = |at: usize| u64::from(text.get(at).copied().unwrap_or(0));
        [byte(0) << 16 | byte(1) << 8 | byte(2), 0]
    }
}

/// The slot of a key: a multiplicative hash.
#[inline]
fn place(length: usize, words: [u64; 2]) -> usize {
    let hash = (length as u64 ^ words[0]).wrapping_mul(ODD).rotate_left(31);
    ((hash ^ words[1]).wrapping_mul(ODD) >> 54) as usize % SLOTS
}
