//! How long a session lives: sliding expiry without a write per request.

use std::time::Duration;

use flask_session_tower::{Config, Session, SessionError};

use crate::browser::Site;

async fn log_in(session: Session) -> Result<(), SessionError> {
    session.insert("user", 7).await
}

async fn look(session: Session) -> Result<String, SessionError> {
    Ok(format!("{:?}", session.get::<i64>("user").await?))
}

async fn nothing() -> &'static str {
    ""
}

fn hour() -> Config {
    Config::new().permanent_session_lifetime(Duration::from_secs(3600))
}

#[tokio::test]
async fn an_untouched_session_is_extended_once_in_an_interval() {
    let site = Site::new(hour());
    let cookie = site.visit("", log_in).await.cookie();
    let mut seen = 0;
    site.calls(&mut seen);
    site.pass(35);
    let answer = site.visit(&cookie, nothing).await;
    assert_eq!((answer.set_cookie(), site.calls(&mut seen).len()), ("", 0));
    site.pass(1);
    let answer = site.visit(&cookie, nothing).await;
    assert_eq!(site.calls(&mut seen), ["touch"]);
    assert!(answer.set_cookie().contains("; Expires="));
    assert_eq!(answer.vary(), Some("Cookie"));
    site.visit(&cookie, nothing).await;
    assert_eq!(site.calls(&mut seen).len(), 0);
}

#[tokio::test]
async fn a_session_that_is_used_lives_on_and_one_that_is_not_ends() {
    let site = Site::new(hour());
    let cookie = site.visit("", log_in).await.cookie();
    for _ in 0..3 {
        site.pass(3000);
        assert_eq!(site.visit(&cookie, look).await.body, "Some(7)");
        site.pass(3000);
        site.visit(&cookie, nothing).await;
    }
    site.pass(3601);
    assert_eq!(site.visit(&cookie, look).await.body, "None");
}

#[tokio::test]
async fn a_look_extends_in_the_same_round_trip() {
    let site = Site::new(hour());
    let cookie = site.visit("", log_in).await.cookie();
    site.pass(60);
    let mut seen = 0;
    site.calls(&mut seen);
    let answer = site.visit(&cookie, look).await;
    assert_eq!(site.calls(&mut seen), ["load"]);
    assert!(answer.set_cookie().contains("; Expires="));
    site.pass(3590);
    assert_eq!(site.visit(&cookie, look).await.body, "Some(7)");
}

#[tokio::test]
async fn a_session_of_another_process_is_asked_whether_it_is_permanent() {
    let site = Site::new(hour().session_permanent(false));
    let cookie = site.visit("", log_in).await.cookie();
    let remembered = async |session: Session| -> Result<(), SessionError> {
        session.set_permanent(true).await?;
        session.insert("user", 8).await
    };
    let permanent = site.visit("", remembered).await.cookie();
    let fresh = flask_session_tower::SessionLayer::with_clock(
        site.store.clone(),
        hour(),
        site.clock.clone(),
    );
    let site = Site {
        layer: fresh.unwrap(),
        ..site
    };
    let mut seen = 0;
    site.calls(&mut seen);
    assert_eq!(site.visit(&cookie, nothing).await.set_cookie(), "");
    assert!(
        !site
            .visit(&permanent, nothing)
            .await
            .set_cookie()
            .is_empty()
    );
    assert_eq!(site.calls(&mut seen), ["load", "load"]);
    let unknown = "session=AAAAAAAAAAAAAAAAAAAA";
    assert_eq!(site.visit(unknown, nothing).await.set_cookie(), "");
}

#[tokio::test]
async fn without_refresh_each_request_nothing_is_extended() {
    let site = Site::new(hour().session_refresh_each_request(false));
    let answer = site.visit("", log_in).await;
    let cookie = answer.cookie();
    let mut seen = 0;
    site.calls(&mut seen);
    site.pass(3000);
    assert_eq!(site.visit(&cookie, nothing).await.set_cookie(), "");
    assert_eq!(site.calls(&mut seen).len(), 0);
    assert_eq!(site.visit(&cookie, look).await.set_cookie(), "");
    assert_eq!(site.calls(&mut seen), ["load"]);
    site.pass(601);
    assert_eq!(site.visit(&cookie, look).await.body, "None");
}

#[tokio::test]
async fn an_eager_session_is_loaded_before_the_handler_runs() {
    let site = Site::new(hour().session_eager(true));
    let cookie = site.visit("", log_in).await.cookie();
    let mut seen = 0;
    site.calls(&mut seen);
    let answer = site.visit(&cookie, nothing).await;
    assert_eq!(site.calls(&mut seen), ["load"]);
    assert_eq!(site.visit("", nothing).await.vary(), None);
    assert_eq!(answer.status, 200);
}
