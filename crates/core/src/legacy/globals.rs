//! The names that a pickle may use, and what each builds. Nothing is imported or called.

use std::fmt::Write;

use super::nodes::{Id, Node, Nodes, Zone};
use super::{broken, integer, refused, strings};
use crate::codec::text;
use crate::{Result, Value};

/// A name that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Global {
    Set,
    FrozenSet,
    Bytes,
    ByteArray,
    /// The base of every class.
    Object,
    Text,
    /// What a defaultdict may make by itself; it comes back as a plain dict.
    Factory,
    Date,
    Time,
    DateTime,
    TimeDelta,
    TimeZone,
    ZoneInfo,
    /// pytz's names: UTC; a fixed offset in minutes; a zone and the offset that it has then.
    PytzUtc,
    PytzOffset,
    PytzZone,
    /// dateutil's classes.
    DateutilUtc,
    DateutilOffset,
    Decimal,
    Uuid,
    SafeUuid,
    Markup,
    OrderedDict,
    DefaultDict,
    Deque,
    /// `_codecs.encode`: how protocols 0 to 2 write bytes.
    Encode,
    /// `copyreg._reconstructor`: how protocols 0 and 1 write objects.
    Reconstructor,
}

impl Global {
    /// Looks a name up, as Python 2 or Python 3 spells it.
    pub(super) fn find(module: &str, name: &str) -> Result<Self> {
        Ok(match (module, name) {
            ("builtins" | "__builtin__", name) => match name {
                "set" => Self::Set,
                "frozenset" => Self::FrozenSet,
                "bytes" => Self::Bytes,
                "bytearray" => Self::ByteArray,
                "object" => Self::Object,
                "str" | "unicode" => Self::Text,
                "list" | "dict" | "tuple" | "int" | "long" | "float" | "bool" => Self::Factory,
                _ => return Err(refused(module, name)),
            },
            ("datetime", "date") => Self::Date,
            ("datetime", "time") => Self::Time,
            ("datetime", "datetime") => Self::DateTime,
            ("datetime", "timedelta") => Self::TimeDelta,
            ("datetime", "timezone") => Self::TimeZone,
            ("zoneinfo", "ZoneInfo._unpickle") => Self::ZoneInfo,
            ("pytz", "_UTC") => Self::PytzUtc,
            ("pytz", "FixedOffset") => Self::PytzOffset,
            ("pytz", "_p") => Self::PytzZone,
            ("dateutil.tz.tz" | "dateutil.tz", "tzutc") => Self::DateutilUtc,
            ("dateutil.tz.tz" | "dateutil.tz", "tzoffset") => Self::DateutilOffset,
            ("decimal", "Decimal") => Self::Decimal,
            ("uuid", "UUID") => Self::Uuid,
            ("uuid", "SafeUUID") => Self::SafeUuid,
            ("markupsafe", "Markup") => Self::Markup,
            ("collections", "OrderedDict") => Self::OrderedDict,
            ("collections", "defaultdict") => Self::DefaultDict,
            ("collections" | "_collections", "deque") => Self::Deque,
            ("_codecs", "encode") => Self::Encode,
            ("copyreg" | "copy_reg", "_reconstructor") => Self::Reconstructor,
            _ => return Err(refused(module, name)),
        })
    }

    /// The name, for a message.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::FrozenSet => "frozenset",
            Self::Bytes => "bytes",
            Self::ByteArray => "bytearray",
            Self::Object => "object",
            Self::Text => "str",
            Self::Factory => "type",
            Self::Date => "date",
            Self::Time => "time",
            Self::DateTime => "datetime",
            Self::TimeDelta => "timedelta",
            Self::TimeZone => "timezone",
            Self::ZoneInfo => "ZoneInfo",
            Self::PytzUtc => "_UTC",
            Self::PytzOffset => "FixedOffset",
            Self::PytzZone => "_p",
            Self::DateutilUtc => "tzutc",
            Self::DateutilOffset => "tzoffset",
            Self::Decimal => "Decimal",
            Self::Uuid => "UUID",
            Self::SafeUuid => "SafeUUID",
            Self::Markup => "Markup",
            Self::OrderedDict => "OrderedDict",
            Self::DefaultDict => "defaultdict",
            Self::Deque => "deque",
            Self::Encode => "encode",
            Self::Reconstructor => "_reconstructor",
        }
    }

    /// What the name gives for these arguments.
    pub(super) fn build(self, arguments: &[Id], nodes: &Nodes) -> Result<Node> {
        let unexpected = || {
            let name = self.name();
            broken(&format!("{name} is made in a way that isn't known"))
        };
        let arguments: Vec<&Node> = arguments.iter().map(|id| nodes.get(*id)).collect();
        let node = match self {
            Self::Set => elements(&arguments).map(Node::Set),
            Self::FrozenSet => elements(&arguments).map(Node::FrozenSet),
            Self::Bytes => byte_string(&arguments).map(|bytes| Node::Leaf(Value::Bytes(bytes))),
            Self::ByteArray => {
                byte_string(&arguments).map(|bytes| Node::Leaf(Value::ByteArray(bytes)))
            }
            Self::Encode => encoded(&arguments).map(|bytes| Node::Leaf(Value::Bytes(bytes))),
            Self::Date => date(&arguments),
            Self::Time => time(&arguments),
            Self::DateTime => date_time(&arguments),
            Self::TimeDelta => time_delta(&arguments),
            Self::TimeZone => time_zone(&arguments),
            Self::ZoneInfo => return zone_info(&arguments),
            Self::PytzUtc | Self::DateutilUtc => arguments.is_empty().then(utc),
            Self::PytzOffset => pytz_offset(&arguments),
            Self::PytzZone => return pytz_zone(&arguments),
            Self::Decimal => leaf_text(&arguments, text::is_decimal, Value::Decimal),
            Self::Markup => leaf_text(&arguments, |_| true, Value::Markup),
            Self::Uuid => arguments.is_empty().then_some(Node::EmptyUuid),
            Self::SafeUuid => Some(Node::Ignored),
            Self::OrderedDict => ordered(&arguments, nodes),
            Self::DefaultDict => match arguments[..] {
                [] | [Node::Leaf(Value::Nil)] => Some(Node::Dict(Vec::new())),
                [Node::Global(Self::Factory | Self::Set | Self::Text | Self::FrozenSet)] => {
                    Some(Node::Dict(Vec::new()))
                }
                _ => None,
            },
            Self::Deque => deque(&arguments),
            Self::Reconstructor => reconstructed(&arguments),
            Self::DateutilOffset => arguments.is_empty().then_some(Node::EmptyZone),
            Self::Object | Self::Text | Self::Factory => None,
        };
        node.ok_or_else(unexpected)
    }
}

fn elements(arguments: &[&Node]) -> Option<Vec<Id>> {
    match arguments {
        [] => Some(Vec::new()),
        [Node::List(items) | Node::Tuple(items) | Node::Set(items)] => Some(items.clone()),
        _ => None,
    }
}

fn byte_string(arguments: &[&Node]) -> Option<Vec<u8>> {
    match arguments {
        [] => Some(Vec::new()),
        [Node::Leaf(Value::Bytes(bytes))] => Some(bytes.clone()),
        _ => encoded(arguments),
    }
}

fn encoded(arguments: &[&Node]) -> Option<Vec<u8>> {
    let [
        Node::Leaf(Value::Str(text)),
        Node::Leaf(Value::Str(encoding)),
    ] = arguments
    else {
        return None;
    };
    matches!(encoding.as_str(), "latin1" | "latin-1")
        .then(|| strings::latin_1(text))
        .flatten()
}

/// The packed state of a date or time; Python 2 wrote it as a string.
fn packed(node: &Node) -> Option<&[u8]> {
    match node {
        Node::Leaf(Value::Bytes(bytes)) => Some(bytes),
        Node::Leaf(Value::Str(text)) => Some(text.as_bytes()),
        _ => None,
    }
}

fn date_text(state: &[u8]) -> Option<String> {
    let [high, low, month, day] = state else {
        return None;
    };
    let year = u16::from_be_bytes([*high, *low]);
    // The highest bit of the month marks the second of two equal hours.
    let text = format!("{year:04}-{:02}-{day:02}", month & 0x7f);
    text::is_date(&text).then_some(text)
}

fn time_text(state: &[u8]) -> Option<String> {
    let [hour, minute, second, microseconds @ ..] = state else {
        return None;
    };
    let [high, middle, low] = microseconds else {
        return None;
    };
    let mut text = format!("{:02}:{minute:02}:{second:02}", hour & 0x7f);
    let microseconds = u32::from_be_bytes([0, *high, *middle, *low]);
    if microseconds > 0 {
        let _ = write!(text, ".{microseconds:06}");
    }
    text::is_time(&text).then_some(text)
}

fn date(arguments: &[&Node]) -> Option<Node> {
    let [state] = arguments else { return None };
    let text = date_text(packed(state)?)?;
    Some(Node::Leaf(Value::Date(text)))
}

fn time(arguments: &[&Node]) -> Option<Node> {
    let (state, offset) = match arguments {
        [state, Node::Zone(Zone::Offset(offset))] => (state, Some(*offset)),
        // A named zone has no offset without a date.
        [state]
        | [
            state,
            Node::Zone(Zone::Utc(_) | Zone::Named(..)) | Node::Leaf(Value::Nil),
        ] => (state, None),
        _ => return None,
    };
    let mut text = time_text(packed(state)?)?;
    if let Some(offset) = offset {
        text += &text::offset_text(offset);
    }
    Some(Node::Leaf(Value::Time(text)))
}

fn date_time(arguments: &[&Node]) -> Option<Node> {
    let (state, zone) = match arguments {
        [state] | [state, Node::Leaf(Value::Nil)] => (state, None),
        [state, Node::Zone(zone)] => (state, Some(zone)),
        _ => return None,
    };
    let (day, clock) = packed(state)?.split_at_checked(4)?;
    let local = format!("{}T{}", date_text(day)?, time_text(clock)?);
    let Some(zone) = zone else {
        return Some(Node::Leaf(Value::NaiveDateTime(local)));
    };
    let mut moment = text::to_moment(&format!("{local}Z"), "0")?;
    match zone {
        Zone::Offset(offset) => {
            moment.seconds -= i64::from(*offset);
            moment.offset = *offset;
        }
        Zone::Utc(name) => moment.zone = Some(name.clone()),
        Zone::Named(name, offset) => {
            moment.seconds -= i64::from(*offset);
            moment.offset = *offset;
            moment.zone = Some(name.clone());
        }
    }
    Some(Node::Leaf(Value::AwareDateTime(moment)))
}

fn time_delta(arguments: &[&Node]) -> Option<Node> {
    let mut numbers = [0i64; 3];
    for (number, argument) in numbers.iter_mut().zip(arguments) {
        let Node::Leaf(Value::Int(value)) = argument else {
            return None;
        };
        *number = *value;
    }
    let [days, seconds, microseconds] = numbers;
    let fits = arguments.len() <= 3
        && days.abs() <= 999_999_999
        && (0..86_400).contains(&seconds)
        && (0..1_000_000).contains(&microseconds);
    fits.then_some(Node::TimeDelta(
        days,
        u32::try_from(seconds).ok()?,
        u32::try_from(microseconds).ok()?,
    ))
}

fn time_zone(arguments: &[&Node]) -> Option<Node> {
    let [Node::TimeDelta(days, seconds, _), ..] = arguments else {
        return None;
    };
    let offset = i32::try_from(days.checked_mul(86_400)? + i64::from(*seconds)).ok()?;
    (offset.abs() < 86_400).then_some(Node::Zone(Zone::Offset(offset)))
}

/// Only UTC: the local time of any other zone says nothing without a time zone database.
fn zone_info(arguments: &[&Node]) -> Result<Node> {
    if let Some(Node::Leaf(Value::Str(name))) = arguments.first()
        && matches!(name.as_str(), "UTC" | "Etc/UTC")
    {
        return Ok(Node::Zone(Zone::Utc(name.clone())));
    }
    Err(refused("zoneinfo", "ZoneInfo"))
}

fn utc() -> Node {
    Node::Zone(Zone::Utc("UTC".to_owned()))
}

fn pytz_offset(arguments: &[&Node]) -> Option<Node> {
    let [Node::Leaf(Value::Int(minutes))] = arguments else {
        return None;
    };
    let offset = i32::try_from(minutes.checked_mul(60)?).ok()?;
    (offset.abs() < 86_400).then_some(Node::Zone(Zone::Offset(offset)))
}

/// A zone with changing offsets tells the one that it has then; one without says its name alone.
fn pytz_zone(arguments: &[&Node]) -> Result<Node> {
    if let [
        Node::Leaf(Value::Str(name)),
        Node::Leaf(Value::Int(offset)),
        ..,
    ] = arguments
        && let Ok(offset) = i32::try_from(*offset)
        && offset.abs() < 86_400
        && is_zone_name(name)
    {
        return Ok(Node::Zone(Zone::Named(name.clone(), offset)));
    }
    Err(refused("pytz", "_p"))
}

fn is_zone_name(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte);
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.len() <= 64
        && name.bytes().all(legal)
}

fn leaf_text(
    arguments: &[&Node],
    fits: fn(&str) -> bool,
    make: fn(String) -> Value,
) -> Option<Node> {
    match arguments {
        [Node::Leaf(Value::Str(text) | Value::Markup(text))] if fits(text) => {
            Some(Node::Leaf(make(text.clone())))
        }
        [] => fits("").then(|| Node::Leaf(make(String::new()))),
        _ => None,
    }
}

/// Python 2 passed a list of pairs; Python 3 puts the items in afterwards.
fn ordered(arguments: &[&Node], nodes: &Nodes) -> Option<Node> {
    let pairs = match arguments {
        [] => return Some(Node::OrderedDict(Vec::new())),
        [Node::List(pairs)] => pairs.iter(),
        _ => return None,
    };
    let entries = pairs.map(|pair| match nodes.get(*pair) {
        Node::List(pair) | Node::Tuple(pair) => match pair[..] {
            [key, value] => Some((key, value)),
            _ => None,
        },
        _ => None,
    });
    entries.collect::<Option<_>>().map(Node::OrderedDict)
}

fn deque(arguments: &[&Node]) -> Option<Node> {
    match arguments {
        // The second argument is the greatest length, which isn't kept.
        [] => Some(Node::Deque(Vec::new())),
        [Node::List(items) | Node::Tuple(items)]
        | [
            Node::List(items) | Node::Tuple(items),
            Node::Leaf(Value::Int(_) | Value::Nil),
        ] => Some(Node::Deque(items.clone())),
        _ => None,
    }
}

fn reconstructed(arguments: &[&Node]) -> Option<Node> {
    match arguments {
        [
            Node::Global(Global::Uuid),
            Node::Global(Global::Object),
            Node::Leaf(Value::Nil),
        ] => Some(Node::EmptyUuid),
        [
            Node::Global(Global::Markup),
            Node::Global(Global::Text),
            text,
        ] => leaf_text(&[text], |_| true, Value::Markup),
        _ => None,
    }
}

/// Gives an object the state that `BUILD` found for it.
pub(super) fn restore(object: Id, state: Id, nodes: &mut Nodes) -> Result<()> {
    match (nodes.get(object), nodes.get(state)) {
        (Node::EmptyUuid, Node::Dict(entries)) => {
            let number = entries.iter().find_map(|(key, value)| {
                match (nodes.get(*key), nodes.get(*value)) {
                    (Node::Leaf(Value::Str(key)), Node::Leaf(value)) if key == "int" => {
                        integer::to_uuid(value)
                    }
                    _ => None,
                }
            });
            let text = number.ok_or_else(|| broken("a UUID has no number"))?;
            *nodes.get_mut(object) = Node::Leaf(Value::Uuid(text));
            Ok(())
        }
        (Node::EmptyZone, Node::Dict(entries)) => {
            let offset = entries.iter().find_map(|(key, value)| {
                match (nodes.get(*key), nodes.get(*value)) {
                    (Node::Leaf(Value::Str(key)), span) if key == "_offset" => time_zone(&[span]),
                    _ => None,
                }
            });
            *nodes.get_mut(object) = offset.ok_or_else(|| broken("a zone has no offset"))?;
            Ok(())
        }
        (_, Node::Leaf(Value::Nil)) => Ok(()),
        (_, Node::Dict(entries)) if entries.is_empty() => Ok(()),
        _ => Err(broken("an object has state that isn't known")),
    }
}
