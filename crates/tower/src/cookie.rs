//! The session cookie: read as Flask reads it, written as Werkzeug writes it.

use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

use flask_session_core::{SessionId, candidates};
use http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE, VARY};

use crate::config::Config;
use crate::site::Site;

/// A browser may send several cookies of one name (another path or domain); so many are tried.
const MOST_CANDIDATES: usize = 3;

/// The ids that a request's cookies name, without those that can't be ours.
pub(crate) fn ids(site: &Site, headers: &HeaderMap) -> Vec<SessionId> {
    let name = site.config.cookie_name.as_str();
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| candidates(header, name, usize::MAX))
        .filter(|text| !text.is_empty())
        .take(MOST_CANDIDATES)
        .filter_map(|text| site.id_of(text))
        .collect()
}

/// Sets the cookie to `id`, until the session's end if it is permanent.
pub(crate) fn set(site: &Site, headers: &mut HeaderMap, id: &SessionId, permanent: bool) {
    let now = Duration::from_millis(site.clock.now().0);
    let end = permanent.then(|| now.saturating_add(site.config.lifetime).as_secs());
    let expires = end.map(date).unwrap_or_default();
    append(
        headers,
        site.attributes.text(&site.cookie_value(id), &expires),
    );
}

/// Deletes the cookie, with the attributes that it was set with.
pub(crate) fn delete(site: &Site, headers: &mut HeaderMap) {
    let expires = format!("{}; Max-Age=0", date(0));
    append(headers, site.attributes.text("", &expires));
}

/// Adds `Cookie` to the `Vary` header.
pub(crate) fn vary(headers: &mut HeaderMap) {
    let Some(found) = headers.get_mut(VARY) else {
        headers.insert(VARY, HeaderValue::from_static("Cookie"));
        return;
    };
    let Ok(names) = found.to_str() else { return };
    if !names
        .split(',')
        .any(|name| name.trim().eq_ignore_ascii_case("cookie"))
        && let Ok(more) = HeaderValue::try_from(format!("{names}, Cookie"))
    {
        *found = more;
    }
}

/// The seconds since 1970 as `Expires` says them; the last that it can say if they are more.
fn date(seconds: u64) -> String {
    const LAST: u64 = 253_402_300_799;
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds.min(LAST)))
}

/// What is the same in every `Set-Cookie` of a site.
pub(crate) struct Attributes {
    name: String,
    /// Before `Expires`.
    domain: String,
    /// After it.
    others: String,
}

impl Attributes {
    pub(crate) fn new(config: &Config) -> Self {
        let mut domain = String::new();
        if let Some(name) = &config.cookie_domain {
            let name = name.split(':').next().unwrap_or_default();
            domain = format!("; Domain={}", name.trim_start_matches('.'));
        }
        let mut others = String::new();
        let mut add = |attribute: &str, value: &str| {
            others.push_str("; ");
            others.push_str(attribute);
            others.push_str(value);
        };
        if config.cookie_secure || config.cookie_partitioned {
            add("Secure", "");
        }
        if config.cookie_httponly {
            add("HttpOnly", "");
        }
        add("Path=", &quoted(config.path()));
        if let Some(same_site) = config.cookie_samesite {
            add("SameSite=", same_site.as_str());
        }
        if config.cookie_partitioned {
            add("Partitioned", "");
        }
        let name = format!("{}=", config.cookie_name);
        Self {
            name,
            domain,
            others,
        }
    }

    /// `expires` is what follows `Expires=`, empty for a cookie that ends with the browser.
    fn text(&self, value: &str, expires: &str) -> String {
        let Self {
            name,
            domain,
            others,
        } = self;
        let attribute = if expires.is_empty() { "" } else { "; Expires=" };
        [name, value, domain, attribute, expires, others].concat()
    }
}

/// A path with what a header can't hold percent-encoded, as Werkzeug does it.
fn quoted(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"_.-~%!$&'()*+,/:=@".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

fn append(headers: &mut HeaderMap, text: String) {
    // The configuration was checked, and ids are printable.
    if let Ok(value) = HeaderValue::try_from(text) {
        headers.append(SET_COOKIE, value);
    }
}
