//! Where in a database the sessions are, and how long an operation may take.

use std::time::Duration;

use flask_session_core::{Error, ErrorKind, Result};
use percent_encoding::percent_decode_str;

use super::table::{Layout, Table};
use crate::Settings;

/// Where the sessions are, and how long an operation may take.
#[derive(Debug, Clone)]
pub(crate) struct Storage {
    pub(crate) table: Table,
    /// Whether a missing table is made.
    pub(crate) create: bool,
    pub(crate) timeout: Duration,
}

impl Storage {
    /// Takes `table`, `schema`, `sequence`, `create`, `layout` and `timeout`.
    pub(crate) fn take(settings: &mut Settings) -> Result<Self> {
        let layout = match settings.text("layout")?.as_deref() {
            None | Some("sqlalchemy") => Layout::SqlAlchemy,
            Some("postgresql") => Layout::Postgresql,
            Some(_) => return Err(misconfigured("layout is sqlalchemy or postgresql")),
        };
        let name = match layout {
            Layout::SqlAlchemy => "sessions",
            Layout::Postgresql => "flask_sessions",
        };
        let mut table = Table {
            schema: settings.text("schema")?,
            name: settings.text("table")?.unwrap_or_else(|| name.to_owned()),
            sequence: settings.text("sequence")?,
            layout,
        };
        if layout == Layout::Postgresql {
            table.sequence = None;
            table.schema.get_or_insert_with(|| "public".to_owned());
        }
        table.check()?;
        let timeout = settings.seconds("timeout")?;
        Ok(Self {
            table,
            create: settings.flag("create")?.unwrap_or(true),
            timeout: limit("timeout", timeout.unwrap_or(DEFAULT_LIMIT))?,
        })
    }
}

pub(super) const DEFAULT_LIMIT: Duration = Duration::from_secs(5);

/// An error in what the user configured.
pub(crate) fn misconfigured(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::Misconfigured, detail)
}

pub(crate) fn decoded(text: &str) -> Result<String> {
    percent_decode_str(text)
        .decode_utf8()
        .map(Into::into)
        .map_err(|_| misconfigured("the database's URL isn't UTF-8"))
}

pub(crate) fn seconds(name: &str, value: &str) -> Result<Duration> {
    let seconds = value.parse::<f64>().ok();
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| misconfigured(format!("{name} must be a number of seconds")))
}

pub(crate) fn limit(name: &str, duration: Duration) -> Result<Duration> {
    if duration.is_zero() || duration > Duration::from_secs(86_400) {
        let detail = format!("{name} must be more than 0 and at most a day");
        return Err(misconfigured(detail));
    }
    Ok(duration)
}

/// A setting's name, as far as it is one; what follows an unencoded "?" in a password isn't.
pub(crate) fn printable(name: &str) -> &str {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    if name.len() <= 40 && name.bytes().all(legal) && name.contains('_') {
        name
    } else {
        "(percent-encode a ? in a password)"
    }
}
