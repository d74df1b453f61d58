//! What is committed, when, and what the response says about it.

use axum::http::StatusCode;
use flask_session_tower::{Config, Format, Session, SessionError, Value};

use crate::browser::Site;

type Result<T = ()> = std::result::Result<T, SessionError>;

async fn log_in(session: Session) -> Result {
    session.insert("user", 7).await
}

async fn user(session: Session) -> Result<String> {
    Ok(format!("{:?}", session.get::<i64>("user").await?))
}

#[tokio::test]
async fn what_is_inserted_is_found_by_the_next_request() {
    let site = Site::new(Config::new());
    let cookie = site.visit("", log_in).await.cookie();
    assert_eq!(site.visit(&cookie, user).await.body, "Some(7)");
    assert_eq!(site.visit("", user).await.body, "None");
}

#[tokio::test]
async fn the_record_is_what_flask_would_have_written() {
    let site = Site::new(Config::new());
    let cookie = site.visit("", log_in).await.cookie();
    let payload = site.stored(&cookie).await.unwrap();
    assert_eq!(&payload[..], b"\x82\xaa_permanent\xc3\xa4user\x07");
    let config = Config::new().session_serialization_format(Format::Json);
    let site = Site::new(config.session_permanent(false));
    let cookie = site.visit("", log_in).await.cookie();
    let payload = site.stored(&cookie).await.unwrap();
    assert_eq!(&payload[..], br#"{"user":7}"#);
}

#[tokio::test]
async fn a_request_that_does_not_look_asks_nothing_and_says_nothing() {
    let site = Site::new(Config::new());
    let answer = site.visit("", async |_: Session| "hello").await;
    assert_eq!((answer.set_cookie(), answer.vary()), ("", None));
    assert!(site.store.calls().is_empty());
}

#[tokio::test]
async fn a_new_session_in_which_nothing_is_put_is_not_stored() {
    let site = Site::new(Config::new());
    let answer = site.visit("", user).await;
    assert_eq!((answer.set_cookie(), answer.vary()), ("", Some("Cookie")));
    assert!(site.store.calls().is_empty());
}

#[tokio::test]
async fn reading_writes_nothing() {
    let site = Site::new(Config::new());
    let cookie = site.visit("", log_in).await.cookie();
    let mut seen = 0;
    site.calls(&mut seen);
    site.visit(&cookie, user).await;
    assert_eq!(site.calls(&mut seen), ["load"]);
}

#[tokio::test]
async fn an_equal_value_is_not_written() {
    let site = Site::new(Config::new());
    let cookie = site.visit("", log_in).await.cookie();
    let mut seen = 0;
    site.calls(&mut seen);
    site.visit(&cookie, log_in).await;
    assert_eq!(site.calls(&mut seen), ["load"]);
}

#[tokio::test]
async fn the_session_is_committed_before_the_first_byte_of_the_body() {
    let site = Site::new(Config::new());
    let response = site.request("", log_in).await;
    assert_eq!(site.store.calls(), ["save"], "the body has not been read");
    drop(response);
}

#[tokio::test]
async fn a_server_error_commits_nothing() {
    let fail = async |session: Session| -> Result<StatusCode> {
        session.insert("user", 7).await?;
        Ok(StatusCode::INTERNAL_SERVER_ERROR)
    };
    let site = Site::new(Config::new());
    let answer = site.visit("", fail).await;
    assert_eq!(answer.set_cookie(), "");
    assert!(site.store.calls().is_empty());
    let site = Site::new(Config::new().commit_on_server_error(true));
    let cookie = site.visit("", fail).await.cookie();
    assert_eq!(site.visit(&cookie, user).await.body, "Some(7)");
}

#[tokio::test]
async fn before_a_server_error_a_handler_may_commit_itself() {
    let site = Site::new(Config::new());
    let fail = async |session: Session| -> Result<StatusCode> {
        session.insert("attempts", 1).await?;
        session.commit().await?;
        session.insert("user", 7).await?;
        Ok(StatusCode::BAD_GATEWAY)
    };
    let cookie = site.visit("", fail).await.cookie();
    assert_eq!(site.visit(&cookie, user).await.body, "None");
    let attempts = async |session: Session| -> Result<String> {
        Ok(format!("{:?}", session.get::<u8>("attempts").await?))
    };
    assert_eq!(site.visit(&cookie, attempts).await.body, "Some(1)");
}

#[tokio::test]
async fn an_emptied_session_is_deleted_with_its_cookie() {
    let site = Site::new(Config::new());
    for empty in [false, true] {
        let cookie = site.visit("", log_in).await.cookie();
        let answer = if empty {
            site.visit(&cookie, async |session: Session| session.clear().await)
                .await
        } else {
            let remove = async |session: Session| session.remove("user").await.map(|_| ());
            site.visit(&cookie, remove).await
        };
        assert_eq!(
            answer.set_cookie(),
            "session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly; Path=/"
        );
        assert_eq!(site.stored(&cookie).await, None);
    }
}

#[tokio::test]
async fn a_renewed_session_moves_and_the_old_id_is_dead() {
    let site = Site::new(Config::new());
    let before = site.visit("", log_in).await.cookie();
    let renew = async |session: Session| session.renew().await;
    let after = site.visit(&before, renew).await.cookie();
    assert_ne!(before, after);
    assert_eq!(site.visit(&after, user).await.body, "Some(7)");
    assert_eq!(site.visit(&before, user).await.body, "None");
}

#[tokio::test]
async fn what_comes_after_a_destroy_is_another_session() {
    let site = Site::new(Config::new());
    let before = site.visit("", log_in).await.cookie();
    let again = async |session: Session| -> Result {
        session.destroy().await?;
        session.insert("greeted", true).await
    };
    let after = site.visit(&before, again).await.cookie();
    assert_ne!(before, after);
    assert_eq!(site.stored(&before).await, None);
    assert_eq!(site.visit(&after, user).await.body, "None");
    let destroy = async |session: Session| session.destroy().await;
    let answer = site.visit(&after, destroy).await;
    assert!(answer.set_cookie().starts_with("session=;"));
    assert_eq!(site.stored(&after).await, None);
}

#[tokio::test]
async fn clones_are_the_same_session() {
    let site = Site::new(Config::new());
    let both = async |session: Session, other: Session| -> Result<String> {
        let task = tokio::spawn(async move { other.insert("user", 7).await });
        task.await.unwrap()?;
        user(session).await
    };
    let answer = site.visit("", both).await;
    assert_eq!(answer.body, "Some(7)");
    assert_eq!(site.visit(&answer.cookie(), user).await.body, "Some(7)");
}

#[tokio::test]
async fn an_update_that_changes_nothing_is_none_and_none_removes() {
    let site = Site::new(Config::new());
    let cookie = site.visit("", log_in).await.cookie();
    let mut seen = 0;
    site.calls(&mut seen);
    let look = async |session: Session| -> Result {
        session
            .update("user", |user: &mut Option<u8>| assert_eq!(*user, Some(7)))
            .await
    };
    site.visit(&cookie, look).await;
    assert_eq!(site.calls(&mut seen), ["load"]);
    let take = async |session: Session| -> Result<String> {
        let user = session.update("user", Option::<u8>::take).await?;
        session.insert("left", "something").await?;
        Ok(format!("{user:?} {:?}", session.keys().await?))
    };
    let answer = site.visit(&cookie, take).await;
    assert_eq!(answer.body, r#"Some(7) ["_permanent", "left"]"#);
}

#[tokio::test]
async fn what_a_session_cannot_hold_is_an_error_and_changes_nothing() {
    let site = Site::new(Config::new());
    let insert = async |session: Session| -> String {
        let unfit = Value::Map(vec![(Value::Array(vec![]), Value::Nil)]);
        let errors = [
            session.insert("unfit", unfit).await.unwrap_err(),
            session.insert("__flask_session__", 1).await.unwrap_err(),
            session
                .insert("user", "x")
                .await
                .and(session.get::<i64>("user").await)
                .unwrap_err(),
        ];
        errors.map(|error| error.to_string()).join("\n")
    };
    let body = site.visit("", insert).await.body;
    assert!(body.contains("reserved") && body.contains("i64"), "{body}");
}
