//! Records in JSON.

use flask_session_core::Format;

use super::record;
use crate::Target;

pub(super) const TARGET: Target = Target {
    name: "json",
    run: |input| record::read(input, Format::Json, false),
};
