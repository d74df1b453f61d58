//! Requests to one handler behind the layer, and what came back.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::handler::Handler;
use axum::response::Response;
use axum::{Router, routing};
use bytes::Bytes;
use flask_session_core::{Expect, Key, Store};
use flask_session_testkit::{FaultyStore, ManualClock};
use flask_session_tower::{Config, MemoryStore, SessionId, SessionLayer};
use http::HeaderMap;
use http::header::{COOKIE, SET_COOKIE, VARY};
use http_body_util::BodyExt;
use tower_service::Service;

/// A site with one layer, over a store in memory that can be told to fail.
pub(crate) struct Site {
    pub(crate) layer: SessionLayer,
    pub(crate) memory: Arc<MemoryStore>,
    pub(crate) store: Arc<FaultyStore>,
    pub(crate) clock: Arc<ManualClock>,
}

impl Site {
    pub(crate) fn new(config: Config) -> Self {
        let clock = Arc::new(ManualClock::new());
        let memory = Arc::new(MemoryStore::with_clock(clock.clone()));
        let store = Arc::new(FaultyStore::new(memory.clone()));
        let layer = SessionLayer::with_clock(store.clone(), config, clock.clone()).unwrap();
        Self {
            layer,
            memory,
            store,
            clock,
        }
    }

    /// One request to `handler`, with this `Cookie` header unless it is empty.
    pub(crate) async fn visit<H, T>(&self, cookie: &str, handler: H) -> Answer
    where
        H: Handler<T, ()>,
        T: 'static,
    {
        Answer::of(self.request(cookie, handler).await).await
    }

    /// The same, with the response as it is.
    pub(crate) async fn request<H, T>(&self, cookie: &str, handler: H) -> Response
    where
        H: Handler<T, ()>,
        T: 'static,
    {
        let mut app = self.app(handler);
        let mut request = Request::new(Body::empty());
        if !cookie.is_empty() {
            request
                .headers_mut()
                .insert(COOKIE, cookie.parse().unwrap());
        }
        app.call(request).await.unwrap()
    }

    pub(crate) fn app<H, T>(&self, handler: H) -> Router
    where
        H: Handler<T, ()>,
        T: 'static,
    {
        let router: Router = Router::new().route("/", routing::any(handler));
        router.layer(self.layer.clone())
    }

    /// The payload of the session that a cookie `session=...` names.
    pub(crate) async fn stored(&self, cookie: &str) -> Option<Bytes> {
        let loaded = self.memory.load(&key(cookie), None).await.unwrap();
        loaded.map(|loaded| loaded.payload)
    }

    /// Puts a payload there, as another program does.
    pub(crate) async fn put(&self, cookie: &str, payload: &[u8]) {
        let (key, payload) = (key(cookie), Bytes::copy_from_slice(payload));
        let hour = Duration::from_secs(3600);
        let save = self.memory.save(&key, payload, hour, Expect::Anything);
        let _ = save.await.unwrap();
    }

    /// What was asked of the store since the last time.
    pub(crate) fn calls(&self, seen: &mut usize) -> Vec<&'static str> {
        let calls = self.store.calls();
        let new = calls[*seen..].to_vec();
        *seen = calls.len();
        new
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// The store's key for the session that a cookie `session=...` names.
pub(crate) fn key(cookie: &str) -> Key {
    let id = cookie.strip_prefix("session=").expect("a session's cookie");
    Key::new("session:", &SessionId::parse(id).expect("an id of ours"))
}

/// A response that has come whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    /// The `Set-Cookie` header, empty if there is none.
    pub(crate) fn set_cookie(&self) -> &str {
        let mut found = self.headers.get_all(SET_COOKIE).iter();
        let first = found.next().map_or("", |header| header.to_str().unwrap());
        assert!(found.next().is_none(), "two cookies: {:?}", self.headers);
        first
    }

    /// The cookie as the browser sends it back.
    pub(crate) fn cookie(&self) -> String {
        let cookie = self.set_cookie().split(';').next().unwrap_or_default();
        assert!(cookie.contains('='), "no cookie was set");
        cookie.to_owned()
    }

    pub(crate) fn vary(&self) -> Option<&str> {
        self.headers
            .get(VARY)
            .map(|header| header.to_str().unwrap())
    }
}
