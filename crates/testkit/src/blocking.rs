//! One operation of a store on a thread that may block, for tests of what is a store's own.
//!
//! ```
//! use flask_session_core::{Deleted, Expect, MemoryStore};
//! use flask_session_testkit::blocking::{LIFE, bytes, delete, key, load, refresh, save, stored, touch};
//!
//! let (store, key) = (MemoryStore::new(), key("of-mine"));
//! let revision = stored(save(&store, &key, &bytes(b'x', 100), Expect::Absent));
//! assert!(touch(&store, &key).unwrap());
//! assert!(refresh(&store, &key).unwrap().unwrap().remaining <= Some(LIFE));
//! assert_eq!(load(&store, &key).unwrap().unwrap().revision, revision);
//! assert_eq!(delete(&store, &key, Expect::Revision(revision)).unwrap(), Deleted::Removed);
//! ```

use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{
    Deleted, Expect, Key, Loaded, Refresh, Result, Revision, Saved, Store, drive,
};

/// How long what is saved, refreshed and touched here lives: Flask's default, 31 days.
pub const LIFE: Duration = Duration::from_secs(2_678_400);

/// A key under Flask-Session's prefix.
pub fn key(name: &str) -> Key {
    Key::from_text(format!("session:{name}"))
}

/// The record under `key`.
pub fn load(store: &(impl Store + ?Sized), key: &Key) -> Result<Option<Loaded>> {
    drive(store.load(key, None))
}

/// The record under `key`, whose time to live restarts.
pub fn refresh(store: &(impl Store + ?Sized), key: &Key) -> Result<Option<Loaded>> {
    drive(store.load(key, Some(Refresh { ttl: LIFE })))
}

/// Saves `payload` if `expect` holds.
pub fn save(
    store: &(impl Store + ?Sized),
    key: &Key,
    payload: &Bytes,
    expect: Expect,
) -> Result<Saved> {
    drive(store.save(key, payload.clone(), LIFE, expect))
}

/// Restarts the time to live.
pub fn touch(store: &(impl Store + ?Sized), key: &Key) -> Result<bool> {
    drive(store.touch(key, LIFE))
}

/// Forgets `key` if `expect` holds.
pub fn delete(store: &(impl Store + ?Sized), key: &Key, expect: Expect) -> Result<Deleted> {
    drive(store.delete(key, expect))
}

/// The revision of a save that must have succeeded.
pub fn stored(saved: Result<Saved>) -> Revision {
    crate::samples::stored(saved.expect("the save succeeds"))
}

/// A payload of `length` times `byte`.
pub fn bytes(byte: u8, length: usize) -> Bytes {
    vec![byte; length].into()
}
