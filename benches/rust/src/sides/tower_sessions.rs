//! The crate tower-sessions with its Redis store, as the store's README sets it up.

use std::error::Error;

use axum::Router;
use axum::http::StatusCode;
use time::Duration;
use tower_sessions::{Expiry, Session, SessionManagerLayer};
use tower_sessions_redis_store::RedisStore;
use tower_sessions_redis_store::fred::prelude::{ClientLike, Config, Pool};

type Answer = Result<(), StatusCode>;

fn failed(_: tower_sessions::session::Error) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}

async fn read(session: Session) -> Answer {
    let user = session.get::<String>("_user_id").await.map_err(failed)?;
    assert_eq!(user.as_deref(), Some("42"));
    Ok(())
}

async fn modify(session: Session) -> Answer {
    session
        .insert("visits", super::next())
        .await
        .map_err(failed)
}

async fn new(session: Session) -> Answer {
    for (key, value) in super::content() {
        session.insert(key, value).await.map_err(failed)?;
    }
    Ok(())
}

/// `saves`: it writes at each request, which is its only way to extend the life of a session that nobody changes.
pub async fn open(url: &str, saves: bool) -> Result<Router, Box<dyn Error>> {
    let pool = Pool::new(Config::from_url(url)?, None, None, None, 6)?;
    pool.connect();
    pool.wait_for_connect().await?;
    let layer = SessionManagerLayer::new(RedisStore::new(pool))
        .with_expiry(Expiry::OnInactivity(Duration::days(31)))
        .with_always_save(saves);
    Ok(super::routes(read, modify, new).layer(layer))
}
