//! The session cookie: finding its values, and signing them as itsdangerous does.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::{Error, ErrorKind, Result};

type HmacSha1 = Hmac<Sha1>;

/// The salt that every release of Flask-Session uses.
const SALT: &[u8] = b"flask-session";

/// Signs ids: `<id>.<signature>`, HMAC-SHA1 under a key that is derived from the secret key, as
/// itsdangerous' `Signer(secret_key, salt="flask-session", key_derivation="hmac")`.
///
/// ```
/// use flask_session_core::Signer;
///
/// let older = Signer::new(b"last month's key", &[b""; 0])?;
/// let signer = Signer::new(b"this month's key", &[b"last month's key"])?;
/// assert_eq!(signer.unsign(&older.sign("an-id")), Some("an-id"));
/// assert_eq!(older.unsign(&signer.sign("an-id")), None);
/// # Ok::<(), flask_session_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Signer {
    /// The current key first, then those that are still accepted.
    keys: Vec<HmacSha1>,
}

impl Signer {
    /// `secret_key` signs and verifies, `fallbacks` (`SECRET_KEY_FALLBACKS`) only verify.
    pub fn new<K: AsRef<[u8]>>(secret_key: &[u8], fallbacks: &[K]) -> Result<Self> {
        if secret_key.is_empty() {
            return Err(Error::new(
                ErrorKind::Misconfigured,
                "SESSION_USE_SIGNER needs a SECRET_KEY; set one that nobody can guess",
            ));
        }
        let fallbacks = fallbacks.iter().map(AsRef::as_ref);
        let keys = std::iter::once(secret_key)
            .chain(fallbacks)
            .map(derive)
            .collect();
        Ok(Self { keys })
    }

    /// The cookie's value for `id`.
    pub fn sign(&self, id: &str) -> String {
        let signature = self.keys[0]
            .clone()
            .chain_update(id)
            .finalize()
            .into_bytes();
        let mut value = String::with_capacity(id.len() + 28);
        value.push_str(id);
        value.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut value);
        value
    }

    /// The id, if one of the keys signed it. Takes the same time whichever key it was not.
    pub fn unsign<'a>(&self, value: &'a str) -> Option<&'a str> {
        let (id, signature) = value.rsplit_once('.')?;
        // One of more bytes than these can't be one of SHA-1.
        let mut bytes = [0; 24];
        let length = URL_SAFE_NO_PAD.decode_slice(signature, &mut bytes).ok()?;
        let signature = &bytes[..length];
        let verifies = |key: &HmacSha1| key.clone().chain_update(id).verify_slice(signature);
        self.keys
            .iter()
            .any(|key| verifies(key).is_ok())
            .then_some(id)
    }
}

fn derive(secret_key: &[u8]) -> HmacSha1 {
    let derived = keyed(secret_key).chain_update(SALT).finalize().into_bytes();
    keyed(&derived)
}

fn keyed(key: &[u8]) -> HmacSha1 {
    HmacSha1::new_from_slice(key).expect("HMAC takes keys of any length")
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({} keys)", self.keys.len())
    }
}

/// The values of the cookie `name` in a `Cookie` header, in order, at most `limit`. A subdomain or
/// an older setting may have left several of one name; the first that is a session counts.
///
/// ```
/// let header = "theme=dark; session=first; session=second";
/// let found: Vec<_> = flask_session_core::candidates(header, "session", 3).collect();
/// assert_eq!(found, ["first", "second"]);
/// ```
pub fn candidates<'a>(
    header: &'a str,
    name: &'a str,
    limit: usize,
) -> impl Iterator<Item = &'a str> + 'a {
    // The signs are ASCII: what lies between them is whole text.
    let mut rest = Some(header);
    let pairs = std::iter::from_fn(move || {
        let text = rest?;
        let (pair, after) = match memchr::memchr(b';', text.as_bytes()) {
            Some(end) => (&text[..end], Some(&text[end + 1..])),
            None => (text, None),
        };
        rest = after;
        Some(pair)
    });
    pairs
        .filter_map(move |pair| {
            let sign = memchr::memchr(b'=', pair.as_bytes())?;
            let is_named = sign >= name.len() && !name.is_empty() && pair[..sign].trim() == name;
            is_named.then(|| pair[sign + 1..].trim().trim_matches('"'))
        })
        .take(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "7B3dcwy83YF8PXgNLcUIYJA2-qEOvY7BlEaFdqyRaAk";

    fn signer(secret: &str, fallbacks: &[&str]) -> Signer {
        Signer::new(secret.as_bytes(), fallbacks).unwrap()
    }

    #[test]
    fn the_signature_is_itsdangerous_signature() {
        let signed = signer("k", &[]).sign(ID);
        assert_eq!(signed, format!("{ID}.tPRGzVB8DLZJGx5cT8kOMum0fsQ"));
        assert_eq!(signer("k", &[]).unsign(&signed), Some(ID));
    }

    #[test]
    fn the_current_key_signs_and_fallbacks_verify() {
        let old = signer("old", &[]).sign(ID);
        let rotated = signer("new", &["older", "old"]);
        assert_eq!(rotated.unsign(&old), Some(ID));
        assert_eq!(rotated.sign(ID), signer("new", &[]).sign(ID));
        assert_eq!(signer("new", &[]).unsign(&old), None);
    }

    #[test]
    fn what_was_not_signed_is_no_id() {
        let signed = signer("k", &[]).sign(ID);
        let (_, signature) = signed.rsplit_once('.').unwrap();
        for value in [
            "",
            ".",
            ID,
            &format!("x{signed}"),
            &format!("{ID}."),
            &format!("{ID}.{signature}A"),
            &format!("{ID}.\u{e9}"),
        ] {
            assert_eq!(signer("k", &[]).unsign(value), None, "{value:?}");
        }
    }

    #[test]
    fn an_empty_secret_key_is_an_error_that_names_the_setting() {
        let error = Signer::new(b"", &[] as &[&str]).unwrap_err();
        assert!(error.to_string().contains("SECRET_KEY"));
    }

    #[test]
    fn every_cookie_of_the_name_is_a_candidate_and_nameless_ones_are_not() {
        let header = "a=1; session=one; =session=evil; xsession=no; session=\"two\";session=three; session=four";
        let found: Vec<_> = candidates(header, "session", 3).collect();
        assert_eq!(found, ["one", "two", "three"]);
    }
}
