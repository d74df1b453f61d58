//! `SESSION_ON_STORE_FAILURE`: requests that go on although the store fails.

use std::cell::Cell;

use flask_session_testkit::Flaw;
use flask_session_tower::{Config, ErrorKind, OnStoreFailure, Session, SessionError};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::browser::{Answer, Site};

async fn log_in(session: Session) -> Result<(), SessionError> {
    session.insert("user", 7).await
}

async fn user(session: Session) -> Result<String, SessionError> {
    Ok(format!("{:?}", session.get::<u64>("user").await?))
}

fn tolerant() -> Config {
    Config::new().session_on_store_failure(OnStoreFailure::Null)
}

fn assert_left_alone(answer: &Answer) {
    assert_eq!(answer.set_cookie(), "");
}

#[tokio::test]
async fn pages_go_on_without_a_session_and_nobody_is_logged_out() {
    for eager in [false, true] {
        let site = Site::new(tolerant().session_eager(eager));
        let cookie = site.visit("", log_in).await.cookie();
        for kind in [
            ErrorKind::Unreachable,
            ErrorKind::TimedOut,
            ErrorKind::Refused,
        ] {
            site.store.meet(Flaw::Fails(kind));
            let answer = site.visit(&cookie, user).await;
            assert_eq!((answer.status, answer.body.as_str()), (200, "None"));
            assert_eq!(answer.vary(), Some("Cookie"));
            assert_left_alone(&answer);
        }
        assert_eq!(site.visit(&cookie, user).await.body, "Some(7)");
    }
}

#[tokio::test]
async fn an_untouched_session_that_cannot_be_extended_is_tolerated() {
    let site = Site::new(tolerant());
    let cookie = site.visit("", log_in).await.cookie();
    site.pass(100_000);
    site.store.meet(Flaw::Fails(ErrorKind::TimedOut));
    let answer = site.visit(&cookie, async || "").await;
    assert_eq!(answer.status, 200);
    assert_left_alone(&answer);
}

#[tokio::test]
async fn whoever_changes_such_a_session_is_told_that_the_change_would_be_lost() {
    let site = Site::new(tolerant());
    let cookie = site.visit("", log_in).await.cookie();
    let mut seen = 0;
    site.calls(&mut seen);
    site.store.meet(Flaw::Fails(ErrorKind::TimedOut));
    let change = async |session: Session| -> String {
        let mut errors = vec![
            session.insert("user", 8).await.unwrap_err(),
            session.remove("user").await.unwrap_err(),
            session.clear().await.unwrap_err(),
            session.renew().await.unwrap_err(),
            session.destroy().await.unwrap_err(),
            session.set_permanent(false).await.unwrap_err(),
            session.flash("message", "hello").await.unwrap_err(),
        ];
        let update = session.update("user", |user: &mut Option<u64>| *user = Some(8));
        errors.push(update.await.unwrap_err());
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            assert!(error.to_string().contains("SESSION_ON_STORE_FAILURE"));
        }
        session.commit().await.unwrap();
        "handled".to_owned()
    };
    let answer = site.visit(&cookie, change).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "handled"));
    assert_left_alone(&answer);
    assert_eq!(site.calls(&mut seen), ["load"]);
    site.store.meet(Flaw::Fails(ErrorKind::TimedOut));
    assert_eq!(site.visit(&cookie, log_in).await.status, 503);
}

#[tokio::test]
async fn what_cannot_be_stored_is_an_error_all_the_same() {
    let site = Site::new(tolerant());
    let cookie = site.visit("", log_in).await.cookie();
    site.store.meet(Flaw::Nothing);
    site.store.meet(Flaw::Fails(ErrorKind::Refused));
    let answer = site.visit(&cookie, async |session: Session| {
        session.insert("more", 1).await
    });
    assert_eq!(answer.await.status, 500);
}

thread_local! {
    /// What this test's thread has logged.
    static LINES: Cell<usize> = const { Cell::new(0) };
}

/// Counts what is logged. For the whole process: what is enabled is remembered for all threads.
struct Lines;

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("flask_session_tower")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        LINES.set(LINES.get() + 1);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn the_log_says_so_once_a_minute() {
    tracing::subscriber::set_global_default(Lines).unwrap();
    let site = Site::new(tolerant());
    let cookie = site.visit("", log_in).await.cookie();
    for expected in [1, 2] {
        for _ in 0..3 {
            site.store.meet(Flaw::Fails(ErrorKind::Unreachable));
            assert_eq!(site.visit(&cookie, user).await.body, "None");
            assert_eq!(LINES.get(), expected);
        }
        site.pass(60);
    }
}
