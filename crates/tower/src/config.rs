//! What is configured, in Flask's words.

mod environment;

use std::fmt;
use std::time::Duration;

use flask_session_core::{Error, ErrorKind, Format, MAX_BYTES, OnConflict, Result};

/// How sessions are kept and what their cookie says: the same keys, defaults and meanings as in a
/// Flask application, each a method of its name in lower case. Configure both sides alike.
///
/// What is wrong is an error that names the key, when the layer is made.
///
/// ```
/// use std::time::Duration;
///
/// use flask_session_tower::{Config, Format, OnConflict, OnStoreFailure, SameSite};
///
/// let config = Config::new()
///     .session_cookie_name("shop")
///     .session_cookie_domain("example.com")
///     .session_cookie_path("/shop")
///     .session_cookie_httponly(true)
///     .session_cookie_secure(true)
///     .session_cookie_samesite(SameSite::Lax)
///     .session_cookie_partitioned(false)
///     .session_permanent(false)
///     .permanent_session_lifetime(Duration::from_secs(14 * 24 * 3600))
///     .session_refresh_each_request(true)
///     .session_touch_interval(Duration::from_secs(30))
///     .session_use_signer(true)
///     .secret_key("read from where secrets are kept")
///     .secret_key_fallbacks(["the one of last month"])
///     .session_key_prefix("shop:")
///     .session_id_length(32)
///     .session_serialization_format(Format::Msgpack)
///     .session_keep_types(true)
///     .session_legacy_pickle(false)
///     .session_max_bytes(100_000)
///     .session_on_conflict(OnConflict::Merge)
///     .session_eager(false)
///     .session_on_store_failure(OnStoreFailure::Raise);
/// assert!(!format!("{config:?}").contains("last month"));
/// ```
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "Flask has as many flags")]
pub struct Config {
    pub(crate) cookie_name: String,
    pub(crate) cookie_domain: Option<String>,
    pub(crate) cookie_path: Option<String>,
    pub(crate) application_root: String,
    pub(crate) cookie_httponly: bool,
    pub(crate) cookie_secure: bool,
    pub(crate) cookie_samesite: Option<SameSite>,
    pub(crate) cookie_partitioned: bool,
    pub(crate) permanent: bool,
    pub(crate) lifetime: Duration,
    pub(crate) refresh_each_request: bool,
    touch_interval: Option<Duration>,
    use_signer: bool,
    secret_key: Option<Vec<u8>>,
    secret_key_fallbacks: Vec<Vec<u8>>,
    pub(crate) key_prefix: String,
    pub(crate) id_length: usize,
    pub(crate) format: Format,
    pub(crate) keep_types: bool,
    pub(crate) legacy_pickle: bool,
    pub(crate) max_bytes: usize,
    pub(crate) on_conflict: OnConflict,
    pub(crate) eager: bool,
    pub(crate) on_store_failure: OnStoreFailure,
    url: Option<String>,
    file_fsync: bool,
    pub(crate) custom_ids: bool,
    pub(crate) commit_on_server_error: bool,
}

/// What cookies are signed with.
pub(crate) enum KeyMaterial<'a> {
    /// They aren't.
    Unused,
    Keys {
        current: &'a [u8],
        fallbacks: &'a [Vec<u8>],
    },
}

/// `SESSION_COOKIE_SAMESITE`: whether other sites' requests carry the cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Never.
    Strict,
    /// Only when a user follows a link.
    Lax,
    /// Always; browsers want `SESSION_COOKIE_SECURE` with it.
    None,
}

impl SameSite {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None => "None",
        }
    }
}

/// `SESSION_ON_STORE_FAILURE`: what a request sees whose session can't be loaded, because the store
/// is unreachable, too slow, or refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnStoreFailure {
    /// A [`SessionError`](crate::SessionError).
    #[default]
    Raise,
    /// An empty session, which can be read; whoever changes it gets the [`SessionError`], since the
    /// change would be lost. The cookie is left alone, and the log says so once a minute.
    ///
    /// [`SessionError`]: crate::SessionError
    Null,
}

const DAY: Duration = Duration::from_secs(86_400);

impl Default for Config {
    fn default() -> Self {
        Self {
            cookie_name: "session".to_owned(),
            cookie_domain: None,
            cookie_path: None,
            application_root: "/".to_owned(),
            cookie_httponly: true,
            cookie_secure: false,
            cookie_samesite: None,
            cookie_partitioned: false,
            permanent: true,
            lifetime: 31 * DAY,
            refresh_each_request: true,
            touch_interval: None,
            use_signer: false,
            secret_key: None,
            secret_key_fallbacks: Vec::new(),
            key_prefix: "session:".to_owned(),
            id_length: 32,
            format: Format::Msgpack,
            keep_types: true,
            legacy_pickle: true,
            max_bytes: MAX_BYTES,
            on_conflict: OnConflict::Merge,
            eager: false,
            on_store_failure: OnStoreFailure::Raise,
            url: None,
            file_fsync: false,
            custom_ids: false,
            commit_on_server_error: false,
        }
    }
}

/// One method for each key that is simply stored.
macro_rules! keys {
    ($($(#[doc = $doc:literal])+ $name:ident $field:ident: $kind:ty = $value:ident $expression:expr;)*) => {
        impl Config {
            $(
                $(#[doc = $doc])+
                #[must_use]
                pub fn $name(mut self, $value: $kind) -> Self {
                    self.$field = $expression;
                    self
                }
            )*
        }
    };
}

keys! {
    /// `SESSION_COOKIE_NAME`. Default: `session`.
    session_cookie_name cookie_name: impl Into<String> = name name.into();
    /// `SESSION_COOKIE_DOMAIN`. Default: the host that answered, without its subdomains.
    session_cookie_domain cookie_domain: impl Into<String> = domain Some(domain.into());
    /// `SESSION_COOKIE_PATH`. Default: `APPLICATION_ROOT`.
    session_cookie_path cookie_path: impl Into<String> = path Some(path.into());
    /// `APPLICATION_ROOT`, as far as it is the cookie's path. Default: `/`.
    application_root application_root: impl Into<String> = root root.into();
    /// `SESSION_COOKIE_HTTPONLY`. Default: true.
    session_cookie_httponly cookie_httponly: bool = on on;
    /// `SESSION_COOKIE_SECURE`. Default: false.
    session_cookie_secure cookie_secure: bool = on on;
    /// `SESSION_COOKIE_SAMESITE`. Default: not said.
    session_cookie_samesite cookie_samesite: SameSite = sites Some(sites);
    /// `SESSION_COOKIE_PARTITIONED`; makes the cookie secure, too. Default: false.
    session_cookie_partitioned cookie_partitioned: bool = on on;
    /// `SESSION_PERMANENT`: whether new sessions are permanent, so that their cookie outlives the
    /// browser. Default: true.
    session_permanent permanent: bool = on on;
    /// `PERMANENT_SESSION_LIFETIME`: how long the store keeps a session that nobody uses, in whole
    /// seconds, and how long a permanent one's cookie lives. Default: 31 days.
    permanent_session_lifetime lifetime: Duration = lifetime lifetime;
    /// `SESSION_REFRESH_EACH_REQUEST`: whether each request extends the life of its session.
    /// Default: true.
    session_refresh_each_request refresh_each_request: bool = on on;
    /// `SESSION_TOUCH_INTERVAL`: how often the life of an unchanged session is extended at most.
    /// Default: a hundredth of the lifetime, at most 60 s.
    session_touch_interval touch_interval: Duration = interval Some(interval);
    /// `SESSION_USE_SIGNER`: whether the id in the cookie is signed. Needs a `SECRET_KEY`.
    /// Default: false.
    session_use_signer use_signer: bool = on on;
    /// `SECRET_KEY`: signs cookies, if `SESSION_USE_SIGNER` is on.
    secret_key secret_key: impl Into<Vec<u8>> = key Some(key.into());
    /// `SECRET_KEY_FALLBACKS`: keys whose signatures are still accepted.
    secret_key_fallbacks secret_key_fallbacks: impl IntoIterator<Item = impl Into<Vec<u8>>>
        = keys keys.into_iter().map(Into::into).collect();
    /// `SESSION_KEY_PREFIX`: stands before every key in the store. Default: `session:`.
    session_key_prefix key_prefix: impl Into<String> = prefix prefix.into();
    /// `SESSION_ID_LENGTH`: bytes of randomness in a new id, 6 to 187. Default: 32.
    session_id_length id_length: usize = bytes bytes;
    /// `SESSION_SERIALIZATION_FORMAT`: how sessions are written; both are read. Default: msgpack.
    session_serialization_format format: Format = format format;
    /// `SESSION_KEEP_TYPES`: whether types that the format lacks are noted. Default: true.
    session_keep_types keep_types: bool = on on;
    /// `SESSION_LEGACY_PICKLE`: whether pickles of plain data, which Flask-Session 0.4 to 0.6
    /// wrote, are read. Default: true.
    session_legacy_pickle legacy_pickle: bool = on on;
    /// `SESSION_MAX_BYTES`: how many bytes a session may have as it is stored; a larger one is
    /// [`ErrorKind::TooLarge`] when it is committed, and what was stored before stays. Stores may
    /// take less. Default: 64 MiB.
    session_max_bytes max_bytes: usize = bytes bytes;
    /// `SESSION_ON_CONFLICT`: what happens when two requests change one session at the same time.
    /// Default: both changes are kept.
    session_on_conflict on_conflict: OnConflict = policy policy;
    /// `SESSION_EAGER`: whether a session is loaded before the handler runs, and not when it is
    /// first touched. Default: false.
    session_eager eager: bool = on on;
    /// `SESSION_ON_STORE_FAILURE`: what a request sees whose session can't be loaded. A change that
    /// can't be stored is an error in either case. Default: an error.
    session_on_store_failure on_store_failure: OnStoreFailure = policy policy;
    /// Whether ids that no Flask-Session would make are accepted, because the Flask application
    /// makes its own (`_generate_sid`). Signed ids always are. Default: false.
    ///
    /// ```
    /// let config = flask_session_tower::Config::new().custom_ids(true);
    /// ```
    custom_ids custom_ids: bool = on on;
    /// Whether the session is committed when the response's status is 500 or more. Default: false;
    /// a Flask application commits after an error, too, if it has an error handler.
    ///
    /// ```
    /// let config = flask_session_tower::Config::new().commit_on_server_error(true);
    /// ```
    commit_on_server_error commit_on_server_error: bool = on on;
    /// `SESSION_URL`: where the sessions are. Kept for the application, which opens the store: see
    /// [`store_url`](Self::store_url).
    session_url url: impl Into<String> = url Some(url.into());
    /// `SESSION_FILE_FSYNC`: whether a session in files is on the disk before it counts as saved.
    /// Kept for the application, which opens the store: see [`file_fsync`](Self::file_fsync).
    /// Default: false.
    session_file_fsync file_fsync: bool = on on;
}

impl Config {
    /// Flask's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// `SESSION_URL`, for whoever opens the store. May hold a password.
    ///
    /// ```
    /// let config = flask_session_tower::Config::new().session_url("file:sessions");
    /// assert_eq!(config.store_url(), Some("file:sessions"));
    /// ```
    pub fn store_url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// `SESSION_FILE_FSYNC`, for whoever opens a store in files; its option is `fsync`.
    ///
    /// ```
    /// let config = flask_session_tower::Config::new().session_file_fsync(true);
    /// assert!(config.file_fsync());
    /// ```
    pub fn file_fsync(&self) -> bool {
        self.file_fsync
    }

    /// `SECRET_KEY`, for whoever checks or signs something else that Flask signs with it.
    ///
    /// ```
    /// let config = flask_session_tower::Config::new().secret_key("s");
    /// assert_eq!(config.current_secret_key(), Some(&b"s"[..]));
    /// ```
    pub fn current_secret_key(&self) -> Option<&[u8]> {
        self.secret_key.as_deref()
    }

    /// The cookie's path.
    pub(crate) fn path(&self) -> &str {
        match self.cookie_path.as_deref() {
            None | Some("") => &self.application_root,
            Some(path) => path,
        }
    }

    pub(crate) fn touch_interval(&self) -> Duration {
        let usual = Duration::from_secs(60).min(self.lifetime / 100);
        self.touch_interval.unwrap_or(usual)
    }

    pub(crate) fn key_material(&self) -> Result<KeyMaterial<'_>> {
        if !self.use_signer {
            return Ok(KeyMaterial::Unused);
        }
        match self.secret_key.as_deref() {
            None | Some([]) => Err(wrong(
                "SECRET_KEY must be set when SESSION_USE_SIGNER is True",
            )),
            Some(current) => Ok(KeyMaterial::Keys {
                current,
                fallbacks: &self.secret_key_fallbacks,
            }),
        }
    }

    /// Fails for what can't be right, naming the key.
    pub(crate) fn check(&self) -> Result<()> {
        let token = |byte: u8| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&byte);
        if self.cookie_name.is_empty() || !self.cookie_name.bytes().all(token) {
            return Err(wrong(
                "SESSION_COOKIE_NAME must be a name that a cookie can have",
            ));
        }
        let host = |byte: u8| byte.is_ascii_alphanumeric() || b".-:_".contains(&byte);
        if let Some(domain) = &self.cookie_domain
            && !(domain.bytes().all(host) && domain.bytes().any(|byte| byte != b'.'))
        {
            return Err(wrong(
                "SESSION_COOKIE_DOMAIN must be a host's name, in ASCII (xn--... for others)",
            ));
        }
        if !self.path().starts_with('/') {
            return Err(wrong(
                "SESSION_COOKIE_PATH, or else APPLICATION_ROOT, must begin with a slash",
            ));
        }
        if !(6..=187).contains(&self.id_length) {
            return Err(wrong(
                "SESSION_ID_LENGTH must be a whole number from 6 to 187",
            ));
        }
        if self.max_bytes == 0 {
            return Err(wrong("SESSION_MAX_BYTES must be a whole number, 1 or more"));
        }
        self.key_material()?;
        Ok(())
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("SESSION_COOKIE_NAME", &self.cookie_name)
            .field("SESSION_KEY_PREFIX", &self.key_prefix)
            .field("PERMANENT_SESSION_LIFETIME", &self.lifetime)
            .field("SESSION_USE_SIGNER", &self.use_signer)
            .finish_non_exhaustive()
    }
}

fn wrong(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::Misconfigured, detail)
}
