//! What holds for a record that is read, whatever it was written in.

use bytes::Bytes;
use flask_session_core::{ErrorKind, Format, Record, Result, canonical};

use crate::heap::bounded;

/// Reads `input` as an application with this format does; true if it is a session.
pub(crate) fn read(input: &[u8], format: Format, legacy_pickle: bool) -> bool {
    let payload = Bytes::copy_from_slice(input);
    let record = bounded(input, || Record::read(&payload, format, legacy_pickle));
    let Some(record) = taken(record).flatten() else {
        return false;
    };
    let data = bounded(input, || record.to_data()).unwrap();
    assert!(data.len() <= record.entries().len());
    // What was read is rewritten at the next save, and must still be the same.
    let again = Record::read(&record.write(true), format, false);
    assert_eq!(again.unwrap().as_ref(), Some(&record));
    for entry in record.entries() {
        let once = canonical(entry, format);
        let Ok(once) = once else { continue };
        assert_eq!(canonical(&once, format).unwrap(), once);
    }
    // The setting may change; what the other format can't hold is refused then.
    let moved = Record::read(&record.write(true), format.other(), false);
    if let Some(moved) = taken(moved).flatten() {
        moved.to_data().unwrap();
    }
    true
}

/// A record is refused as corrupt, in one short line.
fn taken<T>(result: Result<T>) -> Option<T> {
    let error = match result {
        Ok(value) => return Some(value),
        Err(error) => error,
    };
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    let text = error.to_string();
    assert!(!text.contains('\n') && text.len() < 300, "{text}");
    None
}
