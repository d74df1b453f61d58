//! SQLite's URLs, which are those of `SQLAlchemy`.

use std::path::{self, PathBuf};

use flask_session_core::Result;

use crate::sql::{Storage, decoded, limit, misconfigured, printable, seconds};

/// What a URL may begin with.
pub(super) const SCHEMES: &[&str] = &["sqlite", "sqlite+pysqlite"];

/// The file that a URL names: `sqlite:///relative` or `sqlite:////absolute`. A relative one is
/// taken from the working directory of now.
pub(super) fn read(url: &str, storage: &mut Storage) -> Result<PathBuf> {
    let (_, rest) = url.split_once(':').unwrap_or_default();
    let (file, query) = rest.split_once('?').unwrap_or((rest, ""));
    let Some(file) = file.strip_prefix("///") else {
        return Err(misconfigured(
            "a SQLite URL is sqlite:///relative/path or sqlite:////absolute/path",
        ));
    };
    let file = decoded(file)?;
    if file.is_empty() || file == ":memory:" || file.starts_with("file:") {
        return Err(misconfigured(
            "sessions need a SQLite file: what is in memory is gone with its connection, and no \
             other process sees it",
        ));
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "timeout" => storage.timeout = limit(name, seconds(name, value)?)?,
            // What these do for Python's sqlite3 makes no difference here.
            "check_same_thread" | "detect_types" | "isolation_level" | "cached_statements" => {}
            _ => {
                let name = printable(name);
                return Err(misconfigured(format!(
                    "the sqlite URL has a setting that isn't known here: {name}"
                )));
            }
        }
    }
    path::absolute(file).map_err(|_| misconfigured("there is no working directory"))
}

#[cfg(test)]
mod tests {
    use flask_session_core::ErrorKind;

    use super::*;
    use crate::Settings;

    fn path(url: &str) -> Result<PathBuf> {
        let mut storage = Storage::take(&mut Settings::new(url))?;
        read(url, &mut storage)
    }

    #[test]
    fn three_slashes_are_relative_and_four_absolute() {
        let absolute = path("sqlite:////var/lib/app%20one.db?check_same_thread=false").unwrap();
        assert_eq!(absolute, PathBuf::from("/var/lib/app one.db"));
        let relative = path("sqlite+pysqlite:///app.db").unwrap();
        assert!(relative.is_absolute() && relative.ends_with("app.db"));
    }

    #[test]
    fn what_is_no_file_is_misconfigured() {
        for url in [
            "sqlite://",
            "sqlite:///",
            "sqlite:///:memory:",
            "sqlite:///file:x?mode=memory&uri=true",
            "sqlite:app.db",
            "sqlite:///a.db?mode=ro",
        ] {
            assert_eq!(
                path(url).unwrap_err().kind(),
                ErrorKind::Misconfigured,
                "{url}"
            );
        }
    }
}
