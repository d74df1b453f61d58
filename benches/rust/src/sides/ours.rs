//! Our layer.

use std::error::Error;

use axum::Router;
use flask_session_stores::{Settings, open_async};
use flask_session_tower::{Config, Session, SessionError, SessionLayer};

async fn read(session: Session) -> Result<(), SessionError> {
    assert_eq!(
        session.get::<String>("_user_id").await?.as_deref(),
        Some("42")
    );
    Ok(())
}

async fn modify(session: Session) -> Result<(), SessionError> {
    session.insert("visits", super::next()).await
}

async fn new(session: Session) -> Result<(), SessionError> {
    for (key, value) in super::content() {
        session.insert(key, value).await?;
    }
    Ok(())
}

pub fn open(url: &str, refine: impl FnOnce(Config) -> Config) -> Result<Router, Box<dyn Error>> {
    let (_, store) = open_async(Settings::new(url))?;
    let config = Config::new().session_key_prefix("ours:");
    let layer = SessionLayer::new(store, refine(config))?;
    Ok(super::routes(read, modify, new).layer(layer))
}
