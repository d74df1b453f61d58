//! The Store trait and its words.

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Notice, Result, SessionId};

/// Keeps sessions between requests. Sees keys, bytes and time to live; never what the bytes mean.
///
/// Stores are chosen at run time, so futures are boxed. Every rule that an implementation keeps
/// is a function of the testkit's `rules`; [`MemoryStore`](crate::MemoryStore) is the reference.
///
/// ```
/// use std::time::Duration;
///
/// use flask_session_core::{
///     Capability, Cursor, Deleted, Expect, Guarantee, Key, Loaded, MemoryStore, Page, Refresh, Saved, Store, drive,
/// };
///
/// let store = MemoryStore::new();
/// let Capability { guarantee: Guarantee::Merge, lists: true, .. } = store.capability() else {
///     panic!("it can do everything");
/// };
/// let (key, ttl) = (Key::from_text("session:an-id"), Duration::from_secs(60));
/// let saved = drive(store.save(&key, "payload".into(), ttl, Expect::Absent))?;
/// assert!(matches!(saved, Saved::Stored(_)));
/// assert!(drive(store.touch(&key, ttl))?);
/// let found: Loaded = drive(store.load(&key, Some(Refresh { ttl })))?.expect("it is there");
/// assert!(drive(store.examine(&key))?.expect("it is there").remaining <= Some(ttl));
///
/// let Page { keys, next } = drive(store.list("session:", None::<Cursor>, 10))?;
/// assert_eq!((keys, next), (vec![key.clone()], None));
/// let deleted = drive(store.delete(&key, Expect::Revision(found.revision)))?;
/// assert_eq!(deleted, Deleted::Removed);
/// assert_eq!(drive(store.sweep(10))?, 0);
/// assert!(store.take_notices().is_empty());
/// # Ok::<(), flask_session_core::Error>(())
/// ```
#[async_trait]
pub trait Store: Debug + Send + Sync + 'static {
    /// What this store can do, as far as it is known by now.
    fn capability(&self) -> Capability;

    /// The live record under `key`. Expired means absent, even where the backend is late.
    /// With `refresh`, restarts the time to live in the same round trip.
    async fn load(&self, key: &Key, refresh: Option<Refresh>) -> Result<Option<Loaded>>;

    /// As `load` without a refresh, for tools: `remaining` says how long the record still lives
    /// wherever the backend can tell, at whatever that costs. `None` there: for ever, or unknown.
    async fn examine(&self, key: &Key) -> Result<Option<Loaded>> {
        self.load(key, None).await
    }

    /// Writes `payload` if `expect` holds, in one atomic step. A `ttl` below a second is legal.
    async fn save(&self, key: &Key, payload: Bytes, ttl: Duration, expect: Expect)
    -> Result<Saved>;

    /// Restarts the time to live. False if there is nothing to keep.
    async fn touch(&self, key: &Key, ttl: Duration) -> Result<bool>;

    /// Forgets `key` if `expect` holds. Forgetting twice is fine.
    async fn delete(&self, key: &Key, expect: Expect) -> Result<Deleted>;

    /// Up to `limit` live keys that start with `prefix`, after `cursor`, without blocking the
    /// server. A key that lives throughout appears; once, unless the backend's own scan repeats it
    /// (Redis may, while it shrinks its table).
    async fn list(&self, prefix: &str, cursor: Option<Cursor>, limit: usize) -> Result<Page>;

    /// Removes expired records, at most `limit`; returns how many. Zero where the backend
    /// expires them itself.
    async fn sweep(&self, limit: usize) -> Result<usize>;

    /// What was found out since the last call, for the host's log; each thing once. Costs nothing
    /// while there is nothing, so a host may ask after each operation.
    fn take_notices(&self) -> Vec<Notice> {
        Vec::new()
    }
}

/// Where a session rests: the configured prefix and the session's id. Never printed.
///
/// ```
/// use flask_session_core::{Key, SessionId};
///
/// let id = SessionId::parse("0123456789abcdef").expect("an id");
/// let key = Key::new("session:", &id);
/// assert_eq!(key.as_str(), "session:0123456789abcdef");
/// assert_eq!(key, Key::from_text("session:0123456789abcdef"));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<str>);

impl Key {
    /// The key of `id` under `prefix`.
    pub fn new(prefix: &str, id: &SessionId) -> Self {
        Self([prefix, id.as_str()].concat().into())
    }

    /// A key that the host composed itself (an overridden `_get_store_id`).
    pub fn from_text(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text that goes to the store.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// What `load` found.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Loaded {
    /// The stored bytes.
    pub payload: Bytes,
    /// What a later save or delete must still find.
    pub revision: Revision,
    /// The time to live that was left, before a refresh, where the store knows it for free.
    pub remaining: Option<Duration>,
}

impl Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Loaded({} bytes)", self.payload.len())
    }
}

/// Restart the time to live together with a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Refresh {
    /// The new time to live.
    pub ttl: Duration,
}

/// A mark of one version of a record: the stored bytes themselves, shared, or a number that the
/// backend counts. So the stored layout needs no version column.
///
/// ```
/// use flask_session_core::Revision;
///
/// let counted = Revision::of_number(7);
/// assert_eq!((counted.number(), counted.payload()), (Some(7), None));
/// let compared = Revision::of_payload("payload".into());
/// assert_eq!(compared.payload().map(|payload| payload.len()), Some(7));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Revision(Mark);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Mark {
    Payload(Bytes),
    Number(u64),
}

impl Revision {
    /// The version that has exactly this payload.
    pub fn of_payload(payload: Bytes) -> Self {
        Self(Mark::Payload(payload))
    }

    /// The version that the backend numbered so.
    pub fn of_number(number: u64) -> Self {
        Self(Mark::Number(number))
    }

    /// The payload, if that is the mark.
    pub fn payload(&self) -> Option<&Bytes> {
        match &self.0 {
            Mark::Payload(payload) => Some(payload),
            Mark::Number(_) => None,
        }
    }

    /// The number, if that is the mark.
    pub fn number(&self) -> Option<u64> {
        match self.0 {
            Mark::Number(number) => Some(number),
            Mark::Payload(_) => None,
        }
    }
}

impl Debug for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Revision(..)")
    }
}

/// What a save or delete requires of the record that is there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Expect {
    /// No live record.
    Absent,
    /// The live record still has this revision.
    Revision(Revision),
    /// Nothing: the last writer wins.
    Anything,
}

/// What became of a save. A lost race is an answer, not an error.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Saved {
    /// Written; the record now has this revision.
    Stored(Revision),
    /// The expectation didn't hold; nothing was written.
    Conflict,
}

/// What became of a delete.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deleted {
    /// A live record was removed by this call.
    Removed,
    /// There was no live record.
    Absent,
    /// A live record is there, and isn't what was expected; it stays.
    Conflict,
}

/// How much concurrent writers can rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Guarantee {
    /// Expectations are checked in one atomic step: no update is lost, a logout is final.
    Merge,
    /// The backend, or what it permits us, can't compare: the last writer wins, as in Flask-Session.
    Overwrite,
}

/// What a store can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Capability {
    /// Whether [`Store::list`] works.
    pub lists: bool,
    /// Whether the backend removes expired records itself; otherwise somebody must sweep.
    pub expires: bool,
    /// The largest payload in bytes, where there is a limit.
    pub max_payload: Option<usize>,
    /// What concurrent writers can rely on.
    pub guarantee: Guarantee,
}

/// Where a listing goes on. Opaque: only the store that made it can read it.
///
/// ```
/// let cursor = flask_session_core::Cursor::new("17");
/// assert_eq!(cursor.as_str(), "17");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor in the store's own notation.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The store's own notation.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Live keys.
    pub keys: Vec<Key>,
    /// Where to go on; `None` after the last page.
    pub next: Option<Cursor>,
}
