//! Reading a configuration from the environment.

use std::time::Duration;

use flask_session_core::{Format, OnConflict, Result};
use serde_json::Value as Json;

use super::{Config, OnStoreFailure, SameSite, wrong};

impl Config {
    /// Reads Flask's keys from environment variables of the same names. Those that aren't set keep
    /// their defaults, other variables are ignored.
    ///
    /// Flags are `true`, `yes`, `on`, `1`, `false`, `no`, `off` or `0`; times are seconds;
    /// `SECRET_KEY_FALLBACKS` is a list as JSON writes it, `["old", "older"]`. A variable that is
    /// set to what its key can't be is an error that names the key.
    ///
    /// ```
    /// let config = flask_session_tower::Config::from_env()?;
    /// # Ok::<(), flask_session_tower::Error>(())
    /// ```
    pub fn from_env() -> Result<Self> {
        Self::read(&variable, "", false)
    }

    /// Reads Flask's keys from variables that begin with `prefix` and an underscore, as Flask's
    /// `app.config.from_prefixed_env(prefix)` does: each may be written as JSON.
    ///
    /// ```
    /// let config = flask_session_tower::Config::from_prefixed_env("FLASK")?;
    /// # Ok::<(), flask_session_tower::Error>(())
    /// ```
    pub fn from_prefixed_env(prefix: &str) -> Result<Self> {
        Self::read(&variable, &format!("{prefix}_"), true)
    }

    /// Reads Flask's keys from anything else that has them as text, a settings file perhaps.
    ///
    /// ```
    /// use flask_session_tower::Config;
    ///
    /// let find = |key: &str| (key == "SESSION_ID_LENGTH").then(|| "5".to_owned());
    /// let error = Config::from_lookup(find).unwrap_err();
    /// assert!(error.to_string().contains("SESSION_ID_LENGTH"));
    /// ```
    pub fn from_lookup(find: impl Fn(&str) -> Option<String>) -> Result<Self> {
        Self::read(&|key| Ok(find(key)), "", false)
    }

    fn read(
        find: &dyn Fn(&str) -> Result<Option<String>>,
        prefix: &str,
        json: bool,
    ) -> Result<Self> {
        let mut config = Self::new();
        for (key, assign) in KEYS {
            let name = format!("{prefix}{key}");
            if let Some(text) = find(&name)? {
                let parsed = serde_json::from_str(&text).ok();
                let given = Given { text, parsed, json };
                let assigned = assign(&mut config, &given);
                assigned.map_err(|kind| wrong(format!("{name} must be {kind}")))?;
            }
        }
        config.check()?;
        Ok(config)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "here the host asks for the environment, by name"
)]
fn variable(name: &str) -> Result<Option<String>> {
    match std::env::var(name) {
        Ok(text) => Ok(Some(text)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(wrong(format!("{name} must be text"))),
    }
}

/// What a variable says.
struct Given {
    text: String,
    parsed: Option<Json>,
    /// Whether text may be written as JSON.
    json: bool,
}

/// What a key must be, in words.
type Kind = &'static str;
type Assign = fn(&mut Config, &Given) -> Result<(), Kind>;

impl Given {
    fn text(&self) -> String {
        match &self.parsed {
            Some(Json::String(text)) if self.json => text.clone(),
            _ => self.text.clone(),
        }
    }

    /// Text; None if it says that nothing is set.
    fn optional(&self) -> Option<String> {
        let nothing = self.text.is_empty() || (self.json && self.parsed == Some(Json::Null));
        (!nothing).then(|| self.text())
    }

    fn flag(&self) -> Result<bool, Kind> {
        match self.text().trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err("true or false"),
        }
    }

    fn seconds(&self) -> Result<Duration, Kind> {
        let seconds = self.text().trim().parse::<f64>().ok();
        seconds
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .ok_or("a number of seconds, 0 or more")
    }

    fn keys(&self) -> Result<Vec<Vec<u8>>, Kind> {
        const KIND: Kind = "a list of keys as JSON writes it, such as [\"old\", \"older\"]";
        match &self.parsed {
            Some(Json::Null) => Ok(Vec::new()),
            Some(Json::Array(keys)) => {
                let keys = keys.iter().map(|key| key.as_str().ok_or(KIND));
                keys.map(|key| Ok(key?.as_bytes().to_vec())).collect()
            }
            _ => Err(KIND),
        }
    }

    fn word<T: Copy>(&self, kind: Kind, words: &[(&str, T)]) -> Result<T, Kind> {
        let text = self.text();
        let found = words
            .iter()
            .find(|(word, _)| text.trim().eq_ignore_ascii_case(word));
        found.map(|(_, meaning)| *meaning).ok_or(kind)
    }
}

const KEYS: &[(&str, Assign)] = &[
    ("SESSION_COOKIE_NAME", |config, given| {
        config.cookie_name = given.text();
        Ok(())
    }),
    ("SESSION_COOKIE_DOMAIN", |config, given| {
        config.cookie_domain = given.optional();
        Ok(())
    }),
    ("SESSION_COOKIE_PATH", |config, given| {
        config.cookie_path = given.optional();
        Ok(())
    }),
    ("APPLICATION_ROOT", |config, given| {
        config.application_root = given.text();
        Ok(())
    }),
    ("SESSION_COOKIE_HTTPONLY", |config, given| {
        given.flag().map(|flag| config.cookie_httponly = flag)
    }),
    ("SESSION_COOKIE_SECURE", |config, given| {
        given.flag().map(|flag| config.cookie_secure = flag)
    }),
    ("SESSION_COOKIE_SAMESITE", |config, given| {
        let words = [
            ("strict", SameSite::Strict),
            ("lax", SameSite::Lax),
            ("none", SameSite::None),
        ];
        config.cookie_samesite = match given.optional() {
            Some(_) => Some(given.word("Strict, Lax or None", &words)?),
            None => None,
        };
        Ok(())
    }),
    ("SESSION_COOKIE_PARTITIONED", |config, given| {
        given.flag().map(|flag| config.cookie_partitioned = flag)
    }),
    ("SESSION_PERMANENT", |config, given| {
        given.flag().map(|flag| config.permanent = flag)
    }),
    ("PERMANENT_SESSION_LIFETIME", |config, given| {
        given.seconds().map(|lifetime| config.lifetime = lifetime)
    }),
    ("SESSION_REFRESH_EACH_REQUEST", |config, given| {
        given.flag().map(|flag| config.refresh_each_request = flag)
    }),
    ("SESSION_TOUCH_INTERVAL", |config, given| {
        config.touch_interval = match given.optional() {
            Some(_) => Some(given.seconds()?),
            None => None,
        };
        Ok(())
    }),
    ("SESSION_USE_SIGNER", |config, given| {
        given.flag().map(|flag| config.use_signer = flag)
    }),
    ("SECRET_KEY", |config, given| {
        config.secret_key = given.optional().map(String::into_bytes);
        Ok(())
    }),
    ("SECRET_KEY_FALLBACKS", |config, given| {
        given.keys().map(|keys| config.secret_key_fallbacks = keys)
    }),
    ("SESSION_KEY_PREFIX", |config, given| {
        config.key_prefix = given.text();
        Ok(())
    }),
    ("SESSION_ID_LENGTH", |config, given| {
        let length = given.text().trim().parse().ok();
        config.id_length = length.ok_or("a whole number from 6 to 187")?;
        Ok(())
    }),
    ("SESSION_SERIALIZATION_FORMAT", |config, given| {
        let words = [("msgpack", Format::Msgpack), ("json", Format::Json)];
        let format = given.word("msgpack or json", &words);
        format.map(|format| config.format = format)
    }),
    ("SESSION_KEEP_TYPES", |config, given| {
        given.flag().map(|flag| config.keep_types = flag)
    }),
    ("SESSION_LEGACY_PICKLE", |config, given| {
        given.flag().map(|flag| config.legacy_pickle = flag)
    }),
    ("SESSION_MAX_BYTES", |config, given| {
        let bytes = given.text().trim().parse().ok();
        config.max_bytes = bytes.ok_or("a whole number, 1 or more")?;
        Ok(())
    }),
    ("SESSION_ON_CONFLICT", |config, given| {
        let words = [
            ("merge", OnConflict::Merge),
            ("overwrite", OnConflict::Overwrite),
        ];
        let policy = given.word("merge or overwrite", &words);
        policy.map(|policy| config.on_conflict = policy)
    }),
    ("SESSION_EAGER", |config, given| {
        given.flag().map(|flag| config.eager = flag)
    }),
    ("SESSION_ON_STORE_FAILURE", |config, given| {
        let words = [
            ("raise", OnStoreFailure::Raise),
            ("null", OnStoreFailure::Null),
        ];
        let policy = given.word("raise or null", &words);
        policy.map(|policy| config.on_store_failure = policy)
    }),
    ("SESSION_URL", |config, given| {
        config.url = given.optional();
        Ok(())
    }),
    ("SESSION_FILE_FSYNC", |config, given| {
        given.flag().map(|flag| config.file_fsync = flag)
    }),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)], prefix: &str, json: bool) -> Result<Config> {
        let find = |name: &str| {
            let found = pairs.iter().find(|(key, _)| *key == name);
            Ok(found.map(|(_, text)| (*text).to_owned()))
        };
        Config::read(&find, prefix, json)
    }

    #[test]
    fn every_key_is_read_under_its_name() {
        let config = read(
            &[
                ("SESSION_COOKIE_NAME", "shop"),
                ("SESSION_COOKIE_DOMAIN", ".example.com"),
                ("SESSION_COOKIE_PATH", ""),
                ("APPLICATION_ROOT", "/shop"),
                ("SESSION_COOKIE_HTTPONLY", "False"),
                ("SESSION_COOKIE_SECURE", "on"),
                ("SESSION_COOKIE_SAMESITE", "lax"),
                ("SESSION_COOKIE_PARTITIONED", "yes"),
                ("SESSION_PERMANENT", "0"),
                ("PERMANENT_SESSION_LIFETIME", "90"),
                ("SESSION_REFRESH_EACH_REQUEST", "no"),
                ("SESSION_TOUCH_INTERVAL", "0.5"),
                ("SESSION_USE_SIGNER", "1"),
                ("SECRET_KEY", "\"quoted\""),
                ("SECRET_KEY_FALLBACKS", "[\"old\", \"older\"]"),
                ("SESSION_KEY_PREFIX", "s:"),
                ("SESSION_ID_LENGTH", "16"),
                ("SESSION_SERIALIZATION_FORMAT", "JSON"),
                ("SESSION_KEEP_TYPES", "off"),
                ("SESSION_LEGACY_PICKLE", "off"),
                ("SESSION_MAX_BYTES", "100000"),
                ("SESSION_ON_CONFLICT", "overwrite"),
                ("SESSION_EAGER", "true"),
                ("SESSION_ON_STORE_FAILURE", "null"),
                ("SESSION_URL", "file:sessions"),
                ("SESSION_FILE_FSYNC", "on"),
                ("SESSION_MANAGER", "somebody else's"),
            ],
            "",
            false,
        )
        .unwrap();
        assert_eq!(config.cookie_name, "shop");
        assert_eq!(config.cookie_domain.as_deref(), Some(".example.com"));
        assert_eq!(config.path(), "/shop");
        assert!(!config.cookie_httponly && config.cookie_secure && config.cookie_partitioned);
        assert_eq!(config.cookie_samesite, Some(SameSite::Lax));
        assert!(!config.permanent && !config.refresh_each_request);
        assert_eq!(config.lifetime, Duration::from_secs(90));
        assert_eq!(config.touch_interval(), Duration::from_millis(500));
        assert_eq!(config.secret_key.as_deref(), Some(&b"\"quoted\""[..]));
        assert_eq!(config.secret_key_fallbacks, [&b"old"[..], b"older"]);
        assert_eq!((config.key_prefix.as_str(), config.id_length), ("s:", 16));
        assert_eq!(config.format, Format::Json);
        assert!(!config.keep_types && !config.legacy_pickle && config.eager);
        assert_eq!(config.max_bytes, 100_000);
        assert_eq!(config.on_conflict, OnConflict::Overwrite);
        assert_eq!(config.on_store_failure, OnStoreFailure::Null);
        assert_eq!(config.store_url(), Some("file:sessions"));
        assert!(config.file_fsync());
    }

    #[test]
    fn with_a_prefix_text_may_be_written_as_json() {
        let pairs = [
            ("FLASK_SECRET_KEY", "\"quoted\""),
            ("FLASK_SESSION_COOKIE_SAMESITE", "null"),
            ("FLASK_SESSION_COOKIE_NAME", "shop"),
            ("SESSION_KEY_PREFIX", "without the prefix"),
        ];
        let config = read(&pairs, "FLASK_", true).unwrap();
        assert_eq!(config.secret_key.as_deref(), Some(&b"quoted"[..]));
        assert_eq!(config.cookie_samesite, None);
        assert_eq!(config.cookie_name, "shop");
        assert_eq!(config.key_prefix, "session:");
    }

    #[test]
    fn a_mistake_is_an_error_that_names_its_key_and_no_secret() {
        for (key, text) in [
            ("SESSION_COOKIE_NAME", "a name"),
            ("SESSION_COOKIE_DOMAIN", "b\u{fc}cher.example"),
            ("SESSION_COOKIE_PATH", "shop"),
            ("SESSION_COOKIE_HTTPONLY", "perhaps"),
            ("SESSION_COOKIE_SAMESITE", "loose"),
            ("PERMANENT_SESSION_LIFETIME", "a month"),
            ("PERMANENT_SESSION_LIFETIME", "-1"),
            ("SESSION_TOUCH_INTERVAL", "inf"),
            ("SESSION_FILE_FSYNC", "sometimes"),
            ("SESSION_USE_SIGNER", "on"),
            ("SECRET_KEY_FALLBACKS", "old-secret"),
            ("SECRET_KEY_FALLBACKS", "[7]"),
            ("SESSION_ID_LENGTH", "5"),
            ("SESSION_ID_LENGTH", "188"),
            ("SESSION_ID_LENGTH", "many"),
            ("SESSION_SERIALIZATION_FORMAT", "pickle"),
            ("SESSION_MAX_BYTES", "0"),
            ("SESSION_MAX_BYTES", "64 MB"),
            ("SESSION_ON_CONFLICT", "fail"),
            ("SESSION_ON_STORE_FAILURE", "ignore"),
        ] {
            let error = read(&[(key, text)], "", false).unwrap_err();
            let said = error.to_string();
            assert!(said.contains(key), "{key}={text}: {said}");
            assert!(!said.contains("secret"), "{said}");
        }
    }
}
