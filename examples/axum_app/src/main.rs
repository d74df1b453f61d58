//! A shop's API in Rust, in front of the Flask site that the rest of the shop still is.
//!
//! What begins with `/api` is answered here, everything else by Flask (`proxy.rs`). Both keep their
//! sessions in one store, under one cookie, so whoever logs in on a Flask page is logged in here.
//!
//! Usage: `axum-app LISTEN FLASK`, two addresses such as `127.0.0.1:5000`. The settings come from
//! the environment variables that Flask's `from_prefixed_env` reads: `FLASK_SESSION_URL`,
//! `FLASK_SECRET_KEY` and so on.

mod csrf;
mod login;
mod proxy;

use std::net::SocketAddr;
use std::process::ExitCode;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use flask_session_stores::{Settings, open_async};
use flask_session_tower::{Config, Session, SessionError, SessionLayer};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use csrf::CsrfKey;
use login::User;

/// As Flask's pages keep it: `session["cart"]` is a list of dicts.
#[derive(Serialize, Deserialize)]
struct Line {
    product: String,
    quantity: u32,
}

async fn me(user: User) -> Json<User> {
    Json(user)
}

async fn cart(_: User, session: Session) -> Result<Json<Vec<Line>>, SessionError> {
    Ok(Json(session.get("cart").await?.unwrap_or_default()))
}

async fn add(
    _: User,
    session: Session,
    Path(product): Path<String>,
) -> Result<Json<Vec<Line>>, SessionError> {
    let add = |cart: &mut Option<Vec<Line>>| {
        let lines = cart.get_or_insert_default();
        match lines.iter_mut().find(|line| line.product == product) {
            Some(line) => line.quantity += 1,
            None => lines.push(Line {
                product,
                quantity: 1,
            }),
        }
    };
    session.update("cart", add).await?;
    // The next Flask page shows it.
    session.flash("message", "Added to your cart.").await?;
    Ok(Json(session.get("cart").await?.unwrap_or_default()))
}

/// What Flask-WTF's `CSRFProtect` does for the Flask pages.
async fn protect(
    State(key): State<CsrfKey>,
    session: Session,
    request: Request,
    next: Next,
) -> Result<Response, SessionError> {
    if !request.method().is_safe() && !key.allows(&session, request.headers()).await? {
        let missing = (
            StatusCode::BAD_REQUEST,
            "the CSRF token is missing or wrong",
        );
        return Ok(missing.into_response());
    }
    Ok(next.run(request).await)
}

fn api(sessions: SessionLayer, key: CsrfKey) -> Router<proxy::Site> {
    Router::new()
        .route("/me", get(me))
        .route("/cart", get(cart))
        .route("/cart/{product}", post(add))
        .layer(middleware::from_fn_with_state(key, protect))
        .layer(sessions)
}

async fn serve(listen: SocketAddr, flask: SocketAddr) -> Result<(), Box<dyn std::error::Error>> {
    let config = Config::from_prefixed_env("FLASK")?;
    let url = config.store_url().ok_or("set FLASK_SESSION_URL")?;
    let (_, store) = open_async(Settings::new(url))?;
    let key = CsrfKey::new(config.current_secret_key().ok_or("set FLASK_SECRET_KEY")?);
    let sessions = SessionLayer::new(store, config)?;
    let app = Router::new()
        .nest("/api", api(sessions, key))
        .fallback(proxy::forward)
        .with_state(proxy::Site(flask));
    let listener = TcpListener::bind(listen).await?;
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).await?;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "tokio's attribute waits for it")]
async fn main() -> ExitCode {
    let addresses: Vec<SocketAddr> = std::env::args()
        .skip(1)
        .filter_map(|address| address.parse().ok())
        .collect();
    let [listen, flask] = addresses[..] else {
        eprintln!("usage: axum-app LISTEN FLASK");
        return ExitCode::FAILURE;
    };
    match serve(listen, flask).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
