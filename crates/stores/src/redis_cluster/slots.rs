//! Which server has which keys.

use crc16::{State, XMODEM};
use flask_session_core::{Error, ErrorKind, Result};
use redis::Value;

use crate::redis::{Address, misconfigured, reply};

/// Into so many slots a cluster divides its keys.
const COUNT: u16 = 16384;

/// The slot of `key`: of what stands between its first braces, if anything does.
pub(super) fn slot(key: &str) -> u16 {
    let tag = key
        .split_once('{')
        .and_then(|(_, rest)| rest.split_once('}'));
    let tag = tag.map(|(tag, _)| tag).filter(|tag| !tag.is_empty());
    State::<XMODEM>::calculate(tag.unwrap_or(key).as_bytes()) % COUNT
}

/// A cluster as one of its servers sees it.
#[derive(Debug)]
pub(super) struct Slots {
    /// In the order of their slots.
    ranges: Vec<Range>,
    replicas: Vec<Address>,
}

#[derive(Debug)]
struct Range {
    first: u16,
    last: u16,
    primary: Address,
}

impl Slots {
    /// Reads what the server at `asked` answered to CLUSTER SLOTS.
    pub(super) fn read(reply: &Value, asked: &Address) -> Result<Self> {
        let entries = match reply {
            Value::Array(entries) if entries.is_empty() => {
                let detail = "the cluster's servers have no slots yet";
                return Err(Error::new(ErrorKind::Unreachable, detail));
            }
            Value::Array(entries) => entries,
            Value::ServerError(refusal) if refusal.code() == "ERR" => {
                return Err(misconfigured(
                    "the server is in no cluster; the URL of a single one begins with redis://",
                ));
            }
            Value::ServerError(refusal) => return Err(reply::refused(refusal)),
            _ => return Err(reply::unforeseen()),
        };
        let (mut ranges, mut replicas) = (Vec::new(), Vec::new());
        for entry in entries {
            let Value::Array(words) = entry else {
                return Err(reply::unforeseen());
            };
            let [Value::Int(first), Value::Int(last), primary, others @ ..] = words.as_slice()
            else {
                return Err(reply::unforeseen());
            };
            let (Ok(first), Ok(last)) = (u16::try_from(*first), u16::try_from(*last)) else {
                return Err(reply::unforeseen());
            };
            replicas.extend(others.iter().filter_map(|node| server(node, asked)));
            // One whose address isn't known can't be asked; its slots have no server for now.
            if let Some(primary) = server(primary, asked) {
                ranges.push(Range {
                    first,
                    last,
                    primary,
                });
            }
        }
        ranges.sort_unstable_by_key(|range| range.first);
        Ok(Self { ranges, replicas })
    }

    /// The server that has `slot`.
    pub(super) fn owner(&self, slot: u16) -> Option<&Address> {
        let place = self.ranges.partition_point(|range| range.last < slot);
        let range = self.ranges.get(place)?;
        (range.first <= slot).then_some(&range.primary)
    }

    /// The server whose first slot is the next at or after `from`, and that slot.
    pub(super) fn part(&self, from: u16) -> Option<(u16, &Address)> {
        let mut seen: Vec<&Address> = Vec::new();
        for range in &self.ranges {
            if seen.contains(&&range.primary) {
                continue;
            }
            if range.first >= from {
                return Some((range.first, &range.primary));
            }
            seen.push(&range.primary);
        }
        None
    }

    /// All servers, those that have slots first; some several times.
    pub(super) fn servers(&self) -> impl Iterator<Item = &Address> {
        let primaries = self.ranges.iter().map(|range| &range.primary);
        primaries.chain(&self.replicas)
    }
}

/// The server that `words` describe, as the one at `asked` says it.
fn server(words: &Value, asked: &Address) -> Option<Address> {
    let Value::Array(words) = words else {
        return None;
    };
    let [host, Value::Int(port), ..] = words.as_slice() else {
        return None;
    };
    let host = match host {
        Value::BulkString(host) => std::str::from_utf8(host).ok()?,
        Value::Nil => "",
        _ => return None,
    };
    named(host, u16::try_from(*port).ok()?, asked)
}

/// The server at `host`, of which the one at `asked` spoke: an empty name is its own.
pub(super) fn named(host: &str, port: u16, asked: &Address) -> Option<Address> {
    let Address::Tcp { host: own, tls, .. } = asked else {
        return None;
    };
    let host = match host {
        "?" => return None,
        "" => own,
        host => host,
    };
    Some(Address::Tcp {
        host: host.to_owned(),
        port,
        tls: *tls,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Address {
        Address::Tcp {
            host: "asked".to_owned(),
            port: 1,
            tls: true,
        }
    }

    fn node(host: &str, port: i64) -> Value {
        Value::Array(vec![Value::BulkString(host.into()), Value::Int(port)])
    }

    fn slots(entries: Vec<(i64, i64, Vec<Value>)>) -> Slots {
        let entries = entries.into_iter().map(|(first, last, nodes)| {
            let bounds = [Value::Int(first), Value::Int(last)];
            Value::Array(bounds.into_iter().chain(nodes).collect())
        });
        Slots::read(&Value::Array(entries.collect()), &asked()).unwrap()
    }

    fn shown(address: Option<&Address>) -> Option<String> {
        address.map(ToString::to_string)
    }

    #[test]
    fn a_key_has_the_slot_that_redis_gives_it() {
        // What CLUSTER KEYSLOT answers.
        assert_eq!(slot("123456789"), 12739);
        assert_eq!(slot("session:abc"), slot("session:abc"));
        assert_eq!(slot("{user}.session"), slot("user"));
        assert_eq!(slot("a{user}{other}"), slot("user"));
        assert_eq!(
            slot("{}{user}"),
            State::<XMODEM>::calculate(b"{}{user}") % COUNT
        );
    }

    #[test]
    fn a_slot_has_one_server_or_none() {
        let slots = slots(vec![
            (100, 200, vec![node("two", 2), node("replica", 4)]),
            (0, 50, vec![node("", 7)]),
            (201, 300, vec![node("?", 5), node("replica", 6)]),
        ]);
        assert_eq!(shown(slots.owner(0)).unwrap(), "asked:7");
        assert_eq!(shown(slots.owner(50)).unwrap(), "asked:7");
        assert_eq!(slots.owner(51), None);
        assert_eq!(shown(slots.owner(150)).unwrap(), "two:2");
        assert_eq!(slots.owner(250), None);
        assert_eq!(slots.owner(16383), None);
        let servers: Vec<_> = slots.servers().map(ToString::to_string).collect();
        assert_eq!(servers, ["asked:7", "two:2", "replica:4", "replica:6"]);
        assert!(slots.servers().all(Address::is_secure));
    }

    #[test]
    fn each_server_is_one_part_however_many_ranges_it_has() {
        let slots = slots(vec![
            (0, 9, vec![node("one", 1)]),
            (10, 19, vec![node("two", 2)]),
            (20, 29, vec![node("one", 1)]),
            (30, 39, vec![node("three", 3)]),
        ]);
        let part = |from| slots.part(from).map(|(first, at)| (first, at.to_string()));
        assert_eq!(part(0), Some((0, "one:1".to_owned())));
        assert_eq!(part(1), Some((10, "two:2".to_owned())));
        assert_eq!(part(11), Some((30, "three:3".to_owned())));
        assert_eq!(part(31), None);
    }
}
