//! Records and decoded data, and one format and the other.

use super::{Entry, Extra, Format, Record, split};
use crate::codec::{decode_entry, decode_key, encode_entry};
use crate::{Data, Result, Value};

impl Entry {
    /// Encodes a key and its value. What `format` can't hold is
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported).
    pub fn encode(key: &Value, value: &Value, format: Format) -> Result<Self> {
        encode_entry(key, value, format)
    }

    /// The key and its value. What can't be read is [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt).
    pub fn decode(&self, format: Format) -> Result<(Value, Value)> {
        Ok(decode_entry(self, format)?)
    }

    /// The key alone, without decoding the value.
    pub fn decode_key(&self, format: Format) -> Result<Value> {
        Ok(decode_key(self, format)?)
    }
}

impl Record {
    /// Encodes a session. A value or key that `format` can't hold is
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported).
    pub fn from_data(data: &Data, format: Format) -> Result<Self> {
        let entries = data
            .iter()
            .map(|(key, value)| encode_entry(key, value, format));
        Ok(Self::new(
            format,
            split::unique(entries.collect::<Result<_>>()?),
        ))
    }

    /// Decodes the session.
    pub fn to_data(&self) -> Result<Data> {
        let entries = self.entries.iter();
        let entries = entries.map(|entry| Ok(decode_entry(entry, self.format)?));
        entries.collect()
    }

    /// The same session in `format`.
    pub(super) fn into_format(self, format: Format) -> Result<Self> {
        if self.format == format {
            return Ok(self);
        }
        let entries = self.entries.iter().map(|entry| {
            let (key, value) = decode_entry(entry, self.format)?;
            encode_entry(&key, &value, format)
        });
        let entries = split::unique(entries.collect::<Result<_>>()?);
        let extra = self.extra.0.into_iter().map(|(key, value)| {
            let entry = Entry {
                key,
                value,
                note: None,
            };
            let (key, value) = decode_entry(&entry, self.format)?;
            let entry = encode_entry(&key, &value, format)?;
            Ok((entry.key, entry.value))
        });
        let extra = Extra(extra.collect::<Result<_>>()?);
        Ok(Self::new(format, entries).with_extra(extra))
    }
}

/// The entry decoded and encoded afresh: what we would write for the same value, which another
/// writer may have written with other integer widths or white space.
pub fn canonical(entry: &Entry, format: Format) -> Result<Entry> {
    let (key, value) = decode_entry(entry, format)?;
    encode_entry(&key, &value, format)
}
