//! A user that Flask-Login has logged in.

use std::fmt::Write;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use flask_session_tower::{Session, SessionError};
use serde::Serialize;
use sha2::{Digest, Sha512};

/// Whoever is logged in. Others get status 401.
#[derive(Serialize)]
pub(crate) struct User {
    /// What Flask's `current_user.get_id()` gives.
    id: String,
    /// Whether the password was given in this session, from this browser, rather than remembered.
    fresh: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for User {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let session = Session::from_request_parts(parts, state).await;
        let session = session.map_err(IntoResponse::into_response)?;
        let ConnectInfo(peer) = ConnectInfo::<SocketAddr>::from_request_parts(parts, state)
            .await
            .map_err(IntoResponse::into_response)?;
        match find(&session, &parts.headers, peer).await {
            Ok(Some(user)) => Ok(user),
            Ok(None) => Err(StatusCode::UNAUTHORIZED.into_response()),
            Err(error) => Err(error.into_response()),
        }
    }
}

/// Flask-Login's three keys: `_user_id`; `_fresh`; and `_id`, which says from which browser.
async fn find(
    session: &Session,
    headers: &HeaderMap,
    peer: SocketAddr,
) -> Result<Option<User>, SessionError> {
    let Some(id) = session.get::<String>("_user_id").await? else {
        return Ok(None);
    };
    let known = session.get::<Option<String>>("_id").await?.flatten();
    let fresh = session.get::<bool>("_fresh").await?.unwrap_or(false)
        && known.is_some_and(|known| known == browser(headers, peer));
    Ok(Some(User { id, fresh }))
}

/// Flask-Login's mark of a browser: SHA-512 of its address and its `User-Agent`, as Python prints
/// bytes: `b'127.0.0.1'|b'Mozilla/5.0'`.
fn browser(headers: &HeaderMap, peer: SocketAddr) -> String {
    let agent = headers
        .get("user-agent")
        .map(|agent| printed(agent.as_bytes()));
    let address = printed(peer.ip().to_string().as_bytes());
    let text = format!("{address}|{}", agent.as_deref().unwrap_or("None"));
    let mut hexadecimal = String::with_capacity(128);
    for byte in Sha512::digest(text) {
        let _ = write!(hexadecimal, "{byte:02x}");
    }
    hexadecimal
}

/// Python's `repr` of the bytes of text that came as Latin-1.
fn printed(bytes: &[u8]) -> String {
    let text: String = bytes.iter().copied().map(char::from).collect();
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut printed = format!("b{quote}");
    for byte in text.bytes() {
        let _ = match byte {
            b'\\' => printed.write_str(r"\\"),
            b'\t' => printed.write_str(r"\t"),
            _ if char::from(byte) == quote => write!(printed, "\\{quote}"),
            b' '..=b'~' => printed.write_char(byte.into()),
            _ => write!(printed, "\\x{byte:02x}"),
        };
    }
    printed.push(quote);
    printed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_marked_as_flask_login_marks_it() {
        // repr(text.encode("utf-8")) in Python
        for (sent, expected) in [
            (&b"Mozilla/5.0"[..], "b'Mozilla/5.0'"),
            (b"it's", "b\"it's\""),
            (b"'\"", r#"b'\'"'"#),
            (b"a\\b\tc", r"b'a\\b\tc'"),
            (b"caf\xe9", r"b'caf\xc3\xa9'"),
        ] {
            assert_eq!(printed(sent), expected);
        }
    }
}
