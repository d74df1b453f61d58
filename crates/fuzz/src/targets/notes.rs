//! Notes on types. An input is the notes' text, the byte FF, and the encoded value that they are about.

use bytes::Bytes;
use flask_session_core::{Entry, Format, Note, NoteTree, Record, canonical};

use crate::Target;
use crate::heap::bounded;

pub(super) const TARGET: Target = Target { name: "notes", run };

fn run(input: &[u8]) -> bool {
    let (text, value) = match input.iter().position(|byte| *byte == 0xff) {
        Some(end) => (&input[..end], &input[end + 1..]),
        None => (input, &b"\xc0"[..]),
    };
    let text = String::from_utf8_lossy(text);
    let tree = bounded(input, || NoteTree::parse(&text));
    let mut taken = false;
    for format in [Format::Msgpack, Format::Json] {
        taken |= about(&text, value, format) && !tree.is_empty();
    }
    taken
}

/// Whether `value` is one of this format. Notes that don't fit it are ignored, never an error.
fn about(text: &str, value: &[u8], format: Format) -> bool {
    let plain = Record::new(format, vec![entry(value, None, format)]);
    let read = Record::read(&plain.write(true), format, false);
    if read.ok().flatten().as_ref() != Some(&plain) {
        return false;
    }
    let note = Note::new(crc32fast::hash(value), text.to_owned());
    let record = Record::new(format, vec![entry(value, Some(note), format)]);
    let read = Record::read(&record.write(true), format, false);
    assert_eq!(read.unwrap().as_ref(), Some(&record));
    bounded(text.as_bytes(), || record.to_data()).unwrap();
    // Written afresh, the value and what remains of its notes are as stable as any.
    if let Ok(once) = canonical(&record.entries()[0], format) {
        assert_eq!(canonical(&once, format).unwrap(), once);
    }
    true
}

fn entry(value: &[u8], note: Option<Note>, format: Format) -> Entry {
    Entry {
        key: format.encode_key("v").into(),
        value: Bytes::copy_from_slice(value),
        note,
    }
}
