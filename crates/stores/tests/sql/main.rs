//! What is the SQL databases' own: tables as they are met, who is let in.

#![allow(clippy::unwrap_used, reason = "a test may fail")]
#![cfg(any(feature = "mysql", feature = "postgresql", feature = "sqlite"))]

#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgresql")]
mod postgresql;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
#[cfg(any(feature = "mysql", feature = "postgresql"))]
use flask_session_core::Error;
use flask_session_core::{
    Deleted, Expect, Key, Loaded, Refresh, Result, Revision, Saved, Store, drive,
};
use flask_session_stores::{Setting, Settings, open};

const LIFE: Duration = Duration::from_secs(2_678_400);

/// A store as an application opens it.
fn store(settings: Settings) -> Arc<dyn Store> {
    open(settings).unwrap().1
}

fn text(value: impl Into<String>) -> Setting {
    Setting::Text(value.into())
}

/// A name for a table that nobody else uses.
fn table() -> String {
    static TABLES: AtomicUsize = AtomicUsize::new(0);
    format!("table_{}", TABLES.fetch_add(1, Ordering::SeqCst))
}

fn key(name: &str) -> Key {
    Key::from_text(format!("session:{name}"))
}

fn load(store: &dyn Store, key: &Key) -> Result<Option<Loaded>> {
    drive(store.load(key, None))
}

fn refresh(store: &dyn Store, key: &Key) -> Result<Option<Loaded>> {
    drive(store.load(key, Some(Refresh { ttl: LIFE })))
}

fn save(store: &dyn Store, key: &Key, payload: &Bytes, expect: Expect) -> Result<Saved> {
    drive(store.save(key, payload.clone(), LIFE, expect))
}

fn touch(store: &dyn Store, key: &Key) -> Result<bool> {
    drive(store.touch(key, LIFE))
}

fn delete(store: &dyn Store, key: &Key, expect: Expect) -> Result<Deleted> {
    drive(store.delete(key, expect))
}

fn stored(saved: Result<Saved>) -> Revision {
    match saved.unwrap() {
        Saved::Stored(revision) => revision,
        Saved::Conflict => panic!("a conflict"),
    }
}

fn bytes(byte: u8, length: usize) -> Bytes {
    vec![byte; length].into()
}

/// What an error says, all of it; never the password.
#[cfg(any(feature = "mysql", feature = "postgresql"))]
fn said(error: &Error, password: &str) -> String {
    let said = format!("{error} {error:?}");
    assert!(!said.contains(password), "{said}");
    said
}
