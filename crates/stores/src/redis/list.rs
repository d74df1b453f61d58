//! Listing, by SCAN.

use flask_session_core::{Cursor, Deadline, Error, ErrorKind, Key, Page, Result};
use redis::Value;

use super::body::Body;
use super::reply;
use super::wire::Wire;

/// The most keys that the server looks at in one SCAN; others wait for so long.
const STEP: usize = 1000;

/// The most SCANs for one page: among many keys of others, a page may end early, even empty.
const ROUNDS: usize = 200;

/// Where a listing goes on: a position of SCAN, and how many of the keys there were shown.
///
/// SCAN shows each key that is there from the first page to the last, but may repeat one, on
/// another page too, if the server resizes its table meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Position {
    scan: u64,
    shown: usize,
}

impl Position {
    fn read(cursor: Option<&Cursor>) -> Result<Self> {
        let Some(cursor) = cursor else {
            return Ok(Self::default());
        };
        let numbers = cursor.as_str().split_once('+');
        let position = numbers.and_then(|(scan, shown)| {
            Some(Self {
                scan: scan.parse().ok()?,
                shown: shown.parse().ok()?,
            })
        });
        position.ok_or_else(|| Error::new(ErrorKind::Unexpected, "no cursor of this store"))
    }

    fn cursor(self) -> Cursor {
        Cursor::new(format!("{}+{}", self.scan, self.shown))
    }
}

impl<W: Wire> Body<W> {
    pub(super) async fn list(
        &self,
        prefix: &str,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page> {
        let deadline = self.deadline();
        let pattern = pattern(prefix);
        let mut position = Position::read(cursor)?;
        let mut keys: Vec<Key> = Vec::new();
        let mut count = limit.clamp(1, STEP);
        for _ in 0..ROUNDS {
            let room = limit.max(1) - keys.len();
            // What was shown of a position was counted in a step of one.
            let step = if position.shown > 0 { 1 } else { count };
            let (next, found) = self.scan(position.scan, &pattern, step, &deadline).await?;
            let fresh = found.get(position.shown..).unwrap_or_default();
            if fresh.len() > room && step > 1 {
                // Look again in smaller steps, so that none has more than fit.
                count = step / 2;
                continue;
            }
            keys.extend(fresh.iter().take(room).cloned());
            if fresh.len() > room {
                position.shown += room;
                let next = Some(position.cursor());
                return Ok(Page { keys, next });
            }
            position = Position {
                scan: next,
                shown: 0,
            };
            if next == 0 {
                return Ok(Page { keys, next: None });
            }
            if keys.len() >= limit.max(1) {
                break;
            }
            // Where few keys match, larger steps reach the next of them sooner.
            if fresh.is_empty() {
                count = (count * 2).min(STEP);
            }
        }
        let next = Some(position.cursor());
        Ok(Page { keys, next })
    }

    async fn scan(
        &self,
        position: u64,
        pattern: &[u8],
        count: usize,
        deadline: &Deadline,
    ) -> Result<(u64, Vec<Key>)> {
        let mut command = redis::cmd("SCAN");
        command.arg(position).arg("MATCH").arg(pattern);
        command.arg("COUNT").arg(count);
        let reply = reply::sole(self.ask(&[&command], deadline).await?)?;
        if let Value::ServerError(refusal) = &reply {
            return Err(reply::refused(refusal));
        }
        let Value::Array(parts) = reply else {
            return Err(reply::unforeseen());
        };
        let [Value::BulkString(next), Value::Array(found)] = parts.as_slice() else {
            return Err(reply::unforeseen());
        };
        let next = std::str::from_utf8(next)
            .ok()
            .and_then(|next| next.parse().ok());
        // A key that is no text isn't one of ours.
        let mut keys: Vec<Key> = found
            .iter()
            .filter_map(|key| match key {
                Value::BulkString(key) => std::str::from_utf8(key).ok(),
                _ => None,
            })
            .map(Key::from_text)
            .collect();
        keys.sort_unstable();
        keys.dedup();
        Ok((next.ok_or_else(reply::unforeseen)?, keys))
    }
}

/// The pattern that matches what starts with `prefix`, taken literally.
fn pattern(prefix: &str) -> Vec<u8> {
    let mut pattern = Vec::with_capacity(prefix.len() + 1);
    for byte in prefix.bytes() {
        if b"\\*?[]^-".contains(&byte) {
            pattern.push(b'\\');
        }
        pattern.push(byte);
    }
    pattern.push(b'*');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_matched_literally() {
        assert_eq!(pattern("session:"), b"session:*");
        assert_eq!(pattern("a*[b]?\\"), br"a\*\[b\]\?\\*");
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let position = Position { scan: 42, shown: 3 };
        assert_eq!(Position::read(Some(&position.cursor())).unwrap(), position);
        assert_eq!(Position::read(None).unwrap(), Position::default());
        assert!(Position::read(Some(&Cursor::new("x"))).is_err());
    }
}
