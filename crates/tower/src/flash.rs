//! Flash messages, in the form that Flask keeps them.

use flask_session_core::Value;

use crate::{Session, SessionError};

/// Where Flask keeps them.
const FLASHES: &str = "_flashes";

impl Session {
    /// Leaves a message for the next page, which may be one of Flask's. `category` is `message`
    /// where Flask's `flash` isn't given one.
    ///
    /// ```
    /// # use flask_session_tower::{Session, SessionError};
    /// async fn add(session: Session) -> Result<(), SessionError> {
    ///     session.flash("message", "Pencil added to your cart.").await
    /// }
    /// ```
    pub async fn flash(&self, category: &str, message: &str) -> Result<(), SessionError> {
        let flash = Value::Tuple(vec![category.into(), message.into()]);
        self.update(FLASHES, |flashes: &mut Option<Value>| {
            let mut kept = match flashes.take() {
                Some(Value::Array(kept) | Value::Tuple(kept)) => kept,
                _ => Vec::new(),
            };
            kept.push(flash);
            *flashes = Some(Value::Array(kept));
        })
        .await
    }

    /// Takes the messages out of the session, in order, each with its category.
    ///
    /// ```
    /// # use flask_session_tower::{Session, SessionError};
    /// async fn page(session: Session) -> Result<String, SessionError> {
    ///     let flashes = session.take_flashes().await?;
    ///     let lines = flashes.iter().map(|(category, text)| format!("{category}: {text}\n"));
    ///     Ok(lines.collect())
    /// }
    /// ```
    pub async fn take_flashes(&self) -> Result<Vec<(String, String)>, SessionError> {
        let flashes = self.get(FLASHES).await?;
        if flashes.is_some() {
            self.remove(FLASHES).await?;
        }
        Ok(flashes.unwrap_or_default())
    }
}
