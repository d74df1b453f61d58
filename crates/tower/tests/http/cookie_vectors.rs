//! `vectors/cookies.json`: the cookies that Flask writes under the same settings.

use flask_session_tower::{Config, Session, SessionError};
use serde_json::Value as Json;

use crate::browser::Site;

const VECTORS: &str = include_str!("../../../../vectors/cookies.json");

#[tokio::test]
async fn every_cookie_is_written_as_flask_writes_it() {
    let vectors: Vec<Json> = serde_json::from_str(VECTORS).unwrap();
    assert!(vectors.len() > 5);
    for vector in vectors {
        let find = |key: &str| match vector["settings"].get(key)? {
            Json::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        let site = Site::new(Config::from_lookup(find).unwrap());
        for (case, permanent) in [("permanent", true), ("until the browser closes", false)] {
            let log_in = async move |session: Session| -> Result<(), SessionError> {
                session.set_permanent(permanent).await?;
                session.insert("user", 7).await
            };
            let answer = site.visit("", log_in).await;
            let cookie = answer.cookie();
            let (_, id) = cookie.split_once('=').unwrap();
            let written = answer.set_cookie().replace(id, "ID");
            assert_eq!(written, vector[case], "{}", vector["settings"]);
            let clear = async |session: Session| session.clear().await;
            let answer = site.visit(&cookie, clear).await;
            assert_eq!(answer.set_cookie(), vector["deleted"]);
        }
    }
}
