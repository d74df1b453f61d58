//! Values from and to Rust types.
#![cfg(feature = "serde")]

use std::collections::{BTreeMap, HashSet};

use flask_session_core::{AwareDateTime, ErrorKind, Float, Format, Record, Value, with};
use serde::{Deserialize, Serialize};

fn moment(offset: i32, zone: Option<&str>) -> Value {
    Value::AwareDateTime(AwareDateTime {
        seconds: 1_577_934_245,
        microseconds: 6,
        offset,
        zone: zone.map(str::to_owned),
    })
}

/// One value of each type.
fn every_value() -> Vec<Value> {
    let pair = || vec![Value::Int(1), "two".into()];
    let entry = (Value::Tuple(pair()), Value::Set(pair()));
    vec![
        Value::Nil,
        Value::Bool(true),
        Value::Int(-7),
        Value::UInt(u64::MAX),
        Value::BigInt("-170141183460469231731687303715884105729".to_owned()),
        Value::Float(Float(1.5)),
        "text".into(),
        Value::Bytes(vec![0, 255]),
        Value::ByteArray(vec![1]),
        Value::Array(pair()),
        Value::Tuple(pair()),
        Value::Set(pair()),
        Value::FrozenSet(pair()),
        Value::Deque(pair()),
        Value::Map(vec![entry.clone()]),
        Value::OrderedMap(vec![entry]),
        Value::NaiveDateTime("2026-01-31T23:59:59.000001".to_owned()),
        moment(0, None),
        moment(-12_600, None),
        moment(7231, None),
        moment(-31, None),
        moment(3600, Some("Europe/Berlin")),
        moment(7231, Some("Somewhere/Odd")),
        Value::Date("2026-01-31".to_owned()),
        Value::Time("23:59:59+02:00".to_owned()),
        Value::TimeDelta("-P1DT5.000003S".to_owned()),
        Value::Decimal("1.10".to_owned()),
        Value::Uuid("00000000-0000-0000-0000-00000000000f".to_owned()),
        Value::Markup("<b>".to_owned()),
        Value::Ext(42, vec![1, 2]),
    ]
}

#[test]
fn every_value_comes_through_serde_as_it_was() {
    for value in every_value() {
        let written = Value::from_type(&value).unwrap();
        assert!(written == value, "written: {}", value.type_name());
        let read: Value = value.clone().into_type().unwrap();
        assert!(read == value, "read: {}", value.type_name());
        let nested = vec![(1, value.clone())];
        let written = Value::from_type(&nested).unwrap();
        let read: Vec<(u8, Value)> = written.into_type().unwrap();
        assert!(read == nested, "nested: {}", value.type_name());
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    number: u64,
    paid: Option<bool>,
    lines: Vec<(String, i16)>,
    status: Status,
    notes: BTreeMap<String, Status>,
    #[serde(with = "with::set")]
    tags: HashSet<String>,
    huge: i128,
    letter: char,
    rate: f32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Status {
    Open,
    Sent(u8),
    Returned { why: String },
    Split(u8, u8),
}

#[test]
fn a_type_of_ones_own_is_a_map_and_comes_back_from_both_formats() {
    let status = [
        ("sent".to_owned(), Status::Sent(2)),
        (
            "why".to_owned(),
            Status::Returned {
                why: "big".to_owned(),
            },
        ),
        ("split".to_owned(), Status::Split(1, 2)),
    ];
    let order = Order {
        number: u64::MAX,
        paid: None,
        lines: vec![("pencil".to_owned(), -1)],
        status: Status::Open,
        notes: status.into_iter().collect(),
        tags: HashSet::from(["a".to_owned()]),
        huge: i128::MAX,
        letter: '\u{e9}',
        rate: 0.5,
    };
    let value = Value::from_type(&order).unwrap();
    let Value::Map(entries) = &value else {
        panic!()
    };
    assert_eq!(entries[5].1, Value::Set(vec!["a".into()]));
    for format in [Format::Msgpack, Format::Json] {
        let data = [("order".into(), value.clone())].into_iter().collect();
        let payload = Record::from_data(&data, format).unwrap().write(true);
        let record = Record::read(&payload, format, false).unwrap().unwrap();
        let read = record.to_data().unwrap().remove("order").unwrap();
        assert_eq!(read.into_type::<Order>().unwrap(), order);
    }
}

#[test]
fn pythons_types_are_read_as_what_serde_knows() {
    let text = |value: Value| value.into_type::<String>().unwrap();
    assert_eq!(text(Value::Decimal("1.10".to_owned())), "1.10");
    assert_eq!(text(Value::Markup("<b>".to_owned())), "<b>");
    assert_eq!(
        text(moment(3600, Some("Europe/Berlin"))),
        "2020-01-02T04:04:05.000006+01:00"
    );
    let items = vec![Value::Int(1), Value::Int(2)];
    for list in [
        Value::Set(items.clone()),
        Value::Tuple(items.clone()),
        Value::Deque(items),
    ] {
        assert_eq!(list.into_type::<Vec<u8>>().unwrap(), [1, 2]);
    }
    assert_eq!(Value::Nil.into_type::<Option<u8>>().unwrap(), None);
}

#[test]
fn what_does_not_fit_is_an_error_that_shows_types_only() {
    let error = Value::from("a secret").into_type::<u8>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let said = format!("{error} {error:?}");
    assert!(
        said.contains("u8") && said.contains("str") && !said.contains("secret"),
        "{said}"
    );
    assert!(Value::Int(300).into_type::<u8>().is_err());
    assert!(
        Value::Array(vec![Value::Int(1)])
            .into_type::<(u8, u8)>()
            .is_err()
    );
    assert!(Value::from_type(&Value::Uuid("no uuid".to_owned())).is_err());
}
