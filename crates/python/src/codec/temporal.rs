//! Dates, times and durations as text, and back.

use std::fmt::Write;

use pyo3::prelude::*;
use pyo3::types::{
    PyDate, PyDateAccess, PyDateTime, PyDelta, PyDeltaAccess, PyTime, PyTimeAccess, PyTzInfo,
    PyTzInfoAccess,
};

use super::failure::Outcome;
use super::types;
use crate::once::intern;

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// `2024-02-29`.
pub(super) fn date_text(value: &impl PyDateAccess) -> String {
    let mut text = String::with_capacity(32);
    write_date(&mut text, value);
    text
}

/// ISO 8601 text, with the offset from UTC in whole minutes if there is a zone.
pub(super) fn datetime_text(value: &Bound<'_, PyDateTime>) -> Outcome<String> {
    let mut text = date_text(value);
    text.push('T');
    write_time(&mut text, value);
    write_offset(&mut text, value.get_tzinfo(), value.as_any())?;
    Ok(text)
}

/// ISO 8601 text of a time of day.
pub(super) fn time_text(value: &Bound<'_, PyTime>) -> Outcome<String> {
    let mut text = String::with_capacity(16);
    write_time(&mut text, value);
    let none = value.py().None().into_bound(value.py());
    write_offset(&mut text, value.get_tzinfo(), &none)?;
    Ok(text)
}

fn write_date(text: &mut String, value: &impl PyDateAccess) {
    let (year, month, day) = (value.get_year(), value.get_month(), value.get_day());
    let _ = write!(text, "{year:04}-{month:02}-{day:02}");
}

fn write_time(text: &mut String, value: &impl PyTimeAccess) {
    let (hour, minute, second) = (value.get_hour(), value.get_minute(), value.get_second());
    let _ = write!(text, "{hour:02}:{minute:02}:{second:02}");
    let micros = value.get_microsecond();
    if micros > 0 {
        let _ = write!(text, ".{micros:06}");
    }
}

/// The offset rounded to the nearest minute, as RFC 3339 has it; nothing for a zone without one.
fn write_offset(
    text: &mut String,
    zone: Option<Bound<'_, PyTzInfo>>,
    at: &Bound<'_, PyAny>,
) -> Outcome<()> {
    let Some(zone) = zone else { return Ok(()) };
    let Some(offset) = offset(&zone, at)? else {
        return Ok(());
    };
    let (sign, seconds) = (if offset.days < 0 { '-' } else { '+' }, offset.seconds());
    let minutes = (seconds.abs() + 29) / 60 % (24 * 60);
    if minutes == 0 {
        text.push('Z');
    } else {
        let _ = write!(text, "{sign}{:02}:{:02}", minutes / 60, minutes % 60);
    }
    Ok(())
}

/// An offset from UTC, as Python's timedelta holds it.
pub(super) struct Offset {
    days: i64,
    remainder: i64,
    pub(super) micros: i64,
}

impl Offset {
    /// Whole seconds; fractions of a second, which no zone has, are cut.
    pub(super) fn seconds(&self) -> i64 {
        self.days * DAY + self.remainder
    }
}

/// The offset of a zone at a datetime; `None` if the zone doesn't know it.
pub(super) fn offset(
    zone: &Bound<'_, PyTzInfo>,
    at: &Bound<'_, PyAny>,
) -> PyResult<Option<Offset>> {
    let offset = zone.call_method1(intern!(zone.py(), "utcoffset"), (at,))?;
    if offset.is_none() {
        return Ok(None);
    }
    let offset = offset.cast::<PyDelta>()?;
    Ok(Some(Offset {
        days: offset.get_days().into(),
        remainder: offset.get_seconds().into(),
        micros: offset.get_microseconds().into(),
    }))
}

/// What a note says about the zone: its IANA name, or its offset from UTC in seconds.
pub(super) fn zone_name(value: &Bound<'_, PyDateTime>) -> Outcome<Option<String>> {
    let py = value.py();
    let Some(zone) = value.get_tzinfo() else {
        return Ok(None);
    };
    // `key` is zoneinfo's name of it, `zone` is pytz's.
    for attribute in [intern!(py, "key"), intern!(py, "zone")] {
        if let Some(name) = zone.getattr_opt(attribute)?
            && let Ok(name) = name.extract::<String>()
            && !name.is_empty()
        {
            return Ok(Some(name));
        }
    }
    Ok(offset(&zone, value.as_any())?
        .filter(|offset| offset.micros == 0)
        .map(|offset| offset.seconds().to_string()))
}

/// ISO 8601 text of a duration, in days and seconds: `-P1DT2.5S`.
pub(super) fn duration_text(value: &Bound<'_, PyDelta>) -> String {
    let days = i128::from(value.get_days());
    let seconds = days * i128::from(DAY) + i128::from(value.get_seconds());
    let micros = seconds * 1_000_000 + i128::from(value.get_microseconds());
    let mut text = String::with_capacity(24);
    if micros < 0 {
        text.push('-');
    }
    text.push('P');
    let (seconds, fraction) = (micros.abs() / 1_000_000, micros.abs() % 1_000_000);
    let (days, seconds) = (seconds / i128::from(DAY), seconds % i128::from(DAY));
    if days > 0 {
        let _ = write!(text, "{days}D");
    }
    if seconds > 0 || fraction > 0 {
        let _ = write!(text, "T{seconds}");
        if fraction > 0 {
            let digits = format!("{fraction:06}");
            let _ = write!(text, ".{}", digits.trim_end_matches('0'));
        }
        text.push('S');
    } else if days == 0 {
        text.push_str("0D");
    }
    text
}

/// Reads what [`duration_text`] writes.
pub(super) fn parse_duration<'py>(py: Python<'py>, text: &str) -> Option<Bound<'py, PyDelta>> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text),
    };
    let text = text.strip_prefix('P')?;
    let (days, time) = match text.split_once('T') {
        Some((days, time)) => (days, Some(time.strip_suffix('S')?)),
        None => (text, None),
    };
    let days: i64 = match (days, time) {
        ("", Some(_)) => 0,
        (days, _) => days.strip_suffix('D')?.parse().ok()?,
    };
    let (seconds, micros) = match time {
        None => (0, 0),
        Some(time) => {
            let (seconds, fraction) = time.split_once('.').unwrap_or((time, "0"));
            let seconds: i64 = seconds.parse().ok()?;
            (seconds, format!("{fraction:0<6}").parse::<i64>().ok()?)
        }
    };
    if !(0..DAY).contains(&seconds) || !(0..1_000_000).contains(&micros) {
        return None;
    }
    PyDelta::new(
        py,
        i32::try_from(sign * days).ok()?,
        i32::try_from(sign * seconds).ok()?,
        i32::try_from(sign * micros).ok()?,
        true,
    )
    .ok()
}

/// The value of a class method `fromisoformat`, or None if the text isn't its.
fn from_iso<'py>(class: &Bound<'py, PyAny>, text: &str) -> Option<Bound<'py, PyAny>> {
    // Python 3.10 doesn't know `Z`.
    let text = match text.strip_suffix('Z') {
        Some(text) => format!("{text}+00:00"),
        None => text.to_owned(),
    };
    class
        .call_method1(intern!(class.py(), "fromisoformat"), (text,))
        .ok()
}

/// Reads a datetime without a zone.
pub(super) fn parse_naive_datetime<'py>(py: Python<'py>, text: &str) -> Option<Bound<'py, PyAny>> {
    let value = from_iso(py.get_type::<PyDateTime>().as_any(), text)?;
    let aware = value.cast::<PyDateTime>().ok()?.get_tzinfo().is_some();
    (!aware).then_some(value)
}

/// Reads a date.
pub(super) fn parse_date<'py>(py: Python<'py>, text: &str) -> Option<Bound<'py, PyAny>> {
    from_iso(py.get_type::<PyDate>().as_any(), text)
}

/// Reads a time of day.
pub(super) fn parse_time<'py>(py: Python<'py>, text: &str) -> Option<Bound<'py, PyAny>> {
    from_iso(py.get_type::<PyTime>().as_any(), text)
}

/// Puts a datetime that was read as a UTC timestamp, or as text with an offset, into its zone.
pub(super) fn into_zone<'py>(value: &Bound<'py, PyAny>, zone: &str) -> Option<Bound<'py, PyAny>> {
    let py = value.py();
    let zone = match zone.parse::<i32>() {
        Ok(0) => PyTzInfo::utc(py).ok()?.to_owned(),
        Ok(seconds) => {
            PyTzInfo::fixed_offset(py, PyDelta::new(py, 0, seconds, 0, true).ok()?).ok()?
        }
        Err(_) => {
            let zone = types::zone_info(py).ok()?.call1((zone,)).ok()?;
            zone.cast_into::<PyTzInfo>().ok()?
        }
    };
    let Ok(text) = value.extract::<String>() else {
        let value = value.cast::<PyDateTime>().ok()?;
        return value.call_method1(intern!(py, "astimezone"), (zone,)).ok();
    };
    let parsed = from_iso(py.get_type::<PyDateTime>().as_any(), &text)?;
    parsed.cast::<PyDateTime>().ok()?.get_tzinfo()?;
    // The text's offset has whole minutes, while a zone's may have seconds: what is written the
    // same way in that zone is what was meant.
    for fold in [0, 1] {
        let arguments = pyo3::types::PyDict::new(py);
        arguments.set_item("tzinfo", &zone).ok()?;
        arguments.set_item("fold", fold).ok()?;
        let candidate = parsed.call_method("replace", (), Some(&arguments)).ok()?;
        let written = datetime_text(candidate.cast::<PyDateTime>().ok()?).ok()?;
        if written == text {
            return Some(candidate);
        }
    }
    parsed.call_method1(intern!(py, "astimezone"), (zone,)).ok()
}
