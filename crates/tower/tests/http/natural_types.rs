//! Types of other crates, stored as the Python types that they stand for.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use flask_session_tower::{Config, Session, SessionError, Value, with};
use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Zoned};
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
    #[serde(with = "with::duration")]
    trial: Duration,
    #[serde(with = "with::signed_duration")]
    delay: SignedDuration,
    #[serde(with = "with::frozen_set")]
    tags: BTreeSet<String>,
    #[serde(with = "with::deque")]
    seen: VecDeque<u8>,
    #[serde(with = "with::markup")]
    note: String,
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
        trial: Duration::from_micros(90_000_000_001),
        delay: SignedDuration::from_micros(-86_400_000_001),
        tags: BTreeSet::from(["new".to_owned()]),
        seen: VecDeque::from([1, 2]),
        note: "<b>thanks</b>".to_owned(),
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
    let dates = "UUID Decimal date time datetime datetime";
    let others = "timedelta timedelta frozenset deque Markup";
    assert_eq!(types, format!("{dates} {others}"));
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
