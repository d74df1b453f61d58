//! Signed cookies. An input is a cookie's value, or a secret key and a value, with a line feed between.

use flask_session_core::Signer;

use crate::Target;

pub(super) const TARGET: Target = Target {
    name: "signer",
    run,
};

/// The key of the seeds' signatures.
const KEY: &[u8] = b"k";
const FALLBACK: &[u8] = b"old";

fn run(input: &[u8]) -> bool {
    let (key, value) = match input.iter().position(|byte| *byte == b'\n') {
        Some(end) if end > 0 => (&input[..end], &input[end + 1..]),
        _ => (KEY, input),
    };
    let signer = Signer::new(key, &[FALLBACK]).unwrap();
    let value = String::from_utf8_lossy(value);
    // Any text comes back from its signature, and another key's signature says nothing.
    let written = signer.sign(&value);
    assert_eq!(signer.unsign(&written), Some(&*value));
    let other = Signer::new(b"another secret", &[] as &[&[u8]]).unwrap();
    assert_eq!(other.unsign(&written), None);

    let Some(id) = signer.unsign(&value) else {
        return false;
    };
    // No second text is taken for the same id: one of the two keys wrote it.
    let fallback = Signer::new(FALLBACK, &[] as &[&[u8]]).unwrap();
    assert!(*value == signer.sign(id) || *value == fallback.sign(id));
    true
}
