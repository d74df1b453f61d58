//! What an encoder needs of a format: how each plain value is written.

use super::Format;

/// Writes plain values in one format to the end of a buffer.
pub(super) trait Form: Default {
    const FORMAT: Format;

    fn buffer(&mut self) -> &mut Vec<u8>;
    fn none(&mut self);
    fn boolean(&mut self, value: bool);
    fn signed(&mut self, value: i64);
    fn unsigned(&mut self, value: u64);
    fn float(&mut self, value: f64);
    fn text(&mut self, value: &str);
    fn binary(&mut self, value: &[u8]);
    fn open_array(&mut self, length: usize);
    fn close_array(&mut self);
    fn open_map(&mut self, length: usize);
    /// As `open_map`, the header sized for `most` entries as msgspec does for objects.
    fn open_map_for(&mut self, length: usize, most: usize);
    /// Stands between a key and its value.
    fn colon(&mut self);
    fn close_map(&mut self);
    /// Stands before the element of an array, or the key of a map's entry, at `position`.
    fn separate(&mut self, position: usize);
}
