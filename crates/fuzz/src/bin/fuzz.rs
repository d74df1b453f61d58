//! libFuzzer on the target that `FUZZ_TARGET` names; `dev/fuzz.py` builds and runs it.
#![no_main]

use std::sync::LazyLock;

use flask_session_fuzz::{Target, find};
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").expect("FUZZ_TARGET names a target");
    find(&name).expect("FUZZ_TARGET names a target")
});

fuzz_target!(|input: &[u8]| {
    TARGET.fuzz(input);
});
