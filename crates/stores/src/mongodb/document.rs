//! What the server is asked and told: filters, changes, and what a document says.

use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{Error, ErrorKind, Key, Result, Timestamp};
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, DateTime, Document, RawBsonRef, RawDocument, doc};

/// The largest payload in bytes. A save that compares sends the old payload and the new one in
/// one command, and a command has at most 16 MB.
pub(super) const LARGEST: usize = 8_000_000;

/// The last millisecond of the year 9998: what Python can still read in every time zone.
const LAST: u64 = 253_370_764_799_999;

/// The moment as MongoDB has it.
pub(super) fn date(moment: Timestamp) -> DateTime {
    let milliseconds = i64::try_from(moment.0.min(LAST)).expect("within the year 9998");
    DateTime::from_millis(milliseconds)
}

/// When a record that is written now expires.
pub(super) fn expiration(now: Timestamp, ttl: Duration) -> DateTime {
    date(now.after(ttl))
}

/// The live document under `key`. What has no date, as documents of Flask-Session 0.4 to 0.6 may,
/// never expires.
pub(super) fn live(key: &Key, now: Timestamp) -> Document {
    doc! { "id": key.as_str(), "expiration": { "$not": { "$lte": date(now) } } }
}

/// The expired document under `key`.
pub(super) fn expired(key: &Key, now: Timestamp) -> Document {
    doc! { "id": key.as_str(), "expiration": { "$lte": date(now) } }
}

/// The payload as it is stored.
pub(super) fn value(payload: &Bytes) -> Bson {
    Bson::Binary(Binary {
        subtype: BinarySubtype::Generic,
        bytes: payload.to_vec(),
    })
}

/// What one that has `payload` may look like: as bytes, or as text, which an application's own
/// serializer may have written.
pub(super) fn value_or_text(payload: &Bytes) -> Bson {
    match std::str::from_utf8(payload) {
        Ok(text) => Bson::Document(doc! { "$in": [value(payload), text] }),
        Err(_) => value(payload),
    }
}

/// What is written beside `id`.
pub(super) fn contents(payload: &Bytes, expiration: DateTime) -> Document {
    doc! { "$set": { "val": value(payload), "expiration": expiration } }
}

/// Which fields are read.
pub(super) fn fields() -> Document {
    doc! { "_id": 0, "val": 1, "expiration": 1 }
}

/// The payload of a document, and how long it still lives where it says so.
pub(super) fn read(document: &RawDocument, now: Timestamp) -> Result<(Bytes, Option<Duration>)> {
    let corrupt = |detail: &str| Error::new(ErrorKind::Corrupt, detail);
    let field = |name| {
        document
            .get(name)
            .map_err(|_| corrupt("the document can't be read"))
    };
    let payload = match field("val")? {
        Some(RawBsonRef::Binary(binary)) => Bytes::copy_from_slice(binary.bytes),
        Some(RawBsonRef::String(text)) => Bytes::copy_from_slice(text.as_bytes()),
        _ => return Err(corrupt("the document's val is not binary")),
    };
    let remaining = match field("expiration")? {
        Some(RawBsonRef::DateTime(date)) => {
            let date = u64::try_from(date.timestamp_millis()).unwrap_or(0);
            Some(Timestamp(date).since(now))
        }
        _ => None,
    };
    Ok((payload, remaining))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mongodb::bson::RawDocumentBuf;

    fn raw(document: &Document) -> RawDocumentBuf {
        RawDocumentBuf::try_from(document).unwrap()
    }

    #[test]
    fn documents_of_every_release_are_read() {
        let now = Timestamp(1_000_000);
        let stored = doc! { "val": value(&"x".into()), "expiration": date(Timestamp(1_060_000)) };
        let (payload, remaining) = read(&raw(&stored), now).unwrap();
        assert_eq!(payload, "x");
        assert_eq!(remaining, Some(Duration::from_secs(60)));
        let never = doc! { "val": "{}", "expiration": Bson::Null };
        let (payload, remaining) = read(&raw(&never), now).unwrap();
        assert_eq!((payload, remaining), ("{}".into(), None));
        let error = read(&raw(&doc! { "val": 3 }), now).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }

    #[test]
    fn for_ever_is_a_year_that_python_can_read() {
        let last = expiration(Timestamp(0), Duration::MAX);
        assert!(last.to_string().starts_with("9998-12-3"), "{last}");
    }
}
