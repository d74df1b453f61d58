//! Requests that are dropped: the client went away, a timeout layer gave up.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use flask_session_core::{
    Capability, Cursor, Deleted, Expect, Key, Loaded, Page, Refresh, Saved, Store,
};
use flask_session_tower::{Config, MemoryStore, Session, SessionError, SessionLayer};
use tower_service::Service;

use crate::browser::Site;

/// Waits once before each operation and once after it.
#[derive(Debug)]
struct Waiting(Arc<MemoryStore>);

#[async_trait]
impl Store for Waiting {
    fn capability(&self) -> Capability {
        self.0.capability()
    }

    async fn load(
        &self,
        key: &Key,
        refresh: Option<Refresh>,
    ) -> flask_session_tower::Result<Option<Loaded>> {
        tokio::task::yield_now().await;
        let loaded = self.0.load(key, refresh).await;
        tokio::task::yield_now().await;
        loaded
    }

    async fn save(
        &self,
        key: &Key,
        payload: Bytes,
        ttl: Duration,
        expect: Expect,
    ) -> flask_session_tower::Result<Saved> {
        tokio::task::yield_now().await;
        let saved = self.0.save(key, payload, ttl, expect).await;
        tokio::task::yield_now().await;
        saved
    }

    async fn touch(&self, key: &Key, ttl: Duration) -> flask_session_tower::Result<bool> {
        self.0.touch(key, ttl).await
    }

    async fn delete(&self, key: &Key, expect: Expect) -> flask_session_tower::Result<Deleted> {
        tokio::task::yield_now().await;
        let deleted = self.0.delete(key, expect).await;
        tokio::task::yield_now().await;
        deleted
    }

    async fn list(
        &self,
        prefix: &str,
        cursor: Option<Cursor>,
        limit: usize,
    ) -> flask_session_tower::Result<Page> {
        self.0.list(prefix, cursor, limit).await
    }

    async fn sweep(&self, limit: usize) -> flask_session_tower::Result<usize> {
        self.0.sweep(limit).await
    }
}

/// Polls `operation` at most `times` times, then drops it. Whether it came to its end.
async fn poll(operation: impl Future, times: usize) -> bool {
    let mut operation = pin!(operation);
    for _ in 0..times {
        let ready = poll_fn(|context| Poll::Ready(operation.as_mut().poll(context).is_ready()));
        if ready.await {
            return true;
        }
    }
    false
}

async fn log_in(session: Session) -> Result<(), SessionError> {
    session.insert("user", "old").await
}

async fn user(session: Session) -> Result<String, SessionError> {
    let user = session.get::<String>("user").await?;
    Ok(user.unwrap_or_default())
}

#[tokio::test]
async fn a_dropped_request_leaves_the_old_record_or_the_new_one() {
    let mut outcomes = Vec::new();
    for polls in 0..20 {
        let site = Site::new(Config::new());
        let store = Arc::new(Waiting(site.memory.clone()));
        let layer = SessionLayer::new(store, Config::new()).unwrap();
        let site = Site { layer, ..site };
        let cookie = site.visit("", log_in).await.cookie();
        let mut app = site.app(async |session: Session| session.insert("user", "new").await);
        let mut request = Request::new(Body::empty());
        request
            .headers_mut()
            .insert("cookie", cookie.parse().unwrap());
        let finished = poll(app.call(request), polls).await;
        let left = site.visit(&cookie, user).await.body;
        assert!(left == "old" || left == "new", "{left}");
        outcomes.push((finished, left == "new"));
    }
    assert!(
        outcomes.contains(&(false, false)),
        "no early drop was tried"
    );
    assert!(outcomes.contains(&(false, true)), "no late drop was tried");
    assert!(outcomes.contains(&(true, true)), "none went through");
}

#[tokio::test]
async fn a_commit_that_was_dropped_can_be_made_again() {
    for polls in 0..8 {
        let memory = Arc::new(MemoryStore::new());
        let store = Arc::new(Waiting(memory));
        let layer = SessionLayer::new(store, Config::new()).unwrap();
        let site = Site::new(Config::new());
        let site = Site { layer, ..site };
        let twice = async move |session: Session| -> Result<(), SessionError> {
            session.insert("user", "new").await?;
            poll(session.commit(), polls).await;
            Ok(())
        };
        let answer = site.visit("", twice).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(site.visit(&answer.cookie(), user).await.body, "new");
    }
}
