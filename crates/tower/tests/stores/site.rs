//! A site on a real store, and requests to it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::routing::get;
use flask_session_core::Store;
use flask_session_tower::{Config, Session, SessionError, SessionLayer};
use http::header::{COOKIE, SET_COOKIE};
use http_body_util::BodyExt;
use tokio::sync::Semaphore;
use tower_service::Service;

#[derive(Clone)]
pub(crate) struct Site {
    router: Router,
    gate: Arc<Gate>,
}

/// Where slow requests wait.
struct Gate {
    arrived: Semaphore,
    opened: Semaphore,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// As the browser sends it back; empty if none was set.
    pub(crate) cookie: String,
}

async fn put(
    session: Session,
    Path((key, value)): Path<(String, String)>,
) -> Result<(), SessionError> {
    session.insert(&key, value).await
}

async fn see(session: Session, Path(key): Path<String>) -> Result<String, SessionError> {
    Ok(session.get(&key).await?.unwrap_or_default())
}

async fn renew(session: Session) -> Result<(), SessionError> {
    session.renew().await
}

async fn log_out(session: Session) -> Result<(), SessionError> {
    session.destroy().await
}

/// Changes the session, and answers when it is let go.
async fn slow(
    session: Session,
    State(gate): State<Arc<Gate>>,
    Path(key): Path<String>,
) -> Result<(), SessionError> {
    session.insert(&key, "slow").await?;
    gate.arrived.add_permits(1);
    gate.opened.acquire().await.unwrap().forget();
    Ok(())
}

impl Site {
    pub(crate) fn on(store: Arc<dyn Store>) -> Self {
        let layer = SessionLayer::new(store, Config::new()).unwrap();
        let gate = Arc::new(Gate {
            arrived: Semaphore::new(0),
            opened: Semaphore::new(0),
        });
        let router = Router::new()
            .route("/put/{key}/{value}", get(put))
            .route("/see/{key}", get(see))
            .route("/slow/{key}", get(slow))
            .route("/renew", get(renew))
            .route("/log-out", get(log_out))
            .with_state(gate.clone());
        let router = router.layer(layer);
        Self { router, gate }
    }

    /// Waits until a slow request has changed its session.
    pub(crate) async fn has_slow(&self) {
        self.gate.arrived.acquire().await.unwrap().forget();
    }

    /// Lets a slow request go.
    pub(crate) fn let_go(&self) {
        self.gate.opened.add_permits(1);
    }

    pub(crate) async fn visit(&self, cookie: &str, path: &str) -> Answer {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = path.parse().unwrap();
        if !cookie.is_empty() {
            let cookie = cookie.parse().unwrap();
            request.headers_mut().insert(COOKIE, cookie);
        }
        let response = self.router.clone().call(request).await.unwrap();
        let set = response.headers().get(SET_COOKIE);
        let set = set.map_or("", |header| header.to_str().unwrap());
        let cookie = set.split(';').next().unwrap_or_default().to_owned();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Answer {
            status,
            body,
            cookie,
        }
    }

    /// Visits until the store answers: one that stalled is left alone for some seconds.
    pub(crate) async fn visit_when_it_answers(&self, cookie: &str, path: &str) -> Answer {
        loop {
            let answer = self.visit(cookie, path).await;
            if answer.status != 503 {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
