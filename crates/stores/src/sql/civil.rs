//! Dates and times as databases hold them: naive, UTC.

use flask_session_core::Timestamp;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

use super::expiry::LAST;

/// A naive date and time in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Civil(pub(crate) PrimitiveDateTime);

impl Civil {
    /// The civil time of `moment`; at most the last that databases know.
    pub(crate) fn of(moment: Timestamp) -> Self {
        let milliseconds = i128::from(moment.min(LAST).0);
        let moment = OffsetDateTime::from_unix_timestamp_nanos(milliseconds * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        Self(PrimitiveDateTime::new(moment.date(), moment.time()))
    }

    /// The moment, to the millisecond; the epoch for what lies before it.
    pub(crate) fn moment(self) -> Timestamp {
        let milliseconds = self.0.assume_utc().unix_timestamp_nanos() / 1_000_000;
        Timestamp(u64::try_from(milliseconds).unwrap_or_default())
    }

    /// From its parts; None if there is no such day or time.
    pub(crate) fn from_parts(date: (i32, u8, u8), time: (u8, u8, u8, u32)) -> Option<Self> {
        let date = Date::from_calendar_date(date.0, Month::try_from(date.1).ok()?, date.2).ok()?;
        let time = Time::from_hms_micro(time.0, time.1, time.2, time.3).ok()?;
        Some(Self(PrimitiveDateTime::new(date, time)))
    }
}

#[cfg(feature = "sqlite")]
impl Civil {
    /// As `SQLAlchemy` writes it into SQLite: `2026-12-22 19:18:24.766354`.
    pub(crate) fn text(self) -> String {
        let (year, month, day) = self.0.to_calendar_date();
        let (hour, minute, second, micro) = self.0.as_hms_micro();
        let month = u8::from(month);
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{micro:06}")
    }

    /// From such a text, with or without a fraction; None if it is none.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (date, time) = text.split_once([' ', 'T'])?;
        let mut date = date.splitn(3, '-');
        let year = date.next()?.parse().ok()?;
        let month = date.next()?.parse().ok()?;
        let day = date.next()?.parse().ok()?;
        let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
        let mut time = time.splitn(3, ':');
        let hour = time.next()?.parse().ok()?;
        let minute = time.next()?.parse().ok()?;
        let second = time.next()?.parse().ok()?;
        let micro = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
        Self::from_parts((year, month, day), (hour, minute, second, micro))
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;

    #[test]
    fn texts_of_sqlalchemy_are_written_and_read() {
        let text = "2026-12-22 19:18:24.766354";
        let civil = Civil::read(text).unwrap();
        assert_eq!(civil.text(), text);
        assert_eq!(civil.moment(), Timestamp(1_797_967_104_766));
        let written = Civil::of(Timestamp(1_797_967_104_766)).text();
        assert_eq!(written, "2026-12-22 19:18:24.766000");
        let short = Civil::read("2026-12-22 19:18:24").unwrap();
        assert_eq!(short.moment(), Timestamp(1_797_967_104_000));
        for broken in ["", "2026-13-01 00:00:00", "2026-12-22", "1797967104"] {
            assert_eq!(Civil::read(broken), None, "{broken}");
        }
    }

    #[test]
    fn what_is_later_than_databases_know_is_their_last() {
        let last = Civil::of(Timestamp(u64::MAX)).text();
        assert_eq!(last, "9999-12-31 23:59:59.000000");
    }
}
