use super::*;
use crate::{AwareDateTime, Entry, Format, Value};

fn round(value: &Value, format: Format) -> (Entry, Value) {
    let entry = encode_entry(&"key".into(), value, format).unwrap();
    let (key, value) = decode_entry(&entry, format).unwrap();
    assert_eq!(key, Value::from("key"));
    (entry, value)
}

fn noted(entry: &Entry) -> &str {
    entry.note.as_ref().map_or("", |note| note.text())
}

#[test]
fn a_set_is_written_in_the_order_of_its_bytes_with_the_notes_of_its_elements() {
    let elements = |numbers: [i64; 3]| {
        let tuple = |number| Value::Tuple(vec![Value::Int(number)]);
        Value::Set(numbers.map(tuple).into_iter().collect())
    };
    let (entry, value) = round(&elements([300, -1, 2]), Format::Msgpack);
    assert_eq!(entry.value, &b"\x93\x91\x02\x91\xcd\x01\x2c\x91\xff"[..]);
    assert_eq!(noted(&entry), "=s;0=t;1=t;2=t");
    assert_eq!(value, elements([2, 300, -1]));
    let (entry, _) = round(&elements([300, -1, 2]), Format::Json);
    assert_eq!(entry.value, &b"[[-1],[2],[300]]"[..]);
    for alike in [
        ["".into(), Value::Bytes(Vec::new())],
        [Value::Bytes(Vec::new()), "".into()],
    ] {
        let (entry, _) = round(&Value::Set(alike.into_iter().collect()), Format::Json);
        assert_eq!(
            (&entry.value[..], noted(&entry)),
            (&b"[\"\",\"\"]"[..], "=s;1=b")
        );
    }
}

#[test]
fn an_array_in_a_key_is_a_tuple_without_a_note() {
    let key = Value::Tuple(vec![1.into(), Value::FrozenSet(vec![2.into()])]);
    let map = Value::Map(vec![(key, Value::Nil)]);
    let (entry, value) = round(&map, Format::Msgpack);
    assert_eq!(entry.value, &b"\x81\x92\x01\x91\x02\xc0"[..]);
    assert_eq!(noted(&entry), "0k/1=f");
    assert_eq!(value, map);
    assert!(encode_entry(&"key".into(), &map, Format::Json).is_err());
}

#[test]
fn the_own_key_of_an_entry_is_noted() {
    for (key, format, bytes, note) in [
        (Value::Int(5), Format::Msgpack, &b"\x05"[..], ""),
        (Value::Int(5), Format::Json, b"\"5\"", "k=i"),
        (Value::Nil, Format::Json, b"\"null\"", "k=x"),
        (true.into(), Format::Json, b"\"true\"", "k=B"),
        (1.5.into(), Format::Json, b"\"1.5\"", "k=r:1.5"),
        (f64::NAN.into(), Format::Json, b"\"nan\"", "k=r:nan"),
        (
            Value::Date("2020-01-02".into()),
            Format::Msgpack,
            b"\xaa2020-01-02",
            "k=d",
        ),
    ] {
        let entry = encode_entry(&key, &Value::Nil, format).unwrap();
        assert_eq!(entry.key, bytes);
        assert_eq!(noted(&entry), note);
        assert_eq!(decode_entry(&entry, format).unwrap(), (key, Value::Nil));
    }
}

#[test]
fn a_moment_beyond_the_timestamps_that_python_reads_is_text() {
    let moment = Value::AwareDateTime(AwareDateTime {
        seconds: -62_135_596_800 - 7200,
        microseconds: 0,
        offset: 7200,
        zone: None,
    });
    let (entry, value) = round(&moment, Format::Msgpack);
    assert_eq!(entry.value, &b"\xb90001-01-01T00:00:00+02:00"[..]);
    assert_eq!(noted(&entry), "=z:7200");
    assert_eq!(value, moment);
}

#[test]
fn a_note_that_does_not_fit_its_value_changes_nothing() {
    for tag in [
        "=t", "=d", "=i", "=z:0", "=r:1.0", "=o", "=b", "0=t", "0k=i", "k=i",
    ] {
        let mut entry = encode_entry(&"key".into(), &"plain text".into(), Format::Json).unwrap();
        entry.note = Some(crate::Note::new(0, tag));
        let (key, value) = decode_entry(&entry, Format::Json).unwrap();
        assert_eq!((key, value), ("key".into(), "plain text".into()), "{tag}");
    }
}

#[test]
fn nesting_is_limited_alike_in_writing_and_reading() {
    for format in [Format::Msgpack, Format::Json] {
        let nested =
            |depth: usize| (0..depth).fold(Value::Nil, |value, _| Value::Array(vec![value]));
        let deepest = nested(crate::MAX_DEPTH);
        assert_eq!(round(&deepest, format).1, deepest);
        let deeper = nested(crate::MAX_DEPTH + 1);
        let error = encode_entry(&"key".into(), &deeper, format).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Unsupported);
    }
}

#[test]
fn what_a_format_cannot_hold_is_refused_by_the_name_of_its_type() {
    let ext = Value::Ext(5, vec![1]);
    assert_eq!(round(&ext, Format::Msgpack).1, ext);
    let error = encode_entry(&"key".into(), &ext, Format::Json).unwrap_err();
    assert!(error.to_string().contains("MessagePack extension"));
    let key = Value::Array(vec![]);
    let error = encode_entry(&key, &Value::Nil, Format::Msgpack).unwrap_err();
    assert!(error.to_string().contains("list"));
}
