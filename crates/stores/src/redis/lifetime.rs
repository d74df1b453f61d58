//! A time to live in Redis's words.

use std::time::Duration;

use redis::Cmd;

/// A time to live as Redis takes it: at least a millisecond, in seconds where it is whole ones,
/// as Flask-Session writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lifetime {
    Seconds(u64),
    Milliseconds(u64),
}

impl Lifetime {
    /// Redis adds the present to it in a signed 64-bit number of milliseconds.
    const LONGEST: Duration = Duration::from_secs(100_000_000_000_000);

    pub(super) fn of(ttl: Duration) -> Self {
        let ttl = ttl.min(Self::LONGEST);
        if ttl.subsec_millis() == 0 && ttl.as_secs() > 0 {
            return Self::Seconds(ttl.as_secs());
        }
        let milliseconds = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
        Self::Milliseconds(milliseconds.max(1))
    }

    /// The option of SET and GETEX, and its number.
    pub(super) fn option(self) -> (&'static str, u64) {
        match self {
            Self::Seconds(number) => ("EX", number),
            Self::Milliseconds(number) => ("PX", number),
        }
    }

    /// The command that gives `key` this time to live.
    pub(super) fn expire(self, key: &str) -> Cmd {
        let (name, number) = match self {
            Self::Seconds(number) => ("EXPIRE", number),
            Self::Milliseconds(number) => ("PEXPIRE", number),
        };
        let mut command = redis::cmd(name);
        command.arg(key).arg(number);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_seconds_are_written_as_flask_session_writes_them() {
        let month = Duration::from_secs(2_678_400);
        assert_eq!(Lifetime::of(month), Lifetime::Seconds(2_678_400));
    }

    #[test]
    fn less_than_a_millisecond_is_one() {
        for nanos in [0, 1, 999_999, 1_000_000] {
            let lifetime = Lifetime::of(Duration::from_nanos(nanos));
            assert_eq!(lifetime, Lifetime::Milliseconds(1));
        }
        let half = Lifetime::of(Duration::from_millis(1500));
        assert_eq!(half, Lifetime::Milliseconds(1500));
    }

    #[test]
    fn for_ever_is_what_redis_can_count() {
        let (_, number) = Lifetime::of(Duration::MAX).option();
        assert!(i64::try_from(number).is_ok_and(|seconds| seconds.checked_mul(2000).is_some()));
    }
}
