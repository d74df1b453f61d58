//! Types of other crates, stored as the Python types that they stand for.

use flask_session_tower::{Config, Session, SessionError, Value, with};
use jiff::Zoned;
use jiff::civil::{Date, DateTime, Time};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::browser::Site;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Order {
    #[serde(with = "with::uuid")]
    id: Uuid,
    #[serde(with = "with::decimal")]
    price: Decimal,
    #[serde(with = "with::date")]
    day: Date,
    #[serde(with = "with::time")]
    time: Time,
    #[serde(with = "with::date_time")]
    made: DateTime,
    #[serde(with = "with::zoned")]
    paid: Zoned,
}

fn order() -> Order {
    Order {
        id: Uuid::from_u128(15),
        price: Decimal::new(110, 2),
        day: Date::constant(2026, 1, 31),
        time: Time::constant(9, 30, 0, 5_000),
        made: DateTime::constant(2026, 1, 31, 9, 30, 0, 0),
        paid: "2026-07-02T03:04:05.000006+02:00[Europe/Berlin]"
            .parse()
            .unwrap(),
    }
}

#[tokio::test]
async fn natural_types_are_stored_as_pythons_and_come_back() {
    let site = Site::new(Config::new());
    let insert = async |session: Session| session.insert("order", order()).await;
    let cookie = site.visit("", insert).await.cookie();
    let read = async |session: Session| -> Result<String, SessionError> {
        assert_eq!(session.get::<Order>("order").await?, Some(order()));
        let Some(Value::Map(fields)) = session.get("order").await? else {
            panic!("a struct is a dict");
        };
        let types = fields.iter().map(|(_, value)| value.type_name());
        Ok(types.collect::<Vec<_>>().join(" "))
    };
    let types = site.visit(&cookie, read).await.body;
    assert_eq!(types, "UUID Decimal date time datetime datetime");
}

#[tokio::test]
async fn what_a_type_cannot_hold_is_an_error() {
    let site = Site::new(Config::new());
    let read = async |session: Session| -> Result<String, SessionError> {
        for (price, legal) in [("1E+2", true), ("NaN", false), ("Infinity", false)] {
            #[derive(Debug, Deserialize)]
            struct Price(#[serde(with = "with::decimal")] Decimal);

            let value = Value::Decimal(price.to_owned());
            session.insert("price", value).await?;
            let read = session.get::<Price>("price").await;
            assert_eq!(read.is_ok(), legal, "{price}");
            if let Ok(Some(Price(number))) = read {
                assert_eq!(number, Decimal::ONE_HUNDRED);
            }
        }
        Ok("tried".to_owned())
    };
    assert_eq!(site.visit("", read).await.body, "tried");
}
