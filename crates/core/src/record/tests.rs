use bytes::Bytes;

use super::*;
use crate::{Data, ErrorKind, Value};

fn split(payload: &Bytes, format: Format) -> Record {
    Record::read(payload, format, false).unwrap().unwrap()
}

/// The example of `docs/format.md`.
fn example() -> Vec<u8> {
    let mut payload = b"\x83\xaa_permanent\xc3\xa4seen\x92\x01\x02".to_vec();
    payload.extend_from_slice(b"\xb1__flask_session__\x81\xa5types\x81\xa4seen\x92\xce");
    payload.extend_from_slice(&crc32fast::hash(b"\x92\x01\x02").to_be_bytes());
    payload.extend_from_slice(b"\xa2=t");
    payload
}

#[test]
fn the_example_of_the_specification_is_split_and_joined_unchanged() {
    let payload = Bytes::from(example());
    let record = split(&payload, Format::Msgpack);
    assert_eq!(record.entries().len(), 2);
    assert!(record.permanent() && !record.is_empty());
    let seen = record.get(b"\xa4seen").unwrap();
    assert_eq!(seen.value, &b"\x92\x01\x02"[..]);
    assert_eq!(seen.note.as_ref().unwrap().text(), "=t");
    assert_eq!(record.write(true), payload);
    let without = record.write(false);
    assert_eq!(without, &b"\x82\xaa_permanent\xc3\xa4seen\x92\x01\x02"[..]);
}

#[test]
fn the_same_in_json_with_white_space_from_another_writer() {
    let text = format!(
        "{{ \"_permanent\" : true,\n\"seen\": [1, 2] , \"__flask_session__\":{{\"types\":{{\"seen\":[{},\"=t\"]}}}} }}\n",
        crc32fast::hash(b"[1, 2]")
    );
    let record = split(&Bytes::from(text), Format::Json);
    assert!(record.permanent());
    let seen = record.get(b"\"seen\"").unwrap();
    assert_eq!(seen.value, &b"[1, 2]"[..]);
    assert_eq!(seen.note.as_ref().unwrap().text(), "=t");
    let written = record.write(true);
    assert_eq!(split(&written, Format::Json), record);
    assert_eq!(
        record.write(false),
        &b"{\"_permanent\":true,\"seen\":[1, 2]}"[..]
    );
}

#[test]
fn a_note_whose_checksum_does_not_fit_is_ignored() {
    let mut payload = example();
    let value = payload.iter().position(|byte| *byte == 0x92).unwrap();
    payload[value + 1] = 9;
    let record = split(&payload.into(), Format::Msgpack);
    assert_eq!(record.get(b"\xa4seen").unwrap().note, None);
}

#[test]
fn what_later_releases_put_beside_the_notes_is_kept() {
    for (format, payload) in [
        (
            Format::Json,
            &b"{\"a\":1,\"__flask_session__\":{\"created\":5,\"types\":{},\"owner\":\"x\"}}"[..],
        ),
        (
            Format::Msgpack,
            &b"\x82\xa1a\x01\xb1__flask_session__\x82\xa7created\x05\xa5owner\xa1x"[..],
        ),
    ] {
        let record = split(&Bytes::from_static(payload), format);
        assert_eq!(record.entries().len(), 1);
        assert!(!record.extra().is_empty());
        let again = Record::new(format, record.entries().to_vec());
        let again = again.with_extra(record.extra().clone());
        assert_eq!(split(&again.write(true), format), record);
    }
}

#[test]
fn a_reserved_key_of_another_form_never_becomes_an_entry() {
    for payload in [
        "{\"__flask_session__\":5}",
        "{\"__flask_session__\":null}",
        "{\"__flask_session__\":{\"types\":[]},\"a\":1}",
        "{\"__flask_session__\":{\"types\":{\"a\":[\"x\"]}},\"a\":1}",
        "{\"__flask_session__\":{\"types\":{\"a\":[-1,\"=t\"]}},\"a\":1}",
        "{\"__flask\\u005fsession__\":{\"types\":{\"a\":7}},\"a\":1}",
    ] {
        let record = split(&Bytes::from(payload), Format::Json);
        assert!(record.entries().len() < 2, "{payload}");
        assert!(record.entries().iter().all(|entry| entry.note.is_none()));
        assert!(record.extra().is_empty());
    }
}

#[test]
fn keys_are_found_however_another_writer_encoded_them() {
    let wide = Bytes::from_static(b"\x82\xd9\x0a_permanent\xc3\xcc\x01\xa1x");
    let record = split(&wide, Format::Msgpack);
    assert!(record.permanent());
    assert!(record.get(b"\x01").is_some());
    let escaped = Bytes::from_static(b"{\"_perm\\u0061nent\":true}");
    assert!(split(&escaped, Format::Json).permanent());
}

#[test]
fn of_a_key_that_occurs_twice_the_last_value_counts() {
    for count in [3, 40] {
        let keys: Vec<String> = (0..count).map(|index| format!("\"k{index}\":0,")).collect();
        let text = format!("{{\"a\":0,{}\"a\":1}}", keys.concat());
        let record = split(&Bytes::from(text), Format::Json);
        assert_eq!(record.entries().len(), count + 1);
        assert_eq!(record.entries()[0].key, &b"\"a\""[..]);
        assert_eq!(record.entries()[0].value, &b"1"[..]);
    }
}

#[test]
fn nothing_but_the_permanent_flag_is_empty() {
    assert!(split(&Bytes::from_static(b"\x80"), Format::Msgpack).is_empty());
    assert!(split(&Bytes::from_static(b"{\"_permanent\":false}"), Format::Json).is_empty());
    assert!(!split(&Bytes::from_static(b"{\"a\":false}"), Format::Json).is_empty());
}

#[test]
fn debug_shows_neither_keys_nor_values() {
    let payload = Bytes::from_static(b"{\"secret\":\"hidden\"}");
    let record = split(&payload, Format::Json);
    let text = format!("{record:?} {:?} {:?}", record.entries(), record.extra());
    assert!(
        !text.contains("secret") && !text.contains("hidden"),
        "{text}"
    );
}

#[test]
fn a_record_of_the_other_format_keeps_its_types() {
    let moment = crate::AwareDateTime {
        seconds: 1_577_934_245,
        microseconds: 6,
        offset: 7200,
        zone: None,
    };
    let data: Data = [
        ("_permanent".into(), true.into()),
        (
            "seen".into(),
            Value::Tuple(vec![1.into(), Value::Bytes(vec![255])]),
        ),
        ("when".into(), Value::AwareDateTime(moment)),
        (
            "big".into(),
            Value::integer("18446744073709551616").unwrap(),
        ),
        ("nan".into(), f64::NAN.into()),
        (Value::Int(7), Value::Nil),
    ]
    .into_iter()
    .collect();
    for format in [Format::Msgpack, Format::Json] {
        let stored = Record::from_data(&data, format).unwrap().write(true);
        for wanted in [format, format.other()] {
            let record = split(&stored, wanted);
            assert_eq!(record.format(), wanted);
            assert!(record.permanent());
            assert_eq!(record.to_data().unwrap(), data);
        }
    }
}

#[test]
fn a_payload_may_say_that_there_is_no_session() {
    for payload in [&b""[..], b"\xc0", b"null", b" null\n"] {
        for format in [Format::Msgpack, Format::Json] {
            let payload = Bytes::from_static(payload);
            assert_eq!(Record::read(&payload, format, true).unwrap(), None);
        }
    }
}

#[test]
fn what_is_not_a_whole_map_of_readable_values_is_corrupt() {
    let deep = [&b"\x81\xa1a"[..], &[0x91; 5000], b"\xc0"].concat();
    let deep_json = format!("{{\"a\":{}1{}}}", "[".repeat(5000), "]".repeat(5000)).into_bytes();
    for payload in [
        &b"5"[..],
        b"\x05",
        b"\x91\x01",
        b"[1]",
        b"\"text\"",
        b"\x81",
        b"\x81\xa1a",
        b"\x81\xa1a\xc1",
        b"\x81\xa1a\xa1\xff",
        b"\x81\xa1a\x01\x00",
        b"\xdf\xff\xff\xff\xff",
        b"\x81\xa1a\xdd\xff\xff\xff\xff",
        b"\x81\xa1a\xc6\xff\xff\xff\xff",
        b"\x81\x80\x01",
        b"{\"a\":1",
        b"{\"a\":1}}",
        b"{\"a\":\"\xff\"}",
        b"{\"a\":\"\\ud800\"}",
        b"{\"a\":1e999}",
        b"{a:1}",
        b"garbage",
        &deep,
        &deep_json,
    ] {
        for format in [Format::Msgpack, Format::Json] {
            let payload = Bytes::copy_from_slice(payload);
            let error = Record::read(&payload, format, true).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{payload:?}");
        }
    }
}

#[test]
fn an_entry_encoded_afresh_is_what_we_would_write() {
    let wide = Bytes::from_static(b"\x81\xa1a\xdc\x00\x02\xd3\0\0\0\0\0\0\0\x01\xca\x3f\x80\0\0");
    let record = split(&wide, Format::Msgpack);
    let entry = canonical(&record.entries()[0], Format::Msgpack).unwrap();
    assert_eq!(entry.value, &b"\x92\x01\xcb\x3f\xf0\0\0\0\0\0\0"[..]);
    let spaced = Bytes::from_static(b"{\"a\": [1, {\"b\" : 1.50, \"\\u00e9\":\"\\u002f\"}]}");
    let record = split(&spaced, Format::Json);
    let entry = canonical(&record.entries()[0], Format::Json).unwrap();
    assert_eq!(entry.value, "[1,{\"b\":1.5,\"\u{e9}\":\"/\"}]".as_bytes());
}

#[test]
fn keys_that_json_writes_alike_become_one() {
    let data: Data = [(Value::Int(1), 1.into()), ("1".into(), 2.into())]
        .into_iter()
        .collect();
    let record = Record::from_data(&data, Format::Json).unwrap();
    assert_eq!(record.write(true), &b"{\"1\":2}"[..]);
}

#[test]
fn the_keys_that_are_looked_for_are_encoded_as_any_other() {
    for format in [Format::Msgpack, Format::Json] {
        assert_eq!(format.reserved_key(), format.encode_key(RESERVED_KEY));
        assert_eq!(format.types_key(), format.encode_key(TYPES));
        assert_eq!(format.permanent_key(), format.encode_key("_permanent"));
    }
}

#[test]
fn more_keys_than_a_session_can_have_are_not_read() {
    let full = |keys: usize| -> Data {
        (0..keys)
            .map(|key| (key.to_string().into(), Value::Nil))
            .collect()
    };
    let pickle = |keys: usize| {
        let entries = (0..keys).map(|key| format!("V{key}\nN"));
        Bytes::from(format!("}}({}u.", entries.collect::<String>()))
    };
    for format in [Format::Msgpack, Format::Json] {
        let payload = |keys| Record::from_data(&full(keys), format).unwrap().write(true);
        for (fits, exceeds) in [
            (payload(MAX_KEYS), payload(MAX_KEYS + 2)),
            (pickle(MAX_KEYS), pickle(MAX_KEYS + 1)),
        ] {
            for read_as in [format, format.other()] {
                let record = Record::read(&fits, read_as, true).unwrap().unwrap();
                assert_eq!(record.entries().len(), MAX_KEYS);
                let error = Record::read(&exceeds, read_as, true).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Corrupt);
            }
        }
    }
}

#[test]
fn a_record_that_is_too_large_is_not_read_unless_so_much_may_be_stored() {
    let length = crate::MAX_BYTES + 1;
    let payload = |length: usize| {
        let mut payload = b"\x81\xa1a\xc6".to_vec();
        payload.extend(u32::try_from(length - 8).unwrap().to_be_bytes());
        payload.resize(length, 0);
        Bytes::from(payload)
    };
    let mut encoding = crate::Encoding::default();
    assert!(encoding.read(&payload(length - 1)).unwrap().is_some());
    let error = encoding.read(&payload(length)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("SESSION_MAX_BYTES"), "{error}");
    encoding.max_bytes = length;
    assert!(encoding.read(&payload(length)).unwrap().is_some());
    encoding.max_bytes = 1;
    let small = encoding.read(&payload(1000)).unwrap();
    assert!(small.is_some(), "lowering the limit ends no session");
}
