//! How the encoder writes `MessagePack`.

use flask_session_core::msgpack;

use super::Format;
use super::form::Form;

/// A `MessagePack` document being written.
#[derive(Debug, Default)]
pub(super) struct MessagePack(Vec<u8>);

impl Form for MessagePack {
    const FORMAT: Format = Format::Msgpack;

    #[inline]
    fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    #[inline]
    fn none(&mut self) {
        self.0.push(0xc0);
    }

    #[inline]
    fn boolean(&mut self, value: bool) {
        self.0.push(if value { 0xc3 } else { 0xc2 });
    }

    #[inline]
    fn signed(&mut self, value: i64) {
        match u8::try_from(value) {
            Ok(value @ ..128) => self.0.push(value),
            _ => msgpack::write_int(&mut self.0, value),
        }
    }

    fn unsigned(&mut self, value: u64) {
        msgpack::write_uint(&mut self.0, value);
    }

    #[inline]
    fn float(&mut self, value: f64) {
        let mut bytes = [0xcb; 9];
        bytes[1..].copy_from_slice(&value.to_be_bytes());
        self.0.extend_from_slice(&bytes);
    }

    #[inline]
    fn text(&mut self, value: &str) {
        match u8::try_from(value.len()) {
            Ok(length @ ..32) => {
                self.0.push(0xa0 | length);
                self.0.extend_from_slice(value.as_bytes());
            }
            _ => msgpack::write_str(&mut self.0, value),
        }
    }

    fn binary(&mut self, value: &[u8]) {
        msgpack::write_bytes(&mut self.0, value);
    }

    #[inline]
    fn open_array(&mut self, length: usize) {
        match u8::try_from(length) {
            Ok(length @ ..16) => self.0.push(0x90 | length),
            _ => msgpack::write_array(&mut self.0, length),
        }
    }

    #[inline]
    fn close_array(&mut self) {}

    #[inline]
    fn open_map(&mut self, length: usize) {
        match u8::try_from(length) {
            Ok(length @ ..16) => self.0.push(0x80 | length),
            _ => msgpack::write_map(&mut self.0, length),
        }
    }

    fn open_map_for(&mut self, length: usize, most: usize) {
        let start = self.0.len();
        msgpack::write_map(&mut self.0, most);
        // The same width of header, but the true length in its last bytes.
        let bytes = length.to_be_bytes();
        match self.0.len() - start {
            1 => {
                self.0.truncate(start);
                msgpack::write_map(&mut self.0, length);
            }
            width => {
                self.0.truncate(start + 1);
                self.0.extend_from_slice(&bytes[bytes.len() + 1 - width..]);
            }
        }
    }

    #[inline]
    fn colon(&mut self) {}

    #[inline]
    fn close_map(&mut self) {}

    #[inline]
    fn separate(&mut self, _position: usize) {}
}
