//! Requests of one session at the same time.

use flask_session_core::{Expect, Store, drive};
use flask_session_testkit::Flaw;
use flask_session_tower::{Config, OnConflict, Session, SessionError};

use crate::browser::{Site, key};

async fn log_in(session: Session) -> Result<(), SessionError> {
    session.insert("user", 7).await
}

async fn all(session: Session) -> Result<String, SessionError> {
    Ok(session.keys().await?.join(" "))
}

#[tokio::test]
async fn two_requests_that_change_different_keys_keep_both() {
    for (config, expected) in [
        (Config::new(), "_permanent user theirs mine"),
        (
            Config::new().session_on_conflict(OnConflict::Overwrite),
            "_permanent user mine",
        ),
    ] {
        let site = std::sync::Arc::new(Site::new(config));
        let cookie = site.visit("", log_in).await.cookie();
        let (other, theirs) = (site.clone(), cookie.clone());
        let mine = async move |session: Session| -> Result<(), SessionError> {
            session.insert("mine", 1).await?;
            let insert = async |session: Session| session.insert("theirs", 2).await;
            other.visit(&theirs, insert).await;
            Ok(())
        };
        site.visit(&cookie, mine).await;
        assert_eq!(site.visit(&cookie, all).await.body, expected);
    }
}

#[tokio::test]
async fn a_logout_wins_over_a_slow_request_and_its_cookie_is_left_alone() {
    for renews in [false, true] {
        let site = Site::new(Config::new());
        let cookie = site.visit("", log_in).await.cookie();
        let (memory, record) = (site.memory.clone(), key(&cookie));
        site.store.meet(Flaw::Nothing);
        site.store.meet(Flaw::ComesAfter(Box::new(move || {
            let _ = drive(memory.delete(&record, Expect::Anything)).unwrap();
        })));
        let slow = async move |session: Session| -> Result<(), SessionError> {
            if renews {
                session.renew().await?;
            }
            session.insert("late", 1).await
        };
        let answer = site.visit(&cookie, slow).await;
        assert_eq!((answer.status, answer.set_cookie()), (200, ""));
        assert_eq!(site.stored(&cookie).await, None);
        let keys = site.memory.list("", None, 10).await.unwrap().keys;
        assert_eq!(keys.len(), 0, "something was left");
    }
}

#[tokio::test]
async fn sixteen_requests_at_once_lose_nothing() {
    let site = std::sync::Arc::new(Site::new(Config::new()));
    let cookie = site.visit("", log_in).await.cookie();
    let mut requests = tokio::task::JoinSet::new();
    let all_loaded = std::sync::Arc::new(tokio::sync::Barrier::new(16));
    for number in 0..16 {
        let (site, cookie, all_loaded) = (site.clone(), cookie.clone(), all_loaded.clone());
        requests.spawn(async move {
            let insert = async move |session: Session| -> Result<(), SessionError> {
                session.insert(&format!("key{number}"), number).await?;
                all_loaded.wait().await;
                Ok(())
            };
            assert_eq!(site.visit(&cookie, insert).await.status, 200);
        });
    }
    requests.join_all().await;
    let keys = site.visit(&cookie, all).await.body;
    assert_eq!(keys.split(' ').count(), 18, "{keys}");
}
