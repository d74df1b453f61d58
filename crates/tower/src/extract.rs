//! The session as an argument of an axum handler.

use std::fmt;

use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;

use crate::{Session, SessionError};

impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = MissingSessionLayer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingSessionLayer> {
        let session = parts.extensions.get::<Self>();
        session.cloned().ok_or(MissingSessionLayer)
    }
}

/// The answer to a handler that wants a session on a route without a
/// [`SessionLayer`](crate::SessionLayer): status 500.
///
/// ```
/// use axum::{Router, body::Body, extract::Request, routing::get};
/// use flask_session_tower::Session;
/// use tower_service::Service;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut app = Router::new().route("/", get(|_: Session| async { "found" }));
/// let response = app.call(Request::new(Body::empty())).await.unwrap();
/// assert_eq!(response.status(), 500);
/// # });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingSessionLayer;

impl fmt::Display for MissingSessionLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the route has no SessionLayer")
    }
}

impl std::error::Error for MissingSessionLayer {}

impl IntoResponse for MissingSessionLayer {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.to_string()).into_response()
    }
}

impl IntoResponse for SessionError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
