//! Moments as SQL columns hold them: naive, UTC.

use std::time::Duration;

use flask_session_core::Timestamp;

/// The last second that every database knows: 9999-12-31 23:59:59.
pub(super) const LAST: Timestamp = Timestamp(253_402_300_799_000);

/// When a record that is written now ends.
pub(super) fn expiry(now: Timestamp, ttl: Duration) -> Timestamp {
    now.after(ttl).min(LAST)
}
