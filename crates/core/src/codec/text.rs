//! The text that types without a form of their own are written as, and whether text has such a form.

use std::fmt::Write;
#[cfg(feature = "serde")]
use std::time::Duration;

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

use crate::data::AwareDateTime;

/// A day in seconds.
const DAY: i32 = 86_400;

/// Cuts `text` to its front if it starts with exactly `count` digits.
fn digits(text: &mut &str, count: usize) -> Option<u32> {
    let front = text.get(..count)?;
    if !front.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    *text = &text[count..];
    front.parse().ok()
}

fn literal(text: &mut &str, literal: char) -> Option<()> {
    *text = text.strip_prefix(literal)?;
    Some(())
}

fn date(text: &mut &str) -> Option<Date> {
    let year = digits(text, 4)?;
    literal(text, '-')?;
    let month = digits(text, 2)?;
    literal(text, '-')?;
    let day = digits(text, 2)?;
    if year == 0 {
        return None;
    }
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(year.try_into().ok()?, month, day.try_into().ok()?).ok()
}

fn time(text: &mut &str) -> Option<Time> {
    let hour = digits(text, 2)?;
    literal(text, ':')?;
    let minute = digits(text, 2)?;
    literal(text, ':')?;
    let second = digits(text, 2)?;
    let microsecond = match literal(text, '.') {
        Some(()) => digits(text, 6)?,
        None => 0,
    };
    let [hour, minute, second] = [hour, minute, second].map(u8::try_from);
    Time::from_hms_micro(hour.ok()?, minute.ok()?, second.ok()?, microsecond).ok()
}

/// The rest of the text as an offset: `Z` or `+02:00`; `None` inside if nothing is left.
#[expect(
    clippy::option_option,
    reason = "no offset is legal, a malformed one isn't"
)]
fn offset(text: &str) -> Option<Option<i32>> {
    let (sign, mut rest) = match text.chars().next() {
        None => return Some(None),
        Some('Z') if text.len() == 1 => return Some(Some(0)),
        Some('+') => (1, &text[1..]),
        Some('-') => (-1, &text[1..]),
        Some(_) => return None,
    };
    let hours = digits(&mut rest, 2)?;
    literal(&mut rest, ':')?;
    let minutes = digits(&mut rest, 2)?;
    if hours > 23 || minutes > 59 || !rest.is_empty() {
        return None;
    }
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    Some(Some(sign * seconds))
}

fn date_time(mut text: &str) -> Option<(PrimitiveDateTime, Option<i32>)> {
    let date = date(&mut text)?;
    literal(&mut text, 'T')?;
    let time = time(&mut text)?;
    Some((PrimitiveDateTime::new(date, time), offset(text)?))
}

pub(crate) fn is_naive_date_time(text: &str) -> bool {
    matches!(date_time(text), Some((_, None)))
}

pub(crate) fn is_date(mut text: &str) -> bool {
    date(&mut text).is_some() && text.is_empty()
}

pub(crate) fn is_time(mut text: &str) -> bool {
    time(&mut text).is_some() && offset(text).is_some()
}

pub(crate) fn is_time_delta(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('-').unwrap_or(text).strip_prefix('P') else {
        return false;
    };
    let number = |text: &str| {
        (1..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let (days, seconds) = match rest.split_once('T') {
        Some((days, seconds)) => (days, Some(seconds)),
        None => (rest, None),
    };
    let days_fit = match days.strip_suffix('D') {
        Some(days) => number(days),
        None => days.is_empty() && seconds.is_some(),
    };
    let seconds_fit = seconds.is_none_or(|seconds| {
        let Some(seconds) = seconds.strip_suffix('S') else {
            return false;
        };
        match seconds.split_once('.') {
            Some((whole, fraction)) => number(whole) && fraction.len() <= 6 && number(fraction),
            None => number(seconds),
        }
    });
    days_fit && seconds_fit
}

/// What Python's `str` makes of a Decimal.
pub(crate) fn is_decimal(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if text == "Infinity" {
        return true;
    }
    if let Some(payload) = text.strip_prefix('s').unwrap_or(text).strip_prefix("NaN") {
        return payload.is_empty() || digits(payload);
    }
    let (number, exponent) = match text.split_once('E') {
        Some((number, exponent)) => (number, Some(exponent)),
        None => (text, None),
    };
    let exponent_fits =
        exponent.is_none_or(|exponent| exponent.strip_prefix(['+', '-']).is_some_and(digits));
    let number_fits = match number.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(number),
    };
    exponent_fits && number_fits
}

pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        })
}

/// A moment as RFC 3339 text, its offset rounded to minutes as msgspec does. `None` if its local
/// time is outside the years 1 to 9999.
pub(crate) fn of_moment(moment: &AwareDateTime) -> Option<String> {
    let seconds = moment.seconds.checked_add(moment.offset.into())?;
    let local = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
    if !(1..=9999).contains(&local.year()) {
        return None;
    }
    let mut text = format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        local.year(),
        u8::from(local.month()),
        local.day(),
        local.hour(),
        local.minute(),
        local.second()
    );
    if moment.microseconds > 0 {
        let _ = write!(text, ".{:06}", moment.microseconds);
    }
    text += &offset_text(moment.offset);
    Some(text)
}

/// An offset rounded to minutes as msgspec does: half a minute down, and a whole day is none.
fn rounded(offset: i32) -> i32 {
    offset.signum() * ((offset.abs() + 29) / 60 * 60 % DAY)
}

/// `Z`, or the offset rounded to minutes: `+02:00`.
pub(crate) fn offset_text(offset: i32) -> String {
    let minutes = rounded(offset).abs() / 60;
    if minutes == 0 {
        return "Z".to_owned();
    }
    let sign = if offset < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A moment as text that loses nothing: its offset to the second, then the zone's name in brackets.
/// `None` as for [`of_moment`].
#[cfg(feature = "serde")]
pub(crate) fn of_exact_moment(moment: &AwareDateTime) -> Option<String> {
    let rounded = AwareDateTime {
        offset: 0,
        seconds: moment.seconds.checked_add(moment.offset.into())?,
        ..moment.clone()
    };
    let mut text = of_moment(&rounded)?;
    text.truncate(text.len() - 1);
    let (sign, offset) = (
        if moment.offset < 0 { '-' } else { '+' },
        moment.offset.abs(),
    );
    let (hours, minutes, seconds) = (offset / 3600, offset / 60 % 60, offset % 60);
    let _ = write!(text, "{sign}{hours:02}:{minutes:02}");
    if seconds > 0 {
        let _ = write!(text, ":{seconds:02}");
    }
    if let Some(zone) = &moment.zone {
        let _ = write!(text, "[{zone}]");
    }
    Some(text)
}

/// Reads what [`of_exact_moment`] wrote, and any RFC 3339 text.
#[cfg(feature = "serde")]
pub(crate) fn to_exact_moment(text: &str) -> Option<AwareDateTime> {
    let (mut text, zone) = match text.strip_suffix(']') {
        Some(text) => text
            .split_once('[')
            .map(|(text, zone)| (text, Some(zone)))?,
        None => (text, None),
    };
    let mut seconds = 0;
    if text.len() > 9 && text.is_char_boundary(text.len() - 9) {
        let (front, mut tail) = text.split_at(text.len() - 3);
        // `+02:00:31`: three colons after the sign's place make it an offset, not a time.
        if front[front.len() - 6..].starts_with(['+', '-']) && literal(&mut tail, ':').is_some() {
            seconds = i32::try_from(digits(&mut tail, 2)?).ok()?;
            if front[front.len() - 6..].starts_with('-') {
                seconds = -seconds;
            }
            text = front;
        }
    }
    let (local, offset) = date_time(text)?;
    let offset = offset? + seconds;
    Some(AwareDateTime {
        seconds: local.assume_utc().unix_timestamp() - i64::from(offset),
        microseconds: local.microsecond(),
        offset,
        zone: zone.map(str::to_owned),
    })
}

/// A duration as ISO 8601 text, in the form that msgspec gives it. `seconds` is below a day and
/// `microseconds` below a million; both count forwards from `days`, as in Python.
pub(crate) fn of_duration(days: i64, seconds: u32, microseconds: u32) -> String {
    let day = i128::from(DAY) * 1_000_000;
    let total = i128::from(days) * day + i128::from(seconds) * 1_000_000 + i128::from(microseconds);
    let (days, rest) = (total.abs() / day, total.abs() % day);
    let (seconds, microseconds) = (rest / 1_000_000, rest % 1_000_000);
    let mut text = String::from(if total < 0 { "-P" } else { "P" });
    if days > 0 || rest == 0 {
        let _ = write!(text, "{days}D");
    }
    if rest > 0 {
        let _ = write!(text, "T{seconds}");
        if microseconds > 0 {
            let fraction = format!(".{microseconds:06}");
            text += fraction.trim_end_matches('0');
        }
        text.push('S');
    }
    text
}

/// The duration that text stands for, unless it is negative.
#[cfg(feature = "serde")]
pub(crate) fn to_duration(text: &str) -> Option<Duration> {
    let rest = text.strip_prefix('P').filter(|_| is_time_delta(text))?;
    let (days, seconds) = rest.split_once('T').unwrap_or((rest, "0S"));
    let days: u64 = match days.strip_suffix('D') {
        Some(days) => days.parse().ok()?,
        None => 0,
    };
    let seconds = seconds.strip_suffix('S')?;
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let whole: u64 = whole.parse().ok()?;
    let microseconds: u32 = format!("{fraction:0<6}").parse().ok()?;
    let seconds = days.checked_mul(86_400)?.checked_add(whole)?;
    Some(Duration::new(seconds, microseconds * 1000))
}

/// The moment that RFC 3339 text stands for, in the zone that a note names: an offset in seconds,
/// or an IANA name.
pub(crate) fn to_moment(text: &str, zone: &str) -> Option<AwareDateTime> {
    let (local, offset) = date_time(text)?;
    let written = offset?;
    let (offset, zone) = match zone.parse::<i32>() {
        Ok(offset) if offset.abs() < DAY && rounded(offset) == written => (offset, None),
        Ok(_) => (written, None),
        Err(_) => (written, Some(zone.to_owned())),
    };
    Some(AwareDateTime {
        seconds: local.assume_utc().unix_timestamp() - i64::from(offset),
        microseconds: local.microsecond(),
        offset,
        zone,
    })
}

/// The zone of a note put to a moment in UTC.
pub(crate) fn in_zone(mut moment: AwareDateTime, zone: &str) -> AwareDateTime {
    match zone.parse::<i32>() {
        Ok(offset) if offset.abs() < DAY => moment.offset = offset,
        Ok(_) => {}
        Err(_) => moment.zone = Some(zone.to_owned()),
    }
    moment
}

/// Whether Python's datetime can hold the moment in UTC: from the year 1 to 9999.
pub(crate) fn is_in_range(seconds: i64) -> bool {
    (-62_135_596_800..=253_402_300_799).contains(&seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(check: fn(&str) -> bool, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(check(text), "{text}");
        }
        for text in bad {
            assert!(!check(text), "{text}");
        }
    }

    #[test]
    fn text_fits_a_type_only_in_the_form_that_is_written() {
        fits(
            is_naive_date_time,
            &["2020-02-29T03:04:05", "0001-01-01T00:00:00.000001"],
            &[
                "2021-02-29T03:04:05",
                "2020-01-02",
                "2020-01-02T03:04:05Z",
                "0000-01-01T00:00:00",
                "2020-01-02 03:04:05",
                "2020-01-02T24:00:00",
                "2020-01-02T03:04:05.1",
                "\u{e9}",
            ],
        );
        fits(
            is_date,
            &["2020-01-02"],
            &["2020-13-02", "2020-1-2", "2020-01-02T"],
        );
        fits(
            is_time,
            &["01:02:03", "01:02:03.000004", "01:02:03Z", "01:02:03-03:30"],
            &[
                "01:02",
                "25:00:00",
                "01:02:03+24:00",
                "01:02:03+0200",
                "01:02:03ZZ",
            ],
        );
        fits(
            is_time_delta,
            &["P0D", "-P1D", "P1DT5.000003S", "-PT0.1S", "PT90S"],
            &[
                "P",
                "PT",
                "PTS",
                "P1",
                "1D",
                "P1DT",
                "PT.5S",
                "PT1.S",
                "P1H",
                "PT1.0000001S",
            ],
        );
        fits(
            is_decimal,
            &[
                "1.10",
                "-0",
                "1E+10",
                "1.5E-7",
                "NaN",
                "-sNaN12",
                "-Infinity",
            ],
            &[
                "", "-", ".5", "1.", "1e5", "1E5", "inf", "1_0", "+1", "NaNx",
            ],
        );
        fits(
            is_uuid,
            &["00000000-0000-0000-0000-00000000000f"],
            &[
                "00000000-0000-0000-0000-00000000000F",
                "0000000000000000000000000000000f",
            ],
        );
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_duration_is_read_as_it_was_written() {
        for (days, seconds, microseconds) in
            [(0, 0, 0), (1, 5, 3), (0, 0, 100_000), (999, 86_399, 1)]
        {
            let text = of_duration(days, seconds, microseconds);
            let days = u64::try_from(days).unwrap();
            let whole = Duration::from_secs(days * 86_400 + u64::from(seconds));
            let expected = whole + Duration::from_micros(microseconds.into());
            assert_eq!(to_duration(&text), Some(expected), "{text}");
        }
        for text in ["-PT1S", "P", "1", "P1H"] {
            assert_eq!(to_duration(text), None);
        }
    }

    #[test]
    fn durations_are_written_as_msgspec_does() {
        for (days, seconds, microseconds, text) in [
            (0, 0, 0, "P0D"),
            (1, 5, 3, "P1DT5.000003S"),
            (-1, 0, 0, "-P1D"),
            (-1, 5, 3, "-PT86394.999997S"),
            (-2, 43200, 0, "-P1DT43200S"),
            (0, 90, 0, "PT90S"),
            (0, 0, 100_000, "PT0.1S"),
            (-1, 86399, 999_999, "-PT0.000001S"),
        ] {
            assert_eq!(of_duration(days, seconds, microseconds), text);
            assert!(is_time_delta(text));
        }
    }

    #[test]
    fn a_moment_is_written_in_its_offset_rounded_to_minutes_and_read_back_exactly() {
        for (seconds, offset, text) in [
            (1_577_934_245, 0, "2020-01-02T03:04:05Z"),
            (1_577_934_245 - 7231, 7231, "2020-01-02T03:04:05+02:01"),
            (1_577_934_245 - 7230, 7230, "2020-01-02T03:04:05+02:00"),
            (1_577_934_245 + 12_600, -12_600, "2020-01-02T03:04:05-03:30"),
            (1_577_934_245 - 20, 20, "2020-01-02T03:04:05Z"),
            (1_577_934_245 + 86_390, -86_390, "2020-01-02T03:04:05Z"),
            (-62_135_596_800 - 7200, 7200, "0001-01-01T00:00:00+02:00"),
        ] {
            let moment = AwareDateTime {
                seconds,
                microseconds: 0,
                offset,
                zone: None,
            };
            assert_eq!(of_moment(&moment).as_deref(), Some(text));
            assert_eq!(to_moment(text, &offset.to_string()), Some(moment));
        }
        let named = to_moment("2020-07-02T03:04:05.000006+02:00", "Europe/Berlin").unwrap();
        assert_eq!((named.offset, named.microseconds), (7200, 6));
        assert_eq!(named.zone.as_deref(), Some("Europe/Berlin"));
        assert_eq!(to_moment("2020-07-02T03:04:05", "0"), None);
        assert_eq!(to_moment("2020-07-02T03:04:05Z", "7200").unwrap().offset, 0);
    }
}
