#![doc = include_str!("../README.md")]

/// The guide's examples, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/moving-to-axum.md")]
mod guide {}

mod config;
mod cookie;
mod error;
#[cfg(feature = "axum")]
mod extract;
mod flash;
mod layer;
mod session;
mod site;
pub mod with;

pub use config::{Config, OnStoreFailure, SameSite};
pub use error::SessionError;
#[cfg(feature = "axum")]
pub use extract::MissingSessionLayer;
pub use flask_session_core::{
    AwareDateTime, Clock, Data, Error, ErrorKind, Float, Format, Guarantee, MemoryStore,
    OnConflict, Result, SessionId, Signer, Store, SystemClock, Value,
};
pub use layer::{SessionLayer, SessionService};
pub use session::Session;
