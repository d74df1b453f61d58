//! Records and decoded data, and one format and the other.

use super::{Entry, Extra, Format, Record, split};
use crate::codec::{decode_entry, encode_entry};
use crate::{Data, Result};

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
