//! What a store has found out that its operator should read in the log.

/// A line for the host's log. The store doesn't log itself: the host has a logger, and knows
/// which application the store belongs to.
///
/// ```
/// use flask_session_core::Notice;
///
/// let notice = Notice::warning("the index is missing; create it");
/// assert!(notice.is_warning() && !Notice::remark("a new connection").is_warning());
/// assert_eq!(notice.text(), "the index is missing; create it");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    warning: bool,
    text: String,
}

impl Notice {
    /// Something that somebody should act on. The text holds no key, payload or password.
    pub fn warning(text: impl Into<String>) -> Self {
        Self {
            warning: true,
            text: text.into(),
        }
    }

    /// Something that is worth knowing. The text holds no key, payload or password.
    pub fn remark(text: impl Into<String>) -> Self {
        Self {
            warning: false,
            text: text.into(),
        }
    }

    /// Whether somebody should act on it; otherwise it is worth knowing only.
    pub fn is_warning(&self) -> bool {
        self.warning
    }

    /// What was found, without key, payload or password.
    pub fn text(&self) -> &str {
        &self.text
    }
}
