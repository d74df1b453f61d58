//! Python objects to bytes and back (`docs/format.md`), past core's `Value`: this is the hot path.
//!
//! `encode` walks what fills nearly every session; `encode_rare`, `encode_key` and `objects` the
//! rest. `encode_session` keeps a session's entries apart. `decode_*` read, `restore` gives noted types back.

mod decode;
mod decode_json;
mod decode_msgpack;
mod encode;
mod encode_key;
mod encode_rare;
mod encode_session;
mod entries;
mod ext;
mod failure;
mod form;
mod keys;
mod objects;
mod restore;
mod temporal;
mod timestamp;
mod types;
mod write_json;
mod write_msgpack;

pub(crate) use encode_session::{Encoded, Instead};
pub(crate) use entries::Conversion;
pub(crate) use ext::Ext;

use flask_session_core::Format;

use crate::error::{SessionCorrupt, SessionUnsupported};
