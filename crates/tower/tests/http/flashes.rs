//! Flash messages, between Flask's pages and ours.

use flask_session_core::Record;
use flask_session_tower::{Config, Data, Format, Session, SessionError, Value};

use crate::browser::Site;

#[tokio::test]
async fn messages_have_the_form_that_flask_gives_them() {
    let site = Site::new(Config::new().session_permanent(false));
    let flash = async |session: Session| -> Result<(), SessionError> {
        session.flash("message", "saved").await?;
        session.flash("error", "but not all").await
    };
    let cookie = site.visit("", flash).await.cookie();
    let payload = site.stored(&cookie).await.unwrap();
    let record = Record::read(&payload, Format::Msgpack, false).unwrap();
    let pair = |category: &str, text: &str| Value::Tuple(vec![category.into(), text.into()]);
    let flashes = Value::Array(vec![pair("message", "saved"), pair("error", "but not all")]);
    let data = record.unwrap().to_data().unwrap();
    assert_eq!(data.get("_flashes"), Some(&flashes));

    let take = async |session: Session| -> Result<String, SessionError> {
        Ok(format!("{:?}", session.take_flashes().await?))
    };
    let answer = site.visit(&cookie, take).await;
    assert_eq!(
        answer.body,
        r#"[("message", "saved"), ("error", "but not all")]"#
    );
    assert_eq!(site.stored(&cookie).await, None, "nothing else was in it");
    assert_eq!(site.visit(&cookie, take).await.body, "[]");
}

#[tokio::test]
async fn a_message_of_flask_keeps_its_type_when_another_is_added() {
    let site = Site::new(Config::new());
    let cookie = "session=AAAAAAAAAAAAAAAAAAAA";
    let markup = Value::Tuple(vec![
        "message".into(),
        Value::Markup("<b>hi</b>".to_owned()),
    ]);
    let mut data = Data::new();
    data.insert("_flashes", Value::Array(vec![markup.clone()]));
    let record = Record::from_data(&data, Format::Msgpack).unwrap();
    site.put(cookie, &record.write(true)).await;

    let add = async |session: Session| -> Result<(), SessionError> {
        session.flash("message", "there").await?;
        let kept = session.get::<Value>("_flashes").await?.unwrap();
        let Value::Array(flashes) = kept else {
            panic!()
        };
        assert_eq!(
            flashes[0],
            Value::Tuple(vec![
                "message".into(),
                Value::Markup("<b>hi</b>".to_owned())
            ])
        );
        assert_eq!(session.take_flashes().await?[0].1, "<b>hi</b>");
        Ok(())
    };
    assert_eq!(site.visit(cookie, add).await.status, 200);
}
