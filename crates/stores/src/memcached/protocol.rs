//! memcached's text protocol: requests, and what the server answers.
//!
//! The server's own words never enter an error: it may quote a key in them.

use bytes::Bytes;
use flask_session_core::{Error, ErrorKind, Result};

/// The longest key that a server takes.
pub(super) const LONGEST_KEY: usize = 250;

/// The longest line that a server sends: a VALUE line with its key.
const LONGEST_LINE: usize = 2048;

/// The largest item that any server can be configured for.
const LARGEST: usize = 1024 * 1024 * 1024;

/// One request, as it goes out in one write.
#[derive(Clone)]
pub(super) struct Request {
    packed: Vec<u8>,
    key: String,
}

/// What a storage command requires of the record that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    None,
    Absent,
    /// Any record, but one: where the server has no cas numbers.
    Present,
    Cas(u64),
}

impl Request {
    fn line(key: &str, words: &str) -> Self {
        Self {
            packed: format!("{words}\r\n").into_bytes(),
            key: key.to_owned(),
        }
    }

    /// The payload and its cas number.
    pub(super) fn gets(key: &str) -> Self {
        Self::line(key, &format!("gets {key}"))
    }

    /// As `gets`, with a new life.
    pub(super) fn gats(key: &str, expiry: u64) -> Self {
        Self::line(key, &format!("gats {expiry} {key}"))
    }

    pub(super) fn touch(key: &str, expiry: u64) -> Self {
        Self::line(key, &format!("touch {key} {expiry}"))
    }

    pub(super) fn delete(key: &str) -> Self {
        Self::line(key, &format!("delete {key}"))
    }

    /// Deletes the record that has this cas number; servers before 1.6 don't know the command.
    pub(super) fn delete_if(key: &str, cas: u64) -> Self {
        Self::line(key, &format!("md {key} C{cas}"))
    }

    /// Replaces the record that has this cas number by one that has expired already.
    pub(super) fn bury_if(key: &str, cas: u64) -> Self {
        Self::line(key, &format!("cas {key} 0 -1 0 {cas}\r\n"))
    }

    pub(super) fn store(key: &str, payload: &[u8], expiry: u64, condition: Condition) -> Self {
        let length = payload.len();
        let head = match condition {
            Condition::None => format!("set {key} 0 {expiry} {length}"),
            Condition::Absent => format!("add {key} 0 {expiry} {length}"),
            Condition::Present => format!("replace {key} 0 {expiry} {length}"),
            Condition::Cas(cas) => format!("cas {key} 0 {expiry} {length} {cas}"),
        };
        let mut request = Self::line(key, &head);
        request.packed.reserve_exact(length + 2);
        request.packed.extend_from_slice(payload);
        request.packed.extend_from_slice(b"\r\n");
        request
    }

    /// How the server is configured.
    pub(super) fn settings() -> Self {
        Self::line("", "stats settings")
    }

    pub(super) fn packed(&self) -> &[u8] {
        &self.packed
    }
}

/// What the server answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// A record and its cas number.
    Found(Bytes, u64),
    /// There is none.
    Missing,
    /// Stored, touched or deleted.
    Done,
    /// The condition doesn't hold: another cas number, or a record where none was expected.
    Differs,
    /// Name and value of each setting that was asked for.
    Settings(Vec<(String, String)>),
    /// The server doesn't know the command.
    Unknown,
    /// The server could not do it.
    Failed(Failure),
}

/// Why the server could not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    TooLarge,
    OutOfMemory,
    TooManyConnections,
    Other,
}

impl Failure {
    pub(super) fn error(self) -> Error {
        match self {
            Self::TooLarge => Error::new(ErrorKind::TooLarge, "the server takes less for one item"),
            Self::OutOfMemory => Error::new(
                ErrorKind::Refused,
                "the server is out of memory and evicts nothing for this",
            ),
            Self::TooManyConnections => Error::new(
                ErrorKind::Unreachable,
                "the server has reached its maximum of connections",
            ),
            Self::Other => Error::new(ErrorKind::Unexpected, "the server answered with an error"),
        }
    }
}

/// Whether the reply that begins `received` has arrived, and how long it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    /// At least so many bytes are needed.
    Incomplete(usize),
    Whole(Reply, usize),
}

/// Reads the reply to `request` from what has been received.
pub(super) fn parse(request: &Request, received: &[u8]) -> Result<Parsed> {
    let Some(line) = line(received)? else {
        return Ok(Parsed::Incomplete(received.len() + 1));
    };
    let length = line.len() + 2;
    let whole = |reply| Ok(Parsed::Whole(reply, length));
    match line {
        b"STORED" | b"DELETED" | b"TOUCHED" | b"HD" => whole(Reply::Done),
        b"END" if request.key.is_empty() => whole(Reply::Settings(Vec::new())),
        b"END" | b"NOT_FOUND" | b"NF" => whole(Reply::Missing),
        b"EXISTS" | b"NOT_STORED" | b"EX" => whole(Reply::Differs),
        b"ERROR" => whole(Reply::Unknown),
        _ if line.starts_with(b"VALUE ") => value(request, received, line),
        _ if line.starts_with(b"STAT ") => settings(received),
        _ if line.starts_with(b"SERVER_ERROR object too large") => {
            whole(Reply::Failed(Failure::TooLarge))
        }
        _ if line.starts_with(b"SERVER_ERROR out of memory") => {
            whole(Reply::Failed(Failure::OutOfMemory))
        }
        _ if line.starts_with(b"ERROR Too many open connections") => {
            whole(Reply::Failed(Failure::TooManyConnections))
        }
        _ if ["SERVER_ERROR ", "CLIENT_ERROR ", "ERROR "]
            .iter()
            .any(|word| line.starts_with(word.as_bytes())) =>
        {
            whole(Reply::Failed(Failure::Other))
        }
        _ => Err(not_memcached()),
    }
}

/// The first line, without its end, if it is there.
fn line(received: &[u8]) -> Result<Option<&[u8]>> {
    match received.windows(2).position(|end| end == b"\r\n") {
        Some(end) => Ok(Some(&received[..end])),
        None if received.len() > LONGEST_LINE => Err(not_memcached()),
        None => Ok(None),
    }
}

/// `VALUE key flags length cas`, the payload, `END`.
fn value(request: &Request, received: &[u8], line: &[u8]) -> Result<Parsed> {
    let words: Vec<&str> = std::str::from_utf8(line)
        .map_err(|_| not_memcached())?
        .split(' ')
        .collect();
    let [_, key, _flags, length, cas] = words[..] else {
        return Err(not_memcached());
    };
    if key != request.key {
        return Err(Error::new(
            ErrorKind::Unexpected,
            "the connection is out of step with the server and was closed",
        ));
    }
    let length: usize = length.parse().map_err(|_| not_memcached())?;
    let cas = cas.parse().map_err(|_| not_memcached())?;
    if length > LARGEST {
        return Err(not_memcached());
    }
    let begin = line.len() + 2;
    let end = begin + length;
    let closing = b"\r\nEND\r\n";
    let whole = end + closing.len();
    if received.len() < whole {
        return Ok(Parsed::Incomplete(whole));
    }
    if &received[end..whole] != closing {
        return Err(not_memcached());
    }
    let payload = Bytes::copy_from_slice(&received[begin..end]);
    Ok(Parsed::Whole(Reply::Found(payload, cas), whole))
}

/// `STAT name value` lines up to `END`.
fn settings(received: &[u8]) -> Result<Parsed> {
    let mut found = Vec::new();
    let mut read = 0;
    while let Some(next) = line(&received[read..])? {
        read += next.len() + 2;
        if next == b"END" {
            return Ok(Parsed::Whole(Reply::Settings(found), read));
        }
        let text = String::from_utf8_lossy(next);
        let mut words = text.splitn(3, ' ');
        match (words.next(), words.next(), words.next()) {
            (Some("STAT"), Some(name), value) => {
                found.push((name.to_owned(), value.unwrap_or_default().to_owned()));
            }
            _ => return Err(not_memcached()),
        }
        if read > 64 * LONGEST_LINE {
            return Err(not_memcached());
        }
    }
    Ok(Parsed::Incomplete(received.len() + 1))
}

fn not_memcached() -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "what answers there doesn't speak memcached's protocol",
    )
}

/// Whether a server takes `key`. What has a space or a control character would be read as
/// something else; longer keys are refused.
pub(super) fn is_legal(key: &str) -> bool {
    let legal = |byte: u8| byte > b' ' && byte != 0x7f;
    !key.is_empty() && key.len() <= LONGEST_KEY && key.bytes().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(received: &str) -> Parsed {
        parse(&Request::gets("session:a"), received.as_bytes()).unwrap()
    }

    #[test]
    fn a_value_is_read_whatever_its_bytes() {
        let received = "VALUE session:a 0 7 42\r\n\r\nEND\r\n\r\nEND\r\n";
        let reply = Reply::Found("\r\nEND\r\n".into(), 42);
        assert_eq!(parsed(received), Parsed::Whole(reply, received.len()));
        for cut in 1..received.len() {
            assert!(matches!(parsed(&received[..cut]), Parsed::Incomplete(_)));
        }
    }

    #[test]
    fn a_value_of_another_key_is_refused() {
        let received = b"VALUE session:b 0 1 1\r\nx\r\nEND\r\n";
        let error = parse(&Request::gets("session:a"), received).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unexpected);
        assert!(!error.to_string().contains("session:"), "{error}");
    }

    #[test]
    fn what_the_server_could_not_do_has_a_kind_and_none_of_its_words() {
        for (line, failure, kind) in [
            (
                "SERVER_ERROR object too large for cache",
                Failure::TooLarge,
                ErrorKind::TooLarge,
            ),
            (
                "SERVER_ERROR out of memory storing object",
                Failure::OutOfMemory,
                ErrorKind::Refused,
            ),
            (
                "ERROR Too many open connections",
                Failure::TooManyConnections,
                ErrorKind::Unreachable,
            ),
            (
                "CLIENT_ERROR session:secret",
                Failure::Other,
                ErrorKind::Unexpected,
            ),
        ] {
            let whole = Parsed::Whole(Reply::Failed(failure), line.len() + 2);
            assert_eq!(parsed(&format!("{line}\r\n")), whole);
            assert_eq!(failure.error().kind(), kind);
            assert!(!failure.error().to_string().contains("secret"));
        }
    }

    #[test]
    fn what_is_no_answer_of_a_memcached_is_told_from_one() {
        for received in [
            "HTTP/1.1 400 Bad Request\r\n",
            "VALUE session:a\r\n",
            "VALUE session:a 0 99999999999999999999 1\r\n",
            &"x".repeat(LONGEST_LINE + 1),
        ] {
            let error = parse(&Request::gets("session:a"), received.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unexpected);
        }
    }

    #[test]
    fn settings_are_names_and_values() {
        let received = b"STAT maxbytes 67108864\r\nSTAT inter \r\nEND\r\n";
        let settings = vec![
            ("maxbytes".to_owned(), "67108864".to_owned()),
            ("inter".to_owned(), String::new()),
        ];
        assert_eq!(
            parse(&Request::settings(), received).unwrap(),
            Parsed::Whole(Reply::Settings(settings), received.len())
        );
    }

    #[test]
    fn a_key_that_the_server_would_read_otherwise_is_illegal() {
        for key in [
            "",
            "a b",
            "a\r\nflush_all",
            "a\0",
            "a\x7f",
            &"x".repeat(251),
        ] {
            assert!(!is_legal(key), "{key:?}");
        }
        for key in ["a", "session:caf\u{e9}", &"x".repeat(250)] {
            assert!(is_legal(key), "{key:?}");
        }
    }
}
