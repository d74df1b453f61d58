//! The same site on each layer.

mod axum_sessions;
mod bare;
mod ours;
mod tower_sessions;

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::handler::Handler;
use axum::routing::get;
use serde_json::{Value, json};

/// The router of `side`.
pub async fn open(side: &str, url: &str) -> Result<Router, Box<dyn Error>> {
    match side {
        "bare" => bare::open(url).await,
        "axum_session" => axum_sessions::open(url).await,
        "tower-sessions" => tower_sessions::open(url, false).await,
        "tower-sessions, due" => tower_sessions::open(url, true).await,
        "ours" => ours::open(url, |config| config),
        "ours, due" => ours::open(url, |config| {
            config.session_touch_interval(std::time::Duration::ZERO)
        }),
        "ours, overwrite" => ours::open(url, |config| {
            config.session_on_conflict(flask_session_tower::OnConflict::Overwrite)
        }),
        _ => Err(format!("unknown side: {side}").into()),
    }
}

/// What a new session holds; about 200 bytes in msgpack, as in benches/payloads.py.
fn content() -> [(&'static str, Value); 4] {
    let item = json!({"sku": "SKU-281453", "count": 3, "price": 17.25, "tags": ["new", "blue"]});
    [
        ("_user_id", json!("42")),
        ("visits", json!(0)),
        (
            "csrf_token",
            json!("9e107d9d372bb6826bd81d3542a419d6e09a1d0c"),
        ),
        ("cart-0", json!({ "item-0": item })),
    ]
}

/// A number that wasn't there before, so that each modification is one.
fn next() -> u64 {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

/// The same pages on each side, where the first has nothing to do with its visitor.
fn routes<S, A, B, C>(
    read: impl Handler<A, S>,
    modify: impl Handler<B, S>,
    new: impl Handler<C, S>,
) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    A: 'static,
    B: 'static,
    C: 'static,
{
    Router::new()
        .route("/untouched", get(async || ()))
        .route("/read", get(read))
        .route("/modify", get(modify))
        .route("/new", get(new))
}
