//! How the encoder writes JSON.

use flask_session_core::json;

use super::Format;
use super::form::Form;

/// A JSON document being written.
#[derive(Debug, Default)]
pub(super) struct Json(Vec<u8>);

impl Form for Json {
    const FORMAT: Format = Format::Json;

    #[inline]
    fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    fn none(&mut self) {
        self.0.extend_from_slice(b"null");
    }

    fn boolean(&mut self, value: bool) {
        let text: &[u8] = if value { b"true" } else { b"false" };
        self.0.extend_from_slice(text);
    }

    fn signed(&mut self, value: i64) {
        json::write_int(&mut self.0, value);
    }

    fn unsigned(&mut self, value: u64) {
        json::write_uint(&mut self.0, value);
    }

    fn float(&mut self, value: f64) {
        json::write_float(&mut self.0, value);
    }

    fn text(&mut self, value: &str) {
        json::write_str(&mut self.0, value);
    }

    fn binary(&mut self, value: &[u8]) {
        json::write_bytes(&mut self.0, value);
    }

    fn open_array(&mut self, _length: usize) {
        self.0.push(b'[');
    }

    fn close_array(&mut self) {
        self.0.push(b']');
    }

    fn open_map(&mut self, _length: usize) {
        self.0.push(b'{');
    }

    fn open_map_for(&mut self, length: usize, _most: usize) {
        self.open_map(length);
    }

    #[inline]
    fn colon(&mut self) {
        self.0.push(b':');
    }

    fn close_map(&mut self) {
        self.0.push(b'}');
    }

    #[inline]
    fn separate(&mut self, position: usize) {
        if position > 0 {
            self.0.push(b',');
        }
    }
}
