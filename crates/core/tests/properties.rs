//! What holds for every value and every payload.
#![expect(
    clippy::unwrap_used,
    reason = "a value that can't be encoded fails the test"
)]

use bytes::Bytes;
use flask_session_core::{
    AwareDateTime, Data, Entry, Extra, Float, Format, Note, Record, Value, canonical,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Failures are printed, not kept beside the sources. The same cases in each run, unless
/// `PROPTEST_RNG_SEED` says which.
fn config(cases: u32) -> ProptestConfig {
    let configured = ProptestConfig::with_cases(cases);
    ProptestConfig {
        failure_persistence: None,
        rng_seed: match configured.rng_seed {
            RngSeed::Random => RngSeed::Fixed(1),
            RngSeed::Fixed(seed) => RngSeed::Fixed(seed),
        },
        ..configured
    }
}

fn formats() -> impl Strategy<Value = Format> {
    prop_oneof![Just(Format::Msgpack), Just(Format::Json)]
}

fn moments() -> impl Strategy<Value = AwareDateTime> {
    let zones = prop_oneof![
        3 => (-86_399..86_400i32).prop_map(|offset| (offset, None)),
        1 => Just((0, Some("Europe/Berlin".to_owned()))),
    ];
    // A day from either end, the local time stays within the years 1 to 9999.
    let seconds = -62_135_510_400..253_402_214_400i64;
    (seconds, 0..1_000_000u32, zones).prop_map(|(seconds, microseconds, (offset, zone))| {
        AwareDateTime {
            seconds,
            microseconds,
            offset,
            zone,
        }
    })
}

/// Values that are the same in a map's key.
fn scalars() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Nil),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<u64>().prop_map(Value::from),
        "-?[1-9][0-9]{20,40}".prop_map(Value::BigInt),
        any::<f64>().prop_map(|number| {
            // JSON keeps no NaN's bits.
            Value::Float(Float(if number.is_nan() { f64::NAN } else { number }))
        }),
        any::<String>().prop_map(Value::Str),
        vec(any::<u8>(), 0..40).prop_map(Value::Bytes),
        "[0-9]{3}[1-9]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])".prop_map(Value::Date),
        "[01][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{5}[1-9])?(Z|[+-][01][0-9]:30)?"
            .prop_map(Value::Time),
        "[0-9]{3}[1-9]-0[1-9]-[12][0-8]T[01][0-9]:[0-5][0-9]:[0-5][0-9]"
            .prop_map(Value::NaiveDateTime),
        "-?P[1-9][0-9]{0,5}DT[0-9]{1,5}(\\.[0-9]{0,5}[1-9])?S".prop_map(Value::TimeDelta),
        "-?[0-9]{1,20}(\\.[0-9]{1,5})?(E[+-][0-9]{1,3})?".prop_map(Value::Decimal),
        "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}".prop_map(Value::Uuid),
        any::<String>().prop_map(Value::Markup),
        moments().prop_map(Value::AwareDateTime),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    let leaves = prop_oneof![
        8 => scalars(),
        1 => vec(any::<u8>(), 0..40).prop_map(Value::ByteArray),
    ];
    leaves.prop_recursive(4, 32, 6, |inner| {
        let items = || vec(inner.clone(), 0..6);
        let entries = || vec((scalars(), inner.clone()), 0..6);
        prop_oneof![
            items().prop_map(Value::Array),
            items().prop_map(Value::Tuple),
            items().prop_map(Value::Deque),
            items().prop_map(Value::Set),
            items().prop_map(Value::FrozenSet),
            entries().prop_map(Value::Map),
            entries().prop_map(Value::OrderedMap),
        ]
    })
}

fn sessions() -> impl Strategy<Value = Data> {
    vec((scalars(), values()), 0..8).prop_map(|entries| entries.into_iter().collect())
}

/// Record's reader must take or refuse whatever this is.
fn read_in_every_way(payload: &[u8]) {
    let payload = Bytes::copy_from_slice(payload);
    for format in [Format::Msgpack, Format::Json] {
        if let Ok(Some(record)) = Record::read(&payload, format, true) {
            // What was taken can be decoded, and written again.
            let data = record.to_data().unwrap();
            assert!(data.len() <= record.entries().len());
            let again = Record::read(&record.write(true), format, false);
            assert_eq!(again.unwrap().unwrap(), record);
        }
    }
}

/// A payload with a byte changed, put in or taken out.
fn mutated(mut payload: Vec<u8>, changes: &[(usize, u8, u8)]) -> Vec<u8> {
    for (place, byte, kind) in changes {
        let place = place % (payload.len() + 1);
        match kind % 3 {
            0 if place < payload.len() => payload[place] = *byte,
            1 if place < payload.len() => drop(payload.remove(place)),
            _ => payload.insert(place, *byte),
        }
    }
    payload
}

fn changes() -> impl Strategy<Value = Vec<(usize, u8, u8)>> {
    vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..4)
}

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn what_is_encoded_is_decoded_and_encoded_alike(data in sessions(), format in formats()) {
        let record = Record::from_data(&data, format).unwrap();
        // Sets come back in the order of their bytes, so bytes are compared, not values.
        let again = Record::from_data(&record.to_data().unwrap(), format).unwrap();
        prop_assert_eq!(&again, &record);
        for entry in record.entries() {
            prop_assert_eq!(&canonical(entry, format).unwrap(), entry);
        }
    }

    #[test]
    fn what_is_written_is_read(data in sessions(), format in formats()) {
        let record = Record::from_data(&data, format).unwrap();
        let payload = record.write(true);
        let read = Record::read(&payload, format, true).unwrap().unwrap();
        prop_assert_eq!(&read, &record);
        prop_assert_eq!(read.write(true), payload);
        let plain = Record::read(&record.write(false), format, true).unwrap().unwrap();
        prop_assert!(plain.entries().iter().all(|entry| entry.note.is_none()));
    }

    #[test]
    fn types_survive_the_way_into_the_other_format_and_back(data in sessions(), format in formats()) {
        let record = Record::from_data(&data, format).unwrap();
        let moved = Record::read(&record.write(true), format.other(), false).unwrap().unwrap();
        let back = Record::read(&moved.write(true), format, false).unwrap().unwrap();
        // Keys may have become one on the way through JSON.
        if moved.entries().len() == record.entries().len() {
            prop_assert_eq!(back, record);
        }
    }

    #[test]
    fn values_without_sets_come_back_equal(value in scalars(), format in formats()) {
        let data: Data = [("v".into(), Value::Tuple(vec![value]))].into_iter().collect();
        let read = Record::from_data(&data, format).unwrap().to_data().unwrap();
        prop_assert_eq!(read, data);
    }

    #[test]
    fn a_mutated_payload_is_read_or_refused(data in sessions(), format in formats(), changes in changes()) {
        let payload = Record::from_data(&data, format).unwrap().write(true);
        read_in_every_way(&mutated(payload.to_vec(), &changes));
    }

    #[test]
    fn any_notes_are_read_or_ignored(text in "([0-9]{0,2}k?(/[0-9]k?)?=[a-zA-Z:0-9.]{0,4};?){0,6}", value in values(), format in formats()) {
        let data: Data = [("v".into(), value)].into_iter().collect();
        let mut entries = Record::from_data(&data, format).unwrap().into_entries();
        entries[0].note = Some(Note::new(crc32fast::hash(&entries[0].value), text));
        let record = Record::new(format, entries);
        prop_assert!(record.to_data().is_ok());
        read_in_every_way(&record.write(true));
    }

    #[test]
    fn entries_are_joined_and_split_whatever_they_hold(numbers in vec((any::<u16>(), any::<bool>()), 0..40), format in formats()) {
        let mut entries: Vec<Entry> = Vec::new();
        for (number, noted) in numbers {
            let key = Bytes::from(format.encode_key(&number.to_string()));
            let value = Bytes::from(format.encode_key("value"));
            let note = noted.then(|| Note::new(crc32fast::hash(&value), "=m"));
            if entries.iter().all(|entry| entry.key != key) {
                entries.push(Entry { key, value, note });
            }
        }
        let record = Record::new(format, entries).with_extra(Extra::default());
        let read = Record::read(&record.write(true), format, false).unwrap().unwrap();
        prop_assert_eq!(read, record);
    }
}

proptest! {
    #![proptest_config(config(1000))]

    #[test]
    fn any_bytes_are_read_or_refused(payload in vec(any::<u8>(), 0..64)) {
        read_in_every_way(&payload);
    }

    #[test]
    fn anything_like_a_pickle_is_read_or_refused(inside in "[(\\]})}NIJKMLFGSUVXBCTqphgredusatlbcRio012\n'a-c0-9\\x01-\\x08]{0,60}") {
        let mut payload = b"}q\x01".to_vec();
        payload.extend_from_slice(inside.as_bytes());
        payload.push(b'.');
        read_in_every_way(&payload);
    }

    #[test]
    fn a_mutated_pickle_is_read_or_refused(index in any::<prop::sample::Index>(), changes in changes()) {
        let pickle = index.get(pickles());
        read_in_every_way(&mutated(pickle.clone(), &changes));
    }
}

/// The pickles of `vectors/`.
fn pickles() -> &'static [Vec<u8>] {
    static PICKLES: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
    PICKLES.get_or_init(|| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/pickles.json");
        let vectors: serde_json::Value =
            serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let vectors = vectors.as_array().unwrap().iter();
        let pickles = vectors.map(|vector| {
            let digits = vector["pickle"].as_str().unwrap().as_bytes();
            let digits = digits
                .iter()
                .map(|digit| char::from(*digit).to_digit(16).unwrap());
            let digits: Vec<u8> = digits.map(|digit| u8::try_from(digit).unwrap()).collect();
            digits
                .as_chunks::<2>()
                .0
                .iter()
                .map(|[high, low]| high << 4 | low)
                .collect()
        });
        pickles.collect()
    })
}
