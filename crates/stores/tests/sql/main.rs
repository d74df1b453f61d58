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

#[cfg(any(feature = "mysql", feature = "postgresql"))]
use flask_session_core::Error;
use flask_session_core::Store;
use flask_session_stores::{Setting, Settings, open};

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

/// What an error says, all of it; never the password.
#[cfg(any(feature = "mysql", feature = "postgresql"))]
fn said(error: &Error, password: &str) -> String {
    let said = format!("{error} {error:?}");
    assert!(!said.contains(password), "{said}");
    said
}
