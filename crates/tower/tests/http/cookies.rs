//! What is read from `Cookie` and written as `Set-Cookie` and `Vary`.

use axum::http::header::VARY;
use axum::response::AppendHeaders;
use flask_session_tower::{Config, Session, SessionError, SessionId, Signer};

use crate::browser::{Answer, Site};

async fn log_in(session: Session) -> Result<(), SessionError> {
    session.insert("user", 7).await
}

async fn user(session: Session) -> Result<String, SessionError> {
    Ok(format!("{:?}", session.get::<i64>("user").await?))
}

#[tokio::test]
async fn of_several_cookies_the_first_that_is_a_session_counts() {
    let site = Site::new(Config::new());
    let cookie = site.visit("", log_in).await.cookie();
    for header in [
        format!("a=1; session=AAAAAAAAAAAAAAAA; {cookie}"),
        format!("session=; session=; session=; session=; {cookie}"),
        format!("session=not/ours; session=\"\"; {cookie}; session=BBBBBBBBBBBBBBBB"),
    ] {
        assert_eq!(site.visit(&header, user).await.body, "Some(7)", "{header}");
    }
    let fourth = format!("session=AAAAAAAA; session=BBBBBBBB; session=CCCCCCCC; {cookie}");
    assert_eq!(site.visit(&fourth, user).await.body, "None");
}

#[tokio::test]
async fn several_cookie_headers_are_one() {
    let site = Site::new(Config::new());
    let cookie = site.visit("", log_in).await.cookie();
    let mut app = site.app(user);
    let request = http::Request::builder()
        .header("cookie", "a=1")
        .header("cookie", cookie)
        .body(axum::body::Body::empty())
        .unwrap();
    let response = tower_service::Service::call(&mut app, request).await;
    assert_eq!(Answer::of(response.unwrap()).await.body, "Some(7)");
}

#[tokio::test]
async fn what_cannot_be_an_id_never_reaches_the_store() {
    let site = Site::new(Config::new());
    for text in [
        "short",
        "has space in it",
        "../../etc/passwd",
        "a.b.c.d.e.f",
    ] {
        site.visit(&format!("session={text}"), user).await;
    }
    assert!(site.store.calls().is_empty());
    let site = Site::new(Config::new().custom_ids(true));
    site.visit("session=user:42/~x", user).await;
    assert_eq!(site.store.calls(), ["load"]);
}

#[tokio::test]
async fn a_session_nobody_stored_gets_an_id_of_its_own() {
    let site = Site::new(Config::new());
    let planted = "session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_ne!(site.visit(planted, log_in).await.cookie(), planted);
}

#[tokio::test]
async fn signed_ids_are_those_of_itsdangerous_and_fallbacks_verify() {
    let config = || Config::new().session_use_signer(true);
    let old = Site::new(config().secret_key("old"));
    let cookie = old.visit("", log_in).await.cookie();
    let (_, value) = cookie.split_once('=').unwrap();
    let id = Signer::new(b"old", &[] as &[&str]).unwrap();
    let id = id.unsign(value).unwrap();
    assert!(SessionId::parse(id).is_some());
    assert_eq!(old.visit(&cookie, user).await.body, "Some(7)");
    let forged = cookie.replace("session=", "session=x");
    assert_eq!(old.visit(&forged, user).await.body, "None");

    let rotated = config().secret_key("new").secret_key_fallbacks(["old"]);
    let store = old.memory.clone();
    let layer = flask_session_tower::SessionLayer::new(store, rotated).unwrap();
    let site = Site { layer, ..old };
    assert_eq!(site.visit(&cookie, user).await.body, "Some(7)");
    let unsigned = format!("session={id}");
    assert_eq!(site.visit(&unsigned, user).await.body, "None");
}

#[tokio::test]
async fn vary_is_added_to_what_the_service_says() {
    let site = Site::new(Config::new());
    for (said, expected) in [
        ("Accept-Encoding", "Accept-Encoding, Cookie"),
        ("cookie", "cookie"),
        ("Origin, Cookie", "Origin, Cookie"),
    ] {
        let handler = async move |session: Session| -> Result<_, SessionError> {
            session.contains("user").await?;
            Ok(AppendHeaders([(VARY, said)]))
        };
        assert_eq!(site.visit("", handler).await.vary(), Some(expected));
    }
}

#[tokio::test]
async fn a_cookie_outlives_the_browser_only_if_the_session_is_permanent() {
    let site = Site::new(Config::new().session_permanent(false));
    let answer = site.visit("", log_in).await;
    assert!(answer.set_cookie().ends_with("; HttpOnly; Path=/"));
    assert!(!answer.set_cookie().contains("Expires"));
    let remember = async |session: Session| session.set_permanent(true).await;
    let answer = site.visit(&answer.cookie(), remember).await;
    let expires = "; Expires=Fri, 15 Dec 2023 22:13:20 GMT; HttpOnly; Path=/";
    assert!(answer.set_cookie().ends_with(expires), "{answer:?}");
}
