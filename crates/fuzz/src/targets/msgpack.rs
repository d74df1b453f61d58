//! Records in MessagePack.

use flask_session_core::Format;

use super::record;
use crate::Target;

pub(super) const TARGET: Target = Target {
    name: "msgpack",
    run: |input| record::read(input, Format::Msgpack, false),
};
