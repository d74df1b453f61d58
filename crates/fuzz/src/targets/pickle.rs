//! Records of Flask-Session 0.4 to 0.6.

use flask_session_core::Format;

use super::record;
use crate::Target;

pub(super) const TARGET: Target = Target {
    name: "pickle",
    run: |input| record::read(input, Format::Msgpack, true),
};
