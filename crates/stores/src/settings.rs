//! What a host configures: a URL and named options.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use flask_session_core::{Error, ErrorKind, Result};

/// One option's value. Its debug form shows its kind only.
#[derive(Clone, PartialEq)]
pub enum Setting {
    /// Text.
    Text(String),
    /// A number; seconds where it is a time.
    Number(f64),
    /// On or off.
    Flag(bool),
}

/// A URL and the options beside it. Never printed: both may hold passwords.
///
/// A backend takes the options that it knows; what it leaves is refused by [`Settings::finish`].
///
/// ```
/// use flask_session_stores::{Setting, Settings};
///
/// let mut settings = Settings::new("shelf:/var/lib/shop")
///     .with("label", Setting::Text("spring".to_owned()))
///     .with("timeout", Setting::Number(2.5))
///     .with("boards", Setting::Number(4.0))
///     .with("locked", Setting::Flag(true))
///     .with("catalogue", Setting::Text("/etc/shelf".to_owned()));
/// assert_eq!((settings.scheme(), settings.url()), ("shelf", "shelf:/var/lib/shop"));
///
/// // What a store's opener does:
/// assert_eq!(settings.text("label")?.as_deref(), Some("spring"));
/// assert_eq!(settings.seconds("timeout")?.map(|time| time.as_millis()), Some(2500));
/// assert_eq!(settings.count("boards")?, Some(4));
/// assert_eq!(settings.flag("locked")?, Some(true));
/// assert!(settings.path("catalogue")?.is_some());
/// settings.finish()?; // an error if anything is left
/// # Ok::<(), flask_session_core::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Settings {
    url: String,
    options: BTreeMap<String, Setting>,
}

impl Settings {
    /// The settings of a store at `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            options: BTreeMap::new(),
        }
    }

    /// With one more option.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: Setting) -> Self {
        self.options.insert(name.into(), value);
        self
    }

    /// The URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What stands before the colon of the URL.
    pub fn scheme(&self) -> &str {
        self.url.split_once(':').map_or("", |(scheme, _)| scheme)
    }

    /// Takes the option `name`, text.
    pub fn text(&mut self, name: &str) -> Result<Option<String>> {
        match self.options.remove(name) {
            None => Ok(None),
            Some(Setting::Text(text)) => Ok(Some(text)),
            Some(_) => Err(wrong(name, "text")),
        }
    }

    /// Takes the option `name`, a path.
    pub fn path(&mut self, name: &str) -> Result<Option<PathBuf>> {
        Ok(self.text(name)?.map(PathBuf::from))
    }

    /// Takes the option `name`, a time in seconds.
    pub fn seconds(&mut self, name: &str) -> Result<Option<Duration>> {
        let Some(seconds) = self.number(name, "a number of seconds")? else {
            return Ok(None);
        };
        let duration = Duration::try_from_secs_f64(seconds);
        duration
            .map(Some)
            .map_err(|_| wrong(name, "a number of seconds"))
    }

    /// Takes the option `name`, a whole number.
    pub fn count(&mut self, name: &str) -> Result<Option<u64>> {
        let Some(number) = self.number(name, "a whole number")? else {
            return Ok(None);
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked: whole, and within what a float holds exactly"
        )]
        if (0.0..9e15).contains(&number) && number.fract() == 0.0 {
            Ok(Some(number as u64))
        } else {
            Err(wrong(name, "a whole number"))
        }
    }

    /// Takes the option `name`, on or off.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>> {
        match self.options.remove(name) {
            None => Ok(None),
            Some(Setting::Flag(flag)) => Ok(Some(flag)),
            Some(_) => Err(wrong(name, "True or False")),
        }
    }

    /// Fails if an option is left that nobody took.
    pub fn finish(self) -> Result<()> {
        match self.options.keys().next() {
            None => Ok(()),
            Some(name) => Err(Error::new(
                ErrorKind::Misconfigured,
                format!("the {} store has no option {name}", self.scheme()),
            )),
        }
    }

    fn number(&mut self, name: &str, wanted: &str) -> Result<Option<f64>> {
        match self.options.remove(name) {
            None => Ok(None),
            Some(Setting::Number(number)) => Ok(Some(number)),
            Some(_) => Err(wrong(name, wanted)),
        }
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(..)",
            Self::Number(_) => "Number(..)",
            Self::Flag(_) => "Flag(..)",
        })
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Settings({}:..)", self.scheme())
    }
}

fn wrong(name: &str, wanted: &str) -> Error {
    Error::new(
        ErrorKind::Misconfigured,
        format!("the store's option {name} must be {wanted}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_taken_by_name_and_kind() {
        let mut settings = Settings::new("redis://:secret@host")
            .with("timeout", Setting::Number(0.5))
            .with("verify", Setting::Flag(false))
            .with("pool_size", Setting::Number(3.0));
        assert_eq!(
            settings.seconds("timeout").unwrap(),
            Some(Duration::from_millis(500))
        );
        assert_eq!(settings.flag("verify").unwrap(), Some(false));
        assert_eq!(settings.count("pool_size").unwrap(), Some(3));
        assert_eq!(settings.text("password").unwrap(), None);
        assert!(settings.finish().is_ok());
    }

    #[test]
    fn a_wrong_or_unknown_option_is_named() {
        let mut settings = Settings::new("file:").with("mode", Setting::Text("0600".into()));
        assert!(
            settings
                .count("mode")
                .unwrap_err()
                .to_string()
                .contains("mode")
        );
        let settings = Settings::new("file:").with("colour", Setting::Flag(true));
        assert!(
            settings
                .finish()
                .unwrap_err()
                .to_string()
                .contains("colour")
        );
    }

    #[test]
    fn settings_print_no_password() {
        let settings =
            Settings::new("redis://:secret@host").with("password", Setting::Text("secret".into()));
        assert_eq!(format!("{settings:?}"), "Settings(redis:..)");
    }
}
