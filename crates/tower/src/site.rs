//! What all sessions of one layer share.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flask_session_core::{
    Clock, Encoding, Error, ErrorKind, Guarded, Key, Refresh, Result, SessionId, Signer, Store,
    Touches,
};

use crate::config::KeyMaterial;
use crate::cookie::Attributes;
use crate::{Config, OnStoreFailure};

/// Sessions whose last extension is remembered.
const REMEMBERED: usize = 10_000;
/// Unreadable sessions that are remembered, so that each is logged once.
const REPORTED: usize = 1_000;
/// Milliseconds between two warnings that the store fails.
const WARNING_INTERVAL: u64 = 60_000;
/// Bytes of a store key, prefix included, where the application makes the ids.
const LONGEST_KEY: usize = 250;

pub(crate) struct Site {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) config: Config,
    pub(crate) touches: Touches,
    pub(crate) attributes: Attributes,
    pub(crate) clock: Arc<dyn Clock>,
    signer: Option<Signer>,
    reported: Mutex<HashSet<u64>>,
    hasher: RandomState,
    /// When it was last said that requests go on without their sessions, in the clock's ticks.
    tolerated: Mutex<Option<u64>>,
}

impl Site {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        config: Config,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        config.check()?;
        let signer = match config.key_material()? {
            KeyMaterial::Unused => None,
            KeyMaterial::Keys { current, fallbacks } => Some(Signer::new(current, fallbacks)?),
        };
        let touches = Touches::new(config.touch_interval(), REMEMBERED, Arc::clone(&clock));
        Ok(Self {
            store: Arc::new(Guarded::new(store, Arc::clone(&clock))),
            attributes: Attributes::new(&config),
            config,
            touches,
            clock,
            signer,
            reported: Mutex::default(),
            hasher: RandomState::new(),
            tolerated: Mutex::default(),
        })
    }

    /// The id in a cookie, unless it can't be one of ours.
    pub(crate) fn id_of(&self, text: &str) -> Option<SessionId> {
        let unsigned = match &self.signer {
            Some(signer) => signer.unsign(text)?,
            None => text,
        };
        if let Some(id) = SessionId::parse(unsigned) {
            return Some(id);
        }
        // A signed id has come from this site, perhaps from an application that makes its own.
        if self.signer.is_none() && !self.config.custom_ids {
            return None;
        }
        SessionId::parse_custom(unsigned)
            .filter(|id| self.config.key_prefix.len() + id.as_str().len() <= LONGEST_KEY)
    }

    /// What the cookie holds for `id`.
    pub(crate) fn cookie_value(&self, id: &SessionId) -> String {
        match &self.signer {
            Some(signer) => signer.sign(id.as_str()),
            None => id.as_str().to_owned(),
        }
    }

    pub(crate) fn key(&self, id: &SessionId) -> Key {
        Key::new(&self.config.key_prefix, id)
    }

    pub(crate) fn new_id(&self) -> Result<SessionId> {
        SessionId::generate(self.config.id_length)
    }

    /// A session's time to live: whole seconds as in Flask, and never so few that a store refuses.
    pub(crate) fn time_to_live(&self) -> Duration {
        Duration::from_secs(self.config.lifetime.as_secs().max(1))
    }

    pub(crate) fn refresh(&self) -> Refresh {
        Refresh {
            ttl: self.time_to_live(),
        }
    }

    pub(crate) fn encoding(&self) -> Encoding {
        Encoding {
            format: self.config.format,
            keep_types: self.config.keep_types,
            legacy_pickle: self.config.legacy_pickle,
            max_bytes: self.config.max_bytes,
        }
    }

    /// Says once that a session's record can't be read.
    pub(crate) fn report_unreadable(&self, id: &SessionId, reason: &Error) {
        let hash = self.hasher.hash_one(id);
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        if reported.len() >= REPORTED {
            reported.clear();
        }
        if reported.insert(hash) {
            tracing::warn!("{id:?} could not be read and was left behind: {reason}");
        }
    }

    /// Whether a request goes on without the session that could not be loaded; says so in the log,
    /// once a minute.
    pub(crate) fn tolerates(&self, failure: &Error) -> bool {
        let is_the_stores = matches!(
            failure.kind(),
            ErrorKind::Unreachable | ErrorKind::TimedOut | ErrorKind::Refused
        );
        if !is_the_stores || self.config.on_store_failure == OnStoreFailure::Raise {
            return false;
        }
        let now = self.clock.ticks();
        let mut said = self
            .tolerated
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if said.is_none_or(|said| now.saturating_sub(said) >= WARNING_INTERVAL) {
            *said = Some(now);
            tracing::warn!("requests go on with an empty session that can't be changed: {failure}");
        }
        true
    }

    /// Logs what the store has found out.
    pub(crate) fn log_notices(&self) {
        for notice in self.store.take_notices() {
            if notice.is_warning() {
                tracing::warn!("{}", notice.text());
            } else {
                tracing::info!("{}", notice.text());
            }
        }
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site")
            .field("store", &self.store)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
