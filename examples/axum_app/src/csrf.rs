//! Flask-WTF's CSRF token: made by a Flask page, checked here.
//!
//! `session["csrf_token"]` holds a random text; pages carry it signed by itsdangerous'
//! `URLSafeTimedSerializer(SECRET_KEY, salt="wtf-csrf-token")`, as `<payload>.<time>.<signature>`.

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flask_session_tower::{Clock, Session, SessionError, SystemClock};
use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest, Sha1};

/// `WTF_CSRF_TIME_LIMIT`, in seconds.
const LIMIT: u64 = 3600;

/// What tokens are signed with.
#[derive(Clone)]
pub(crate) struct CsrfKey(Hmac<Sha1>);

impl CsrfKey {
    /// The key that itsdangerous derives from `SECRET_KEY`.
    pub(crate) fn new(secret_key: &[u8]) -> Self {
        let derived = Sha1::new()
            .chain_update("wtf-csrf-token")
            .chain_update("signer")
            .chain_update(secret_key)
            .finalize();
        Self(Hmac::new_from_slice(&derived).expect("HMAC takes keys of any length"))
    }

    /// Whether the header `X-CSRFToken` holds a token of this session.
    pub(crate) async fn allows(
        &self,
        session: &Session,
        headers: &HeaderMap,
    ) -> Result<bool, SessionError> {
        let token = headers
            .get("x-csrftoken")
            .and_then(|token| token.to_str().ok());
        let now = SystemClock.now().0 / 1000;
        let Some(sent) = token.and_then(|token| self.read(token, now)) else {
            return Ok(false);
        };
        Ok(session.get::<String>("csrf_token").await? == Some(sent))
    }

    /// What a token signs, if it is ours and not too old.
    fn read(&self, token: &str, now: u64) -> Option<String> {
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let expected = self.0.clone().chain_update(signed);
        expected.verify_slice(&signature).ok()?;
        let (payload, time) = signed.rsplit_once('.')?;
        let time = URL_SAFE_NO_PAD.decode(time).ok()?;
        let time = time
            .iter()
            .fold(0, |time, byte| time << 8 | u64::from(*byte));
        let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
        (now.checked_sub(time)? <= LIMIT).then(|| serde_json::from_slice(&payload).ok())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // URLSafeTimedSerializer("secret", salt="wtf-csrf-token").dumps("0123456789abcdef"), in 2023
    const TOKEN: &str = "IjAxMjM0NTY3ODlhYmNkZWYi.ZVPxAA.zEefwl__qk9ht_a_3Q6d9CoExBY";
    const MADE: u64 = 1_700_000_000;

    #[test]
    fn a_token_is_read_until_it_is_too_old() {
        let key = CsrfKey::new(b"secret");
        let read = |now| key.read(TOKEN, now);
        assert_eq!(read(MADE).as_deref(), Some("0123456789abcdef"));
        assert!(read(MADE + LIMIT).is_some());
        assert_eq!(read(MADE + LIMIT + 1), None);
    }

    #[test]
    fn what_another_key_signed_or_nobody_is_no_token() {
        assert_eq!(CsrfKey::new(b"other").read(TOKEN, MADE), None);
        let key = CsrfKey::new(b"secret");
        for token in ["", ".", "a.b.c", &TOKEN.replacen('I', "J", 1)] {
            assert_eq!(key.read(token, MADE), None, "{token}");
        }
    }
}
