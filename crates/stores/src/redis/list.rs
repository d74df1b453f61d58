//! Listing, by SCAN.

use flask_session_core::{Cursor, Deadline, Error, ErrorKind, Key, Page, Result};
use redis::Value;

use super::body::{Body, Target};
use super::reply;
use super::wire::{Part, Wire};

/// The most keys that the server looks at in one SCAN; others wait for so long.
const STEP: usize = 1000;

/// The most SCANs for one page: among many keys of others, a page may end early, even empty.
const ROUNDS: usize = 200;

/// Where a listing goes on: which part of the keys, a position of SCAN there, and how many of the
/// keys at it were shown.
///
/// SCAN shows each key that is there from the first page to the last, but may repeat one, on
/// another page too, if the server resizes its table meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Position {
    part: Part,
    scan: u64,
    shown: usize,
}

impl Position {
    /// Where `part` begins.
    fn start(part: Part) -> Self {
        Self {
            part,
            scan: 0,
            shown: 0,
        }
    }

    fn read(cursor: &Cursor) -> Result<Self> {
        let mut words = cursor.as_str().splitn(4, '+');
        let mut read = || {
            Some(Self {
                scan: words.next()?.parse().ok()?,
                shown: words.next()?.parse().ok()?,
                part: Part {
                    first: words.next()?.parse().ok()?,
                    server: words.next()?.to_owned(),
                },
            })
        };
        read().ok_or_else(|| Error::new(ErrorKind::Unexpected, "no cursor of this store"))
    }

    fn cursor(&self) -> Cursor {
        let (scan, shown, part) = (self.scan, self.shown, &self.part);
        Cursor::new(format!("{scan}+{shown}+{}+{}", part.first, part.server))
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
        let mut keys: Vec<Key> = Vec::new();
        let Some(mut position) = self.position(cursor, &deadline).await? else {
            return Ok(Page { keys, next: None });
        };
        let mut count = limit.clamp(1, STEP);
        for _ in 0..ROUNDS {
            let room = limit.max(1) - keys.len();
            // What was shown of a position was counted in a step of one.
            let step = if position.shown > 0 { 1 } else { count };
            let (next, found) = self.scan(&position, &pattern, step, &deadline).await?;
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
            (position.scan, position.shown) = (next, 0);
            if next == 0 {
                let following = position.part.first.saturating_add(1);
                let Some(part) = self.wire.part(following, &deadline).await? else {
                    return Ok(Page { keys, next: None });
                };
                position = Position::start(part);
                count = limit.clamp(1, STEP);
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

    /// Where to go on. Another server than the cursor's scans its part from the start.
    async fn position(
        &self,
        cursor: Option<&Cursor>,
        deadline: &Deadline,
    ) -> Result<Option<Position>> {
        let read = cursor.map(Position::read).transpose()?;
        let from = read.as_ref().map_or(0, |position| position.part.first);
        let part = self.wire.part(from, deadline).await?;
        Ok(part.map(|part| match read {
            Some(position) if position.part == part => position,
            _ => Position::start(part),
        }))
    }

    async fn scan(
        &self,
        position: &Position,
        pattern: &[u8],
        count: usize,
        deadline: &Deadline,
    ) -> Result<(u64, Vec<Key>)> {
        let mut command = redis::cmd("SCAN");
        command.arg(position.scan).arg("MATCH").arg(pattern);
        command.arg("COUNT").arg(count);
        let target = Target::Part(&position.part);
        let reply = reply::sole(self.ask(target, &[&command], deadline).await?)?;
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
        for server in ["", "::1:7000"] {
            let position = Position {
                part: Part {
                    first: 5461,
                    server: server.to_owned(),
                },
                scan: 42,
                shown: 3,
            };
            assert_eq!(Position::read(&position.cursor()).unwrap(), position);
        }
        assert!(Position::read(&Cursor::new("x")).is_err());
    }
}
