#![doc = include_str!("../README.md")]

mod blocking;
mod breaker;
mod changes;
mod codec;
mod commit;
mod cookie;
mod data;
mod error;
mod guarded;
#[cfg(feature = "runtime")]
mod hosted;
mod id;
#[cfg(feature = "runtime")]
mod lanes;
mod legacy;
mod lifetime;
mod limits;
mod memory;
mod notes;
mod notice;
mod perform;
mod process;
mod record;
mod session;
#[cfg(feature = "runtime")]
mod shared;
mod store;
mod touches;
#[cfg(feature = "serde")]
mod typed;

pub use blocking::{Drive, Open, blocking, drive};
pub use breaker::{Admitted, Breaker};
pub use changes::Edit;
pub use codec::{Malformed, json, msgpack};
pub use commit::Commit;
pub use cookie::{Signer, candidates};
pub use data::{AwareDateTime, Data, Float, Value};
pub use error::{Error, ErrorKind, Result};
pub use guarded::Guarded;
pub use id::SessionId;
pub use lifetime::{Clock, Deadline, SystemClock, Timestamp};
pub use limits::{Limit, MAX_BYTES, MAX_KEYS};
pub use memory::MemoryStore;
pub use notes::{MAX_DEPTH, Note, NoteTree, NoteWriter, RESERVED_KEY, Tag};
pub use notice::Notice;
pub use perform::perform;
pub use process::PerProcess;
pub use record::{Entry, Extra, Format, Record, canonical};
pub use session::{Base, Encoding, OnConflict, Operation, Outcome, Reply, Step, Target};
pub use store::{
    Capability, Cursor, Deleted, Expect, Guarantee, Key, Loaded, Page, Refresh, Revision, Saved,
    Store,
};
pub use touches::{Recall, Touches};
#[cfg(feature = "serde")]
pub use typed::with;
