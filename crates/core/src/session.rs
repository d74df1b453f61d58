//! The words of a session's way from and to its store.

use bytes::Bytes;

use crate::limits::Excess;
use crate::record::{Format, Record};
use crate::{
    Deleted, Error, ErrorKind, Expect, Key, Loaded, MAX_BYTES, MAX_KEYS, Result, Revision, Saved,
};

/// How payloads are written and which ones are read.
///
/// ```
/// use flask_session_core::{Encoding, ErrorKind, Format, MAX_BYTES, MAX_KEYS};
///
/// let encoding = Encoding { format: Format::Json, max_bytes: 10, ..Encoding::default() };
/// let record = encoding.read(&r#"{"user":"ann"}"#.into())?.expect("a session");
/// assert_eq!(encoding.write(&record).unwrap_err().kind(), ErrorKind::TooLarge);
/// assert!(encoding.admit(10).is_ok() && encoding.admit(MAX_BYTES).is_err());
/// assert!(record.entries().len() < MAX_KEYS);
/// # Ok::<(), flask_session_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Encoding {
    /// The configured format; records in the other one are read, too.
    pub format: Format,
    /// Whether types that the format lacks are noted (`SESSION_KEEP_TYPES`).
    pub keep_types: bool,
    /// Whether pickles of plain data are read (`SESSION_LEGACY_PICKLE`).
    pub legacy_pickle: bool,
    /// How many bytes a session to be stored may have (`SESSION_MAX_BYTES`).
    pub max_bytes: usize,
}

impl Default for Encoding {
    fn default() -> Self {
        Self {
            format: Format::Msgpack,
            keep_types: true,
            legacy_pickle: true,
            max_bytes: MAX_BYTES,
        }
    }
}

impl Encoding {
    /// Reads a payload. `None` if it says "no session". One that is larger than any that could
    /// have been stored is [`ErrorKind::Corrupt`], like one that is malformed; one that is only
    /// larger than `max_bytes`, which may have been lowered, is read.
    pub fn read(&self, payload: &Bytes) -> Result<Option<Record>> {
        let most = self.max_bytes.max(MAX_BYTES);
        if payload.len() > most {
            return Err(Error::new(
                ErrorKind::Corrupt,
                format!(
                    "the record has {} bytes, and {most} can be read; raise SESSION_MAX_BYTES to read it",
                    payload.len()
                ),
            ));
        }
        Record::read(payload, self.format, self.legacy_pickle)
    }

    /// The payload of `record`, or [`ErrorKind::TooLarge`].
    pub fn write(&self, record: &Record) -> Result<Bytes> {
        Ok(self.write_within(record)?)
    }

    pub(crate) fn write_within(&self, record: &Record) -> Result<Bytes, Excess> {
        let keys = record.entries().len();
        if keys > MAX_KEYS {
            return Err(Excess::Keys(keys));
        }
        let payload = record.write(self.keep_types);
        self.check_size(payload.len())?;
        Ok(payload)
    }

    /// Fails with [`ErrorKind::TooLarge`] if a session of `size` bytes isn't to be stored.
    pub fn admit(&self, size: usize) -> Result<()> {
        Ok(self.check_size(size)?)
    }

    fn check_size(&self, size: usize) -> Result<(), Excess> {
        let most = self.max_bytes;
        if size > most {
            return Err(Excess::Bytes { size, most });
        }
        Ok(())
    }
}

/// A stored session as it was loaded: what a commit compares with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Base {
    /// Its entries, undecoded.
    pub record: Record,
    /// What a save must still find.
    pub revision: Revision,
}

impl Base {
    /// Reads what a store returned. `None` if the payload says "no session".
    pub fn read(loaded: Loaded, encoding: Encoding) -> Result<Option<Self>> {
        let record = encoding.read(&loaded.payload)?;
        Ok(record.map(|record| Self {
            record,
            revision: loaded.revision,
        }))
    }
}

/// What happens when another request saved the same session meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnConflict {
    /// Replay this request's changes onto what the other one saved.
    #[default]
    Merge,
    /// The last writer wins, as in Flask-Session.
    Overwrite,
}

/// Which record a commit is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A session that was loaded from this key, or is new under it.
    Same(Key),
    /// A session that moves to a new id.
    Renewed {
        /// Where it was loaded from.
        from: Key,
        /// Where it goes.
        to: Key,
    },
    /// The application chose the id itself: saved there whatever is there.
    Adopted(Key),
}

/// What a [`Commit`](crate::Commit) asks of the store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Load the record, without refreshing it.
    Load(Key),
    /// Save the payload under the key if the expectation holds.
    Save(Key, Bytes, Expect),
    /// Delete the record if the expectation holds.
    Delete(Key, Expect),
    /// Restart the record's time to live.
    Touch(Key),
}

/// What the store answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// To [`Operation::Load`].
    Loaded(Option<Loaded>),
    /// To [`Operation::Save`].
    Saved(Saved),
    /// To [`Operation::Delete`].
    Deleted(Deleted),
    /// To [`Operation::Touch`]: whether there was a record.
    Touched(bool),
    /// The answer was lost: the operation may or may not have happened.
    Lost,
}

/// What a host does next.
///
/// ```
/// use flask_session_core::{
///     Commit, Edit, Encoding, Entry, Expect, Format, Key, OnConflict, Operation, Outcome, Reply, Revision, Saved,
///     Step, Target,
/// };
///
/// let entry = Entry::encode(&"user".into(), &"ann".into(), Format::Msgpack)?;
/// let edit = Edit { entries: vec![entry], ..Edit::default() };
/// let key = Key::from_text("session:an-id");
/// let mut commit = Commit::new(Target::Same(key), None, edit, Encoding::default(), OnConflict::Merge)?;
/// let Step::Ask(Operation::Save(_, payload, Expect::Absent)) = commit.start()? else {
///     panic!("a new session is saved");
/// };
/// assert!(!commit.is_touching());
/// let reply = Reply::Saved(Saved::Stored(Revision::of_payload(payload)));
/// assert!(matches!(commit.resume(reply)?, Step::Done(Outcome::Stored(_))));
/// # Ok::<(), flask_session_core::Error>(())
/// ```
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Perform this and tell [`Commit::resume`](crate::Commit::resume) the answer.
    Ask(Operation),
    /// The commit is over.
    Done(Outcome),
}

/// What became of a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Nothing had to be written.
    Unchanged,
    /// Nothing had to be written, and the record's time to live was restarted.
    Touched,
    /// Written as this request left it.
    Stored(Base),
    /// Written together with what other requests wrote meanwhile.
    Merged(Base),
    /// The record was removed, or nothing was there to keep.
    Deleted,
    /// Another request destroyed or renewed the session meanwhile: nothing was written, and the
    /// cookie must be left alone.
    Gone,
}
