//! Pickles that attack their readers.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use bytes::Bytes;
use flask_session_core::{Format, Record};
use flask_session_fuzz::gadgets;

fn refusal(name: &str, pickle: Vec<u8>) -> String {
    match Record::read(&Bytes::from(pickle), Format::Msgpack, true) {
        Ok(_) => panic!("{name} is read"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn every_known_gadget_is_refused_with_one_clear_error() {
    for (name, pickle) in gadgets() {
        let error = refusal(&name, pickle);
        assert!(
            !error.contains('\n') && error.len() < 300,
            "{name}: {error}"
        );
        assert!(error.contains("corrupt"), "{name}: {error}");
    }
}

#[test]
fn what_names_code_is_refused_by_that_name_and_the_setting() {
    for (name, pickle) in gadgets() {
        let Some(named) = name.strip_prefix("names ") else {
            continue;
        };
        let error = refusal(&name, pickle);
        assert!(error.contains(named), "{name}: {error}");
        assert!(error.contains("SESSION_LEGACY_PICKLE"), "{name}: {error}");
    }
}
