//! Reading a Redis URL, in the ways in which users of redis-py write it.

use std::path::PathBuf;
use std::time::Duration;

use flask_session_core::Result;
use percent_encoding::percent_decode_str;
use url::Url;

use super::options::{Address, RedisOptions, misconfigured};

/// What a URL may begin with.
pub(super) const SCHEMES: &[&str] = &[
    "redis",
    "rediss",
    "valkey",
    "valkeys",
    "unix",
    "redis+unix",
    "valkey+unix",
];

pub(super) fn parse(text: &str) -> Result<RedisOptions> {
    let (scheme, _) = text
        .split_once("://")
        .ok_or_else(|| misconfigured("it is no URL; write redis://host:port/db"))?;
    match scheme {
        "redis" | "rediss" | "valkey" | "valkeys" => {
            let url = read(text)?;
            let tls = matches!(scheme, "rediss" | "valkeys");
            options(&url, tcp(&url, tls, 6379)?)
        }
        "unix" | "redis+unix" | "valkey+unix" => {
            // The parser refuses a user without a host.
            let url = read(&text.replacen("@/", "@localhost/", 1))?;
            options(&url, unix(&url)?)
        }
        _ => Err(misconfigured(
            "its URL must start with redis://, rediss:// or unix://",
        )),
    }
}

/// The parts of a URL.
pub(super) fn read(text: &str) -> Result<Url> {
    // Never quote the URL, nor the parser's words: it may hold a password.
    let broken = |_| misconfigured("its URL can't be read; percent-encode what is special in it");
    let url = Url::parse(text).map_err(broken)?;
    if url.fragment().is_some() {
        return Err(misconfigured("its URL has a #; write %23 in a password"));
    }
    Ok(url)
}

/// What `url` says beside the server, which is at `address`.
pub(super) fn options(url: &Url, address: Address) -> Result<RedisOptions> {
    let mut options = RedisOptions::new(address);
    if !url.username().is_empty() {
        options.username = Some(decoded(url.username())?);
    }
    if let Some(password) = url.password().filter(|password| !password.is_empty()) {
        options.password = Some(decoded(password)?);
    }
    let number = url.path().trim_matches('/');
    if matches!(options.address, Address::Tcp { .. }) && !number.is_empty() {
        options.database = database(number)?;
    }
    for (name, value) in url.query_pairs() {
        options = set(options, &name, &value)?;
    }
    Ok(options)
}

/// The server that `url` names; on `port` if it names none.
pub(super) fn tcp(url: &Url, tls: bool, port: u16) -> Result<Address> {
    let host = decoded(url.host_str().unwrap_or_default())?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Ok(Address::Tcp {
        host: if host.is_empty() { "127.0.0.1" } else { host }.to_owned(),
        port: url.port().unwrap_or(port),
        tls,
    })
}

fn unix(url: &Url) -> Result<Address> {
    let path = decoded(url.path())?;
    if path.len() < 2 {
        return Err(misconfigured(
            "its URL names no socket; write unix:///path/to/socket",
        ));
    }
    Ok(Address::Unix(PathBuf::from(path)))
}

fn decoded(text: &str) -> Result<String> {
    percent_decode_str(text)
        .decode_utf8()
        .map(Into::into)
        .map_err(|_| misconfigured("its URL isn't UTF-8"))
}

fn database(text: &str) -> Result<u32> {
    text.parse()
        .map_err(|_| misconfigured("its database must be a number, as in redis://host:port/0"))
}

/// Sets what stands after the question mark.
pub(crate) fn set(options: RedisOptions, name: &str, value: &str) -> Result<RedisOptions> {
    Ok(match name {
        "db" => options.database(database(value)?),
        "user" | "username" => options.username(value),
        "pass" | "password" => options.password(value),
        "client_name" => options.client_name(value),
        "timeout" | "socket_timeout" => options.timeout(seconds(name, value)?),
        "connect_timeout" | "socket_connect_timeout" => {
            options.connect_timeout(seconds(name, value)?)
        }
        "pool_size" | "max_connections" => options.pool_size(
            value
                .parse()
                .map_err(|_| misconfigured(format!("{name} in its URL must be a number")))?,
        ),
        "ca_file" | "ssl_ca_certs" => options.ca_file(value),
        "cert_file" | "ssl_certfile" => options.cert_file(value),
        "key_file" | "ssl_keyfile" => options.key_file(value),
        "verify_hostname" | "ssl_check_hostname" => options.verify_hostname(flag(name, value)?),
        "verify" => options.verify(flag(name, value)?),
        "ssl_cert_reqs" => match value.to_ascii_lowercase().trim_start_matches("cert_") {
            "none" => options.verify(false),
            "optional" | "required" => options.verify(true),
            _ => {
                return Err(misconfigured(
                    "ssl_cert_reqs in its URL is none or required",
                ));
            }
        },
        // What redis-py does with these makes no difference here.
        "decode_responses"
        | "protocol"
        | "health_check_interval"
        | "retry_on_timeout"
        | "socket_keepalive"
        | "encoding"
        | "encoding_errors"
        | "socket_read_size" => options,
        _ => {
            return Err(misconfigured(format!(
                "its URL has a setting that isn't known here: {}",
                printable(name)
            )));
        }
    })
}

fn seconds(name: &str, value: &str) -> Result<Duration> {
    let seconds = value.parse::<f64>().ok();
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| misconfigured(format!("{name} in its URL must be a number of seconds")))
}

pub(crate) fn flag(name: &str, value: &str) -> Result<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(misconfigured(format!("{name} in its URL is true or false"))),
    }
}

/// A setting's name, as far as it is one; what follows an unencoded "?" in a password isn't.
fn printable(name: &str) -> &str {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    if name.len() <= 40 && name.bytes().all(legal) && name.contains('_') {
        name
    } else {
        "(percent-encode a ? in a password)"
    }
}

#[cfg(test)]
mod tests {
    use flask_session_core::ErrorKind;

    use super::*;

    fn address(url: &str) -> Address {
        parse(url).unwrap().address
    }

    fn tcp(host: &str, port: u16, tls: bool) -> Address {
        let host = host.to_owned();
        Address::Tcp { host, port, tls }
    }

    #[test]
    fn what_is_missing_is_the_local_default() {
        assert_eq!(address("redis://"), tcp("127.0.0.1", 6379, false));
        assert_eq!(address("redis:///3"), tcp("127.0.0.1", 6379, false));
        assert_eq!(parse("redis:///3").unwrap().database, 3);
        assert_eq!(address("redis://cache"), tcp("cache", 6379, false));
        assert_eq!(address("valkeys://h:1"), tcp("h", 1, true));
        assert_eq!(address("rediss://[::1]:7000/"), tcp("::1", 7000, true));
    }

    #[test]
    fn user_and_password_are_decoded() {
        let options = parse("redis://a%40b:p%2Fw+%3D%26%25@h:1/2").unwrap();
        assert_eq!(options.username.as_deref(), Some("a@b"));
        assert_eq!(options.password.as_deref(), Some("p/w+=&%"));
        let options = parse("redis://:only@h").unwrap();
        assert_eq!(options.username, None);
        assert_eq!(options.password.as_deref(), Some("only"));
    }

    #[test]
    fn a_unix_socket_is_a_path() {
        let options = parse("unix:///run/redis%20one.sock?db=4&password=x").unwrap();
        assert_eq!(options.address, Address::Unix("/run/redis one.sock".into()));
        assert_eq!(options.database, 4);
        assert_eq!(options.password.as_deref(), Some("x"));
        let options = parse("redis+unix://user:word@/run/s").unwrap();
        assert_eq!(options.address, Address::Unix("/run/s".into()));
        assert_eq!(options.password.as_deref(), Some("word"));
    }

    #[test]
    fn what_redis_py_says_after_the_question_mark_is_understood() {
        let options = parse(
            "rediss://h/0?ssl_cert_reqs=CERT_NONE&ssl_check_hostname=false&socket_timeout=0.5\
             &socket_connect_timeout=2&max_connections=7&client_name=web&decode_responses=True",
        )
        .unwrap();
        assert!(!options.tls.verify && !options.tls.verify_hostname);
        assert_eq!(options.timeout, Duration::from_millis(500));
        assert_eq!(options.connect_timeout, Duration::from_secs(2));
        assert_eq!(options.pool_size, 7);
        assert_eq!(options.client_name.as_deref(), Some("web"));
    }

    #[test]
    fn what_cannot_be_right_is_misconfigured_and_quotes_no_password() {
        for url in [
            "",
            "127.0.0.1:6379",
            "http://:hidden@h",
            "redis://h:port/0",
            "redis://:hid#den@h/0",
            "redis://:hid?den@h/0",
            "redis://:hidden@h/zero",
            "redis://:hidden@h/0?hidden=1",
            "redis://:hidden@h/0?socket_timeout=x",
            "unix://",
        ] {
            let error = parse(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Misconfigured, "{url}");
            let text = format!("{error} {error:?}");
            assert!(
                text.contains("SESSION_REDIS") && !text.contains("hid"),
                "{text}"
            );
        }
    }

    #[test]
    fn debug_shows_no_password() {
        let options = parse("redis://user:hidden@h").unwrap();
        assert!(!format!("{options:?}").contains("hidden"));
    }
}
