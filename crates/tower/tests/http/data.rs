//! Flask's data: what Rust reads, what it leaves as it is, what it can't read.

use flask_session_core::{MAX_BYTES, MAX_KEYS};
use flask_session_tower::{Config, Session, SessionError, Value};

use crate::browser::Site;

const COOKIE: &str = "session=AAAAAAAAAAAAAAAAAAAA";

async fn count(session: Session) -> Result<String, SessionError> {
    let count = session.get::<u64>("n").await?.unwrap_or(0) + 1;
    session.insert("n", count).await?;
    Ok(count.to_string())
}

#[tokio::test]
async fn what_rust_does_not_know_survives_a_write_unchanged() {
    let site = Site::new(Config::new());
    // {"x": Ext(42, 1, 2), "d": 1.5 with a key None, "__flask_session__": a later release's entry}
    let before = b"\x84\xa1x\xd5\x2a\x01\x02\xa1d\x81\xc0\xcb\x3f\xf8\0\0\0\0\0\0\xa1n\x01\
                   \xb1__flask_session__\x81\xa5later\xa3yes";
    site.put(COOKIE, before).await;
    assert_eq!(site.visit(COOKIE, count).await.body, "2");
    let mut after = before.to_vec();
    let place = after
        .windows(3)
        .position(|part| part == b"\xa1n\x01")
        .unwrap();
    after[place + 2] = 2;
    assert_eq!(site.stored(COOKIE).await.unwrap(), after);
}

#[tokio::test]
async fn a_record_in_the_other_format_and_a_pickle_are_read() {
    for payload in [
        &br#"{"n": 4, "user": "ann"}"#[..],
        b"\x80\x04\x95\x15\0\0\0\0\0\0\0}\x94(\x8c\x01n\x94K\x04\x8c\x04user\x94\x8c\x03ann\x94u.",
    ] {
        let site = Site::new(Config::new());
        site.put(COOKIE, payload).await;
        let answer = site.visit(COOKIE, count).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "5"));
        assert_eq!(
            site.stored(COOKIE).await.unwrap(),
            &b"\x82\xa1n\x05\xa4user\xa3ann"[..]
        );
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_left_as_it_is() {
    let too_deep = [b"\x81\xa1n".to_vec(), vec![0x91; 1_000_000]].concat();
    let keys = (0..=MAX_KEYS + 1).map(|key| format!("\"{key}\":0"));
    let too_many = format!("{{{}}}", keys.collect::<Vec<_>>().join(","));
    let too_large = [&b"{\"a\":\""[..], &vec![b'x'; MAX_BYTES], b"\"}"].concat();
    for payload in [
        &b"\x81\xa1n"[..],
        b"not a record",
        b"\x80\x04cos\nsystem\n.",
        &too_deep,
        too_many.as_bytes(),
        &too_large,
    ] {
        let site = Site::new(Config::new());
        site.put(COOKIE, payload).await;
        let answer = site.visit(COOKIE, count).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "1"));
        assert_ne!(answer.cookie(), COOKIE, "it was given another id");
        assert!(site.stored(COOKIE).await.unwrap() == payload);
        site.visit(COOKIE, async || "").await;
        assert!(site.stored(COOKIE).await.unwrap() == payload);
    }
}

#[tokio::test]
async fn a_value_of_another_type_is_an_error_that_shows_types_only() {
    let site = Site::new(Config::new());
    site.put(COOKIE, b"\x81\xa4user\xa6secret").await;
    let read = async |session: Session| -> Result<String, SessionError> {
        let error = session.get::<u64>("user").await.unwrap_err();
        assert_eq!(session.get::<Value>("user").await?, Some("secret".into()));
        Ok(error.to_string())
    };
    let body = site.visit(COOKIE, read).await.body;
    assert!(
        body.contains("user") && body.contains("u64") && !body.contains("secret"),
        "{body}"
    );
}
