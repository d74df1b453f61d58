//! Python's dates and times as jiff's.

/// A date, a time or both, which are text in one form.
macro_rules! civil {
    ($(#[doc = $doc:literal])+ $module:ident $kind:ident $variant:ident $form:literal) => {
        $(#[doc = $doc])+
        pub mod $module {
            use flask_session_core::Value;
            use jiff::civil::$kind;
            use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

            /// Writes it, to the microsecond.
            pub fn serialize<S: Serializer>(
                moment: &$kind,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                let text = moment.strftime($form).to_string();
                let short = text.strip_suffix(".000000").unwrap_or(&text);
                Value::$variant(short.to_owned()).serialize(serializer)
            }

            /// Reads it, or the text of one.
            pub fn deserialize<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<$kind, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(|_| D::Error::custom("it has another form"))
            }
        }
    };
}

civil! {
    /// [`jiff::civil::Date`] as a Python `date`. Feature `jiff`.
    ///
    /// ```
    /// use flask_session_tower::{Value, with};
    /// use jiff::civil::Date;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Birthday(#[serde(with = "with::date")] Date);
    ///
    /// let day = Date::constant(2026, 1, 31);
    /// let value = Value::from_type(&Birthday(day)).unwrap();
    /// assert_eq!(value, Value::Date("2026-01-31".to_owned()));
    /// assert_eq!(value.into_type::<Birthday>().unwrap().0, day);
    /// ```
    date Date Date "%Y-%m-%d"
}

civil! {
    /// [`jiff::civil::Time`] as a Python `time` without an offset. Feature `jiff`.
    ///
    /// ```
    /// use flask_session_tower::{Value, with};
    /// use jiff::civil::Time;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Opening(#[serde(with = "with::time")] Time);
    ///
    /// let time = Time::constant(9, 30, 0, 0);
    /// let value = Value::from_type(&Opening(time)).unwrap();
    /// assert_eq!(value, Value::Time("09:30:00".to_owned()));
    /// assert_eq!(value.into_type::<Opening>().unwrap().0, time);
    /// ```
    time Time Time "%H:%M:%S.%6f"
}

civil! {
    /// [`jiff::civil::DateTime`] as a Python `datetime` without a zone. Feature `jiff`.
    ///
    /// ```
    /// use flask_session_tower::{Value, with};
    /// use jiff::civil::DateTime;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Meeting(#[serde(with = "with::date_time")] DateTime);
    ///
    /// let moment = DateTime::constant(2026, 1, 31, 9, 30, 0, 0);
    /// let value = Value::from_type(&Meeting(moment)).unwrap();
    /// assert_eq!(value, Value::NaiveDateTime("2026-01-31T09:30:00".to_owned()));
    /// assert_eq!(value.into_type::<Meeting>().unwrap().0, moment);
    /// ```
    date_time DateTime NaiveDateTime "%Y-%m-%dT%H:%M:%S.%6f"
}

/// [`jiff::Zoned`] as a Python `datetime` with its zone. Feature `jiff`.
///
/// ```
/// use flask_session_tower::{Value, with};
/// use jiff::Zoned;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct LogIn(#[serde(with = "with::zoned")] Zoned);
///
/// for text in ["2026-07-02T03:04:05.000006+02:00[Europe/Berlin]", "2026-07-02T03:04:05-03:30[-03:30]"] {
///     let moment: Zoned = text.parse().unwrap();
///     let value = Value::from_type(&LogIn(moment.clone())).unwrap();
///     assert_eq!(value.type_name(), "datetime");
///     assert_eq!(value.into_type::<LogIn>().unwrap().0.to_string(), text);
/// }
/// ```
pub mod zoned {
    use flask_session_core::{AwareDateTime, Value};
    use jiff::tz::{Offset, TimeZone};
    use jiff::{Timestamp, Zoned};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    /// Writes it, to the microsecond.
    pub fn serialize<S: Serializer>(moment: &Zoned, serializer: S) -> Result<S::Ok, S::Error> {
        let microseconds = moment.timestamp().as_microsecond();
        let aware = AwareDateTime {
            seconds: microseconds.div_euclid(1_000_000),
            microseconds: u32::try_from(microseconds.rem_euclid(1_000_000)).unwrap_or(0),
            offset: moment.offset().seconds(),
            zone: moment.time_zone().iana_name().map(str::to_owned),
        };
        Value::AwareDateTime(aware).serialize(serializer)
    }

    /// Reads a `datetime` that has a zone; a zone that this machine doesn't know becomes its offset.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zoned, D::Error> {
        let Value::AwareDateTime(aware) = Value::deserialize(deserializer)? else {
            return Err(D::Error::custom("it is no datetime with a zone"));
        };
        let nanoseconds = i32::try_from(aware.microseconds * 1000).unwrap_or(0);
        let moment = Timestamp::new(aware.seconds, nanoseconds);
        let moment = moment.map_err(|_| D::Error::custom("it is too far away"))?;
        let named = aware.zone.and_then(|name| TimeZone::get(&name).ok());
        let zone = match named {
            Some(zone) => zone,
            None => Offset::from_seconds(aware.offset)
                .map(TimeZone::fixed)
                .map_err(|_| D::Error::custom("its offset is too large"))?,
        };
        Ok(moment.to_zoned(zone))
    }
}

/// [`jiff::SignedDuration`] as a Python `timedelta`. Feature `jiff`; without a sign, `with::duration`
/// does it for the standard library's.
///
/// ```
/// use flask_session_tower::{Value, with};
/// use jiff::SignedDuration;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Delay(#[serde(with = "with::signed_duration")] SignedDuration);
///
/// let early = SignedDuration::from_millis(-100);
/// let value = Value::from_type(&Delay(early)).unwrap();
/// assert_eq!(value, Value::TimeDelta("-PT0.1S".to_owned()));
/// assert_eq!(value.into_type::<Delay>().unwrap().0, early);
/// ```
pub mod signed_duration {
    use std::time::Duration;

    use flask_session_core::{Value, with};
    use jiff::SignedDuration;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

    struct Unsigned(Duration);

    impl Serialize for Unsigned {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            with::duration::serialize(&self.0, serializer)
        }
    }

    impl<'de> Deserialize<'de> for Unsigned {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            with::duration::deserialize(deserializer).map(Self)
        }
    }

    /// Writes it, to the microsecond.
    pub fn serialize<S: Serializer>(
        duration: &SignedDuration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let value = Value::from_type(&Unsigned(duration.unsigned_abs()));
        let value = match value.map_err(ser::Error::custom)? {
            Value::TimeDelta(text) if duration.is_negative() && text != "P0D" => {
                Value::TimeDelta(format!("-{text}"))
            }
            value => value,
        };
        value.serialize(serializer)
    }

    /// Reads a `timedelta`, or the text of one.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SignedDuration, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (text, negative) = match text.strip_prefix('-') {
            Some(rest) => (rest.to_owned(), true),
            None => (text, false),
        };
        let read = Value::Str(text).into_type::<Unsigned>();
        let read = read
            .ok()
            .and_then(|Unsigned(duration)| duration.try_into().ok());
        let duration: SignedDuration =
            read.ok_or_else(|| de::Error::custom("it is no duration"))?;
        Ok(if negative { -duration } else { duration })
    }
}
