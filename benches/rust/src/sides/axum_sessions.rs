//! The crate axum_session with its Redis pool. It keeps no session in memory after the request, so that each
//! request asks Redis, and leaves out what the others don't do either: signatures, hashes of addresses.

use std::error::Error;

use axum::Router;
use axum_session::{SessionConfig, SessionLayer, SessionStore};
use axum_session_redispool::{SessionRedisPool, SessionRedisSession as Session};
use redis_pool::SingleRedisPool;
use time::Duration;

async fn read(session: Session) {
    assert_eq!(session.get::<String>("_user_id").as_deref(), Some("42"));
}

async fn modify(session: Session) {
    session.set("visits", super::next());
}

async fn new(session: Session) {
    for (key, value) in super::content() {
        session.set(key, value);
    }
}

pub async fn open(url: &str) -> Result<Router, Box<dyn Error>> {
    let pool = SingleRedisPool::from(redis::Client::open(url)?);
    let config = SessionConfig::default()
        .with_lifetime(Duration::days(31))
        .with_memory_lifetime(Duration::ZERO)
        .with_ip_and_user_agent(false);
    let store = SessionStore::new(Some(SessionRedisPool::from(pool)), config).await?;
    Ok(super::routes(read, modify, new).layer(SessionLayer::new(store)))
}
