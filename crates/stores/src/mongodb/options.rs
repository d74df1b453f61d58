//! How a MongoDB is reached.

use std::fmt;
use std::time::Duration;

use flask_session_core::{Error, ErrorKind, Result};
use mongodb::options::{Acknowledgment, ConnectionString};

use crate::Settings;

/// What a URL may begin with.
pub(super) const SCHEMES: &[&str] = &["mongodb", "mongodb+srv"];

const DATABASE: &str = "flask_session";
const COLLECTION: &str = "sessions";
const TIMEOUT: Duration = Duration::from_secs(5);

/// How a MongoDB is reached, read from a URL and then refined. Checked when it is read; a name of
/// `mongodb+srv://` is looked up at the first operation.
///
/// ```
/// use std::time::Duration;
///
/// use flask_session_stores::mongodb::{MongoOptions, MongoStore};
///
/// let options = MongoOptions::from_url("mongodb://127.0.0.1:27017")?
///     .database("shop")?
///     .collection("sessions")?
///     .timeout(Duration::from_secs(2))?;
/// let store = MongoStore::new(options); // connects at its first operation, on a runtime
/// # Ok::<(), flask_session_core::Error>(())
/// ```
#[derive(Clone)]
pub struct MongoOptions {
    pub(super) connection: ConnectionString,
    pub(super) database: String,
    pub(super) collection: String,
    pub(super) timeout: Duration,
}

impl MongoOptions {
    /// Reads `mongodb://user:password@host:port/database?option=value` or `mongodb+srv://...`, as
    /// MongoDB's drivers do. Without a database in it, sessions are in `flask_session`; the
    /// collection is `sessions`. `timeoutMS` (or `socketTimeoutMS`) is the time for an operation.
    pub fn from_url(url: &str) -> Result<Self> {
        let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
        if !SCHEMES.contains(&scheme) {
            return Err(misconfigured(
                "it is no URL that starts with mongodb:// or mongodb+srv://",
            ));
        }
        let (url, timeout) = without_own_options(url)?;
        // Never the driver's words: they may hold a password.
        let connection = ConnectionString::parse(url).map_err(|_| {
            misconfigured(
                "its URL can't be read; percent-encode what is special in user name and password, \
                 and use only the options in docs/backends/mongodb.md",
            )
        })?;
        let concern = connection.write_concern.as_ref();
        if concern.is_some_and(|concern| concern.w == Some(Acknowledgment::Nodes(0))) {
            return Err(misconfigured(
                "with w=0 nobody would know whether a session was saved",
            ));
        }
        let database = connection.default_database.clone();
        Ok(Self {
            database: database.unwrap_or_else(|| DATABASE.to_owned()),
            collection: COLLECTION.to_owned(),
            connection,
            timeout: timeout.unwrap_or(TIMEOUT),
        })
    }

    /// The database, whatever the URL names. Fails for a name that MongoDB doesn't allow.
    pub fn database(mut self, name: impl Into<String>) -> Result<Self> {
        self.database = name.into();
        let legal = !self.database.is_empty()
            && self.database.len() < 64
            && !self
                .database
                .contains(['/', '\\', '.', ' ', '"', '$', '\0']);
        legal.then_some(self).ok_or_else(|| {
            Error::new(
                ErrorKind::Misconfigured,
                "SESSION_MONGODB_DB is no name of a MongoDB database",
            )
        })
    }

    /// The collection. Fails for a name that MongoDB doesn't allow.
    pub fn collection(mut self, name: impl Into<String>) -> Result<Self> {
        self.collection = name.into();
        let legal = !self.collection.is_empty()
            && !self.collection.starts_with("system.")
            && !self.collection.contains(['$', '\0']);
        legal.then_some(self).ok_or_else(|| {
            Error::new(
                ErrorKind::Misconfigured,
                "SESSION_MONGODB_COLLECT is no name of a MongoDB collection",
            )
        })
    }

    /// How long an operation may take as a whole: connecting, waiting for a primary and retrying
    /// included. More than 0, at most a day. Default 5 s.
    pub fn timeout(mut self, timeout: Duration) -> Result<Self> {
        if timeout.is_zero() || timeout > Duration::from_secs(86_400) {
            return Err(misconfigured(
                "its timeout must be more than 0 and at most a day",
            ));
        }
        self.timeout = timeout;
        Ok(self)
    }

    pub(super) fn read(mut settings: Settings) -> Result<Self> {
        let mut options = Self::from_url(settings.url())?;
        if let Some(name) = settings.text("database")? {
            options = options.database(name)?;
        }
        if let Some(name) = settings.text("collection")? {
            options = options.collection(name)?;
        }
        if let Some(timeout) = settings.seconds("timeout")? {
            options = options.timeout(timeout)?;
        }
        settings.finish()?;
        Ok(options)
    }
}

/// The URL without the options that the driver doesn't take, and the time for an operation.
fn without_own_options(url: &str) -> Result<(String, Option<Duration>)> {
    let Some((head, query)) = url.split_once('?') else {
        return Ok((url.to_owned(), None));
    };
    let (mut whole, mut socket) = (None, None);
    let mut kept = Vec::new();
    for option in query.split('&').filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        match name.to_ascii_lowercase().as_str() {
            "timeoutms" => whole = milliseconds("timeoutMS", value)?,
            "sockettimeoutms" => socket = milliseconds("socketTimeoutMS", value)?,
            // They make no difference to what is stored, and this build compresses nothing.
            "compressors" | "zlibcompressionlevel" => {}
            _ => kept.push(option),
        }
    }
    let url = if kept.is_empty() {
        head.to_owned()
    } else {
        format!("{head}?{}", kept.join("&"))
    };
    Ok((url, whole.or(socket)))
}

/// A time; 0 means none, as in the other drivers.
fn milliseconds(name: &str, text: &str) -> Result<Option<Duration>> {
    let number: u64 = text.parse().map_err(|_| {
        misconfigured(format!(
            "{name} in its URL must be a number of milliseconds"
        ))
    })?;
    Ok((number > 0).then(|| Duration::from_millis(number)))
}

/// An error in what the user configured.
pub(super) fn misconfigured(detail: impl fmt::Display) -> Error {
    Error::new(
        ErrorKind::Misconfigured,
        format!("SESSION_MONGODB: {detail}"),
    )
}

impl fmt::Debug for MongoOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoOptions")
            .field("database", &self.database)
            .field("collection", &self.collection)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Setting;

    fn parse(url: &str) -> Result<MongoOptions> {
        MongoOptions::from_url(url)
    }

    #[test]
    fn the_database_is_the_settings_else_the_urls_else_flask_session() {
        assert_eq!(parse("mongodb://h").unwrap().database, "flask_session");
        let options = parse("mongodb://h:1/app?w=majority").unwrap();
        assert_eq!(options.database, "app");
        assert_eq!(options.collection, "sessions");
        let settings = Settings::new("mongodb://h/app")
            .with("database", Setting::Text("other".into()))
            .with("collection", Setting::Text("visits".into()))
            .with("timeout", Setting::Number(0.5));
        let options = MongoOptions::read(settings).unwrap();
        assert_eq!(options.database, "other");
        assert_eq!(options.collection, "visits");
        assert_eq!(options.timeout, Duration::from_millis(500));
    }

    #[test]
    fn the_time_limits_of_pymongo_are_the_time_of_an_operation() {
        let options =
            parse("mongodb://h/?socketTimeoutMS=900&timeoutMS=700&compressors=zlib").unwrap();
        assert_eq!(options.timeout, Duration::from_millis(700));
        let options = parse("mongodb://h/?w=majority&socketTimeoutMS=900").unwrap();
        assert_eq!(options.timeout, Duration::from_millis(900));
        assert_eq!(parse("mongodb://h/?timeoutMS=0").unwrap().timeout, TIMEOUT);
    }

    #[test]
    fn a_seed_list_and_a_name_in_dns_are_read_without_looking_them_up() {
        assert!(parse("mongodb://a:1,b:2,c/db?replicaSet=rs").is_ok());
        assert!(parse("mongodb+srv://user:pass@cluster.example.invalid/db").is_ok());
    }

    #[test]
    fn what_cannot_be_right_is_misconfigured_and_quotes_no_password() {
        for url in [
            "",
            "127.0.0.1:27017",
            "http://:hidden@h",
            "mongodb://",
            "mongodb://u:hidden@h:port/",
            "mongodb://u:hid/den@h",
            "mongodb://u:hid@den@h",
            "mongodb://u:hidden@h/?hidden=1",
            "mongodb://u:hidden@h/?timeoutMS=hidden",
            "mongodb://u:hidden@h/?w=0",
        ] {
            let error = parse(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Misconfigured, "{url}");
            let text = format!("{error} {error:?}");
            assert!(
                text.contains("SESSION_MONGODB") && !text.contains("hid"),
                "{text}"
            );
        }
        let options = parse("mongodb://h").unwrap();
        assert!(options.clone().database("a/b").is_err());
        assert!(options.clone().collection("").is_err());
        assert!(options.timeout(Duration::ZERO).is_err());
    }

    #[test]
    fn debug_shows_no_password() {
        let options = parse("mongodb://user:hidden@h").unwrap();
        assert!(!format!("{options:?}").contains("hidden"));
    }
}
