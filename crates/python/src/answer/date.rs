//! `Dates`: a moment as headers write it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

/// Remembers its last answer: many requests are answered within one second.
#[derive(Debug, Default)]
pub(super) struct Dates {
    last: Mutex<Option<(u64, Arc<str>)>>,
}

impl Dates {
    /// The date of that moment, in seconds since 1970. None if headers can't write it.
    pub(super) fn of(&self, moment: f64) -> Option<Arc<str>> {
        const YEAR_10000: f64 = 253_402_300_800.0;
        if !(0.0..YEAR_10000).contains(&moment) {
            return None;
        }
        let since = Duration::from_secs_f64(moment.trunc());
        // Who meets another thread here writes the date itself.
        let mut last = self.last.try_lock().ok();
        if let Some(Some((second, date))) = last.as_deref()
            && *second == since.as_secs()
        {
            return Some(Arc::clone(date));
        }
        let date: Arc<str> = httpdate::fmt_http_date(UNIX_EPOCH + since).into();
        if let Some(last) = last.as_deref_mut() {
            *last = Some((since.as_secs(), Arc::clone(&date)));
        }
        Some(date)
    }
}
