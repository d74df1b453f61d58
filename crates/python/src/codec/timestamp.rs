//! Aware datetimes as moments, which is how `MessagePack` holds them.

use flask_session_core::msgpack;
use pyo3::prelude::*;
use pyo3::types::{PyDateAccess, PyDateTime, PyTimeAccess, PyTzInfo, PyTzInfoAccess};

use super::failure::Outcome;
use super::temporal::{DAY, offset};
use crate::once::intern;

/// Seconds since 1970 of the first and the last second that Python's datetime knows.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// A moment as MessagePack's timestamp extension has it.
pub(super) struct Timestamp {
    pub(super) seconds: i64,
    pub(super) micros: u32,
}

impl Timestamp {
    /// The moment of an aware datetime; `None` if it lies outside the years 1 to 9999 of UTC.
    pub(super) fn of(value: &Bound<'_, PyDateTime>) -> Outcome<Option<Self>> {
        let py = value.py();
        let offset = match value.get_tzinfo() {
            Some(zone) => offset(&zone, value.as_any())?,
            None => None,
        };
        let Some(offset) = offset else {
            // A zone that doesn't know its offset: Python then takes the machine's zone.
            let utc = PyTzInfo::utc(py)?;
            let value = value.call_method1(intern!(py, "astimezone"), (utc,))?;
            return Ok(Some(Self::of_wall(value.cast::<PyDateTime>()?)));
        };
        let wall = Self::of_wall(value);
        let micros = i64::from(wall.micros) - offset.micros;
        let moment = Self {
            seconds: wall.seconds - offset.seconds() + micros.div_euclid(1_000_000),
            #[expect(clippy::cast_possible_truncation, reason = "below a million")]
            micros: micros.rem_euclid(1_000_000) as u32,
        };
        Ok(SECONDS.contains(&moment.seconds).then_some(moment))
    }

    fn of_wall(value: &Bound<'_, PyDateTime>) -> Self {
        let days = days_since_1970(
            value.get_year().into(),
            value.get_month().into(),
            value.get_day().into(),
        );
        let time = i64::from(value.get_hour()) * 3600
            + i64::from(value.get_minute()) * 60
            + i64::from(value.get_second());
        Self {
            seconds: days * DAY + time,
            micros: value.get_microsecond(),
        }
    }

    /// The moment that a timestamp extension's data stands for, if Python's datetime has it.
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        let (seconds, micros) = msgpack::read_timestamp(data)?;
        SECONDS
            .contains(&seconds)
            .then_some(Self { seconds, micros })
    }

    /// The datetime, in UTC.
    pub(super) fn to_datetime<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        let (year, month, day) = date_since_1970(self.seconds.div_euclid(DAY));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let part = |unit: i64, of: i64| (self.seconds.rem_euclid(of) / unit) as u8;
        PyDateTime::new(
            py,
            year,
            month,
            day,
            part(3600, DAY),
            part(60, 3600),
            part(1, 60),
            self.micros,
            Some(&*PyTzInfo::utc(py)?),
        )
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. Years start in March here, so that
/// the leap day is a year's last, and are counted in cycles of 400.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (cycle, of_cycle) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    cycle * 146_097 + of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + day_of_year - 719_468
}

/// The date that lies this many days after 1970-01-01, within the years 1 to 9999.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn date_since_1970(days: i64) -> (i32, u8, u8) {
    let days = days + 719_468;
    let (cycle, of_cycle) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_cycle - of_cycle / 1460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let day_of_year = of_cycle - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = cycle * 400 + year + i64::from(month <= 2);
    (year as i32, month as u8, day as u8)
}
