//! One stalled store operation holds up nobody else.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flask_session_core::{
    Capability, Cursor, Deleted, Expect, Key, Loaded, Page, Refresh, Saved, Store,
};
use flask_session_tower::{Config, MemoryStore, Result, Session, SessionError, SessionLayer};
use tokio::sync::Semaphore;

use crate::browser::{Site, key};

/// A store whose server doesn't answer about one session until it is released.
#[derive(Debug)]
struct Stalled {
    inner: Arc<MemoryStore>,
    about: Key,
    asked: Arc<Semaphore>,
    released: Arc<Semaphore>,
}

#[async_trait]
impl Store for Stalled {
    fn capability(&self) -> Capability {
        self.inner.capability()
    }

    async fn load(&self, key: &Key, refresh: Option<Refresh>) -> Result<Option<Loaded>> {
        if *key == self.about {
            self.asked.add_permits(1);
            let released = self.released.acquire().await;
            released.expect("never closed").forget();
        }
        self.inner.load(key, refresh).await
    }

    async fn save(
        &self,
        key: &Key,
        payload: Bytes,
        ttl: Duration,
        expect: Expect,
    ) -> Result<Saved> {
        self.inner.save(key, payload, ttl, expect).await
    }

    async fn touch(&self, key: &Key, ttl: Duration) -> Result<bool> {
        self.inner.touch(key, ttl).await
    }

    async fn delete(&self, key: &Key, expect: Expect) -> Result<Deleted> {
        self.inner.delete(key, expect).await
    }

    async fn list(&self, prefix: &str, cursor: Option<Cursor>, limit: usize) -> Result<Page> {
        self.inner.list(prefix, cursor, limit).await
    }

    async fn sweep(&self, limit: usize) -> Result<usize> {
        self.inner.sweep(limit).await
    }
}

async fn log_in(session: Session) -> Result<(), SessionError> {
    session.insert("user", 7).await
}

async fn user(session: Session) -> Result<String, SessionError> {
    Ok(format!("{:?}", session.get::<u64>("user").await?))
}

#[tokio::test(flavor = "current_thread")]
async fn while_one_load_is_stalled_a_thousand_other_requests_are_answered() {
    let site = Site::new(Config::new());
    let slow = site.visit("", log_in).await.cookie();
    let quick = site.visit("", log_in).await.cookie();
    let (asked, released) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let store = Stalled {
        inner: site.memory.clone(),
        about: key(&slow),
        asked: asked.clone(),
        released: released.clone(),
    };
    let layer = SessionLayer::new(Arc::new(store), Config::new()).unwrap();
    let site = Arc::new(Site { layer, ..site });
    let stalled = tokio::spawn({
        let site = site.clone();
        async move { site.visit(&slow, user).await.body }
    });
    asked.acquire().await.unwrap().forget();
    for number in 0..1000 {
        let answer = if number % 2 == 0 {
            site.visit(&quick, user).await
        } else {
            site.visit("", log_in).await
        };
        assert_eq!(answer.status, 200);
    }
    assert!(!stalled.is_finished());
    released.add_permits(1);
    assert_eq!(stalled.await.unwrap(), "Some(7)");
}
