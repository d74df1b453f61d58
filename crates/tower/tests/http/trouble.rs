//! A store that fails.

use flask_session_testkit::Flaw;
use flask_session_tower::{Config, ErrorKind, Session, SessionError};

use crate::browser::Site;

async fn log_in(session: Session) -> Result<(), SessionError> {
    session.insert("user", 7).await
}

#[tokio::test]
async fn a_commit_that_fails_is_the_answer() {
    for (kind, status) in [(ErrorKind::TimedOut, 503), (ErrorKind::Refused, 500)] {
        let site = Site::new(Config::new());
        site.store.meet(Flaw::Fails(kind));
        let response = site.request("", log_in).await;
        assert_eq!(response.status().as_u16(), status);
        assert!(!response.headers().contains_key("set-cookie"));
        let error = response.extensions().get::<SessionError>().unwrap();
        assert_eq!(error.kind(), kind);
    }
}

#[tokio::test]
async fn a_load_that_failed_is_not_tried_again_and_nothing_is_written() {
    let site = Site::new(Config::new());
    let cookie = site.visit("", log_in).await.cookie();
    let mut seen = 0;
    site.calls(&mut seen);
    site.store.meet(Flaw::Fails(ErrorKind::TimedOut));
    let twice = async |session: Session| -> String {
        let first = session.contains("user").await.unwrap_err();
        let second = session.insert("user", 8).await.unwrap_err();
        assert_eq!(first.to_string(), second.to_string());
        "handled".to_owned()
    };
    let answer = site.visit(&cookie, twice).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "handled"));
    assert_eq!(site.calls(&mut seen), ["load"]);
    let pass_on = async |session: Session| session.contains("user").await.map(|_| ());
    site.store.meet(Flaw::Fails(ErrorKind::Unreachable));
    assert_eq!(site.visit(&cookie, pass_on).await.status, 503);
    assert_eq!(site.visit(&cookie, pass_on).await.status, 200);
}

#[tokio::test]
async fn an_untouched_session_that_cannot_be_extended_is_an_error_too() {
    let site = Site::new(Config::new());
    let cookie = site.visit("", log_in).await.cookie();
    site.pass(100_000);
    site.store.meet(Flaw::Fails(ErrorKind::TimedOut));
    assert_eq!(site.visit(&cookie, async || "").await.status, 503);
}

#[tokio::test]
async fn with_an_eager_session_the_handler_does_not_run_when_the_load_failed() {
    let site = Site::new(Config::new().session_eager(true));
    let cookie = site.visit("", log_in).await.cookie();
    site.store.meet(Flaw::Fails(ErrorKind::TimedOut));
    let handler = async || -> &'static str { panic!("it ran") };
    assert_eq!(site.visit(&cookie, handler).await.status, 503);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_found_out() {
    let site = Site::new(Config::new());
    let cookie = site.visit("", log_in).await.cookie();
    site.store.meet(Flaw::Nothing);
    site.store.meet(Flaw::LosesReply(ErrorKind::Unreachable));
    let insert = async |session: Session| session.insert("more", 1).await;
    assert_eq!(site.visit(&cookie, insert).await.status, 200);
    let read = async |session: Session| -> Result<String, SessionError> {
        Ok(format!("{:?}", session.get::<u8>("more").await?))
    };
    assert_eq!(site.visit(&cookie, read).await.body, "Some(1)");
}

#[tokio::test]
async fn a_session_over_the_limit_is_an_error_and_the_old_one_stays() {
    let site = Site::new(Config::new().session_max_bytes(1000));
    let cookie = site.visit("", log_in).await.cookie();
    let before = site.stored(&cookie).await;
    let mut seen = 0;
    site.calls(&mut seen);
    let fill = async |session: Session| session.insert("secret", "x".repeat(1000)).await;
    let response = site.request(&cookie, fill).await;
    assert_eq!(response.status().as_u16(), 500);
    assert!(!response.headers().contains_key("set-cookie"));
    let error = response.extensions().get::<SessionError>().unwrap();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let text = error.to_string();
    assert!(text.contains("SESSION_MAX_BYTES allows 1000"), "{text}");
    assert!(!text.contains("secret"), "{text}");
    assert_eq!(site.calls(&mut seen), ["load"], "nothing was sent");
    assert_eq!(site.stored(&cookie).await, before);
    let fits = async |session: Session| session.insert("text", "x".repeat(900)).await;
    assert_eq!(site.visit(&cookie, fits).await.status, 200);
}
