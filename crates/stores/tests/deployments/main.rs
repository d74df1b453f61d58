//! Redis on several servers: behind sentinels, and as a cluster.

#![cfg(all(feature = "redis", unix))]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod cluster;
mod failover;
mod sentinel;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{Deadline, Error, Expect, Key, Result, Saved, Store, drive};
use flask_session_stores::{Setting, Settings};

const LIFE: Duration = Duration::from_secs(2_678_400);

/// How long a test waits for what must happen.
const LIMIT: Duration = Duration::from_secs(60);

fn open(url: &str, options: &[(&str, Setting)]) -> Result<Arc<dyn Store>> {
    let settings = options
        .iter()
        .fold(Settings::new(url), |settings, (name, value)| {
            settings.with(*name, value.clone())
        });
    flask_session_stores::open(settings).map(|(_, store)| store)
}

fn text(text: &impl ToString) -> Setting {
    Setting::Text(text.to_string())
}

fn key(name: &str) -> Key {
    Key::from_text(format!("session:{name}"))
}

fn save(store: &dyn Store, key: &Key, payload: &str) -> Result<Saved> {
    let payload = Bytes::copy_from_slice(payload.as_bytes());
    drive(store.save(key, payload, LIFE, Expect::Anything))
}

fn load(store: &dyn Store, key: &Key) -> Result<Option<String>> {
    let loaded = drive(store.load(key, None))?;
    Ok(loaded.map(|loaded| String::from_utf8_lossy(&loaded.payload).into_owned()))
}

fn works(store: &dyn Store) {
    let _ = save(store, &key("works"), "kept").unwrap();
    assert_eq!(load(store, &key("works")).unwrap().unwrap(), "kept");
}

fn fails(store: &dyn Store) -> Error {
    let error = load(store, &key("works")).unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains("hush"), "{text}");
    error
}

/// Tries until it has happened.
fn until<T>(what: &str, mut tried: impl FnMut() -> Option<T>) -> T {
    let deadline = Deadline::within(LIMIT);
    loop {
        if let Some(done) = tried() {
            return done;
        }
        assert!(deadline.remaining().is_ok(), "waited in vain until {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
