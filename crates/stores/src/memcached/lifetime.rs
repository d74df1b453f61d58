//! A time to live in memcached's words.

use std::time::Duration;

use flask_session_core::Timestamp;

/// Up to so many seconds, memcached counts from now; what is larger is a date (seconds since
/// 1970).
const LONGEST_RELATIVE: u64 = 30 * 24 * 3600;

/// What the server reads is a signed number of 32 bits.
const LAST_DATE: u64 = i32::MAX as u64;

/// The server's number for a life of `ttl` from `now` on. Whole seconds, rounded up: 0 would mean
/// for ever.
pub(super) fn expiry(ttl: Duration, now: Timestamp) -> u64 {
    let seconds = ttl
        .as_secs()
        .saturating_add(u64::from(ttl.subsec_nanos() > 0))
        .max(1);
    if seconds <= LONGEST_RELATIVE {
        seconds
    } else {
        (now.0 / 1000).saturating_add(seconds).min(LAST_DATE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_900);

    fn seconds(number: u64) -> u64 {
        expiry(Duration::from_secs(number), NOW)
    }

    #[test]
    fn nothing_and_parts_of_a_second_are_a_second_and_never_for_ever() {
        for nanos in [0, 1, 300_000_000, 1_000_000_000] {
            assert_eq!(expiry(Duration::from_nanos(nanos), NOW), 1);
        }
        assert_eq!(expiry(Duration::from_millis(1500), NOW), 2);
    }

    #[test]
    fn over_thirty_days_is_a_date() {
        assert_eq!(seconds(2_592_000), 2_592_000);
        assert_eq!(seconds(2_592_001), 1_702_592_001);
        assert_eq!(seconds(2_678_400), 1_702_678_400);
    }

    #[test]
    fn a_date_stays_within_what_the_server_reads() {
        assert_eq!(expiry(Duration::MAX, NOW), 2_147_483_647);
    }
}
