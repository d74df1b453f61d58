//! What a pickle has built so far. Objects are referred to by number, since a pickle may fill a
//! container that it has already put elsewhere.

use super::broken;
use super::globals::Global;
use crate::{MAX_DEPTH, Result, Value};

/// The number of an object.
pub(super) type Id = usize;

/// A zone that a datetime can be in.
#[derive(Debug, Clone)]
pub(super) enum Zone {
    /// Seconds ahead of UTC.
    Offset(i32),
    /// An IANA name that means UTC.
    Utc(String),
    /// An IANA name, and the seconds ahead of UTC that its pickle tells.
    Named(String, i32),
}

#[derive(Debug)]
pub(super) enum Node {
    Leaf(Value),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    Set(Vec<Id>),
    FrozenSet(Vec<Id>),
    Deque(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    OrderedDict(Vec<(Id, Id)>),
    TimeDelta(i64, u32, u32),
    Zone(Zone),
    Global(Global),
    /// A UUID whose number is still to come.
    EmptyUuid,
    /// A zone whose offset is still to come.
    EmptyZone,
    /// Something whose content doesn't matter.
    Ignored,
}

impl Node {
    /// The bytes that a copy of this object alone takes, at least.
    fn cost(&self) -> usize {
        let content = match self {
            Self::Leaf(
                Value::Str(text) | Value::Markup(text) | Value::BigInt(text) | Value::Decimal(text),
            ) => text.len(),
            Self::Leaf(Value::Bytes(bytes) | Value::ByteArray(bytes)) => bytes.len(),
            Self::List(items)
            | Self::Tuple(items)
            | Self::Set(items)
            | Self::FrozenSet(items)
            | Self::Deque(items) => size_of_val(items.as_slice()),
            Self::Dict(entries) | Self::OrderedDict(entries) => size_of_val(entries.as_slice()),
            _ => 0,
        };
        size_of::<Self>() + content
    }
}

/// Bytes that the objects of a pickle, and then their values, may take: so many for each of its own,
/// and these beside. An object of one byte takes some eighty.
const PER_BYTE: usize = 256;
const BESIDE: usize = 256 << 10;

/// The objects of one pickle. An object that is referred to often is copied as often, so a
/// budget in proportion to the pickle's size limits what can come of it.
#[derive(Debug)]
pub(super) struct Nodes {
    all: Vec<Node>,
    limit: usize,
    budget: usize,
}

impl Nodes {
    /// No objects yet, of a pickle of `size` bytes.
    pub(super) fn new(size: usize) -> Self {
        let limit = size.saturating_mul(PER_BYTE).saturating_add(BESIDE);
        Self {
            all: Vec::new(),
            limit,
            budget: limit,
        }
    }

    pub(super) fn add(&mut self, node: Node) -> Result<Id> {
        spend(&mut self.budget, &node)?;
        self.all.push(node);
        Ok(self.all.len() - 1)
    }

    pub(super) fn get(&self, id: Id) -> &Node {
        &self.all[id]
    }

    pub(super) fn get_mut(&mut self, id: Id) -> &mut Node {
        &mut self.all[id]
    }

    /// The value of an object. Containers within containers wait on a stack of ours: a thread's own
    /// may be small.
    pub(super) fn value(&self, id: Id) -> Result<Value> {
        let mut budget = self.limit;
        let mut open: Vec<Container<'_>> = Vec::new();
        let mut next = id;
        loop {
            if open.len() > MAX_DEPTH {
                return Err(broken("it nests too deep, or holds itself"));
            }
            let node = &self.all[next];
            spend(&mut budget, node)?;
            let mut built = None;
            match Container::of(node) {
                Some(container) => open.push(container),
                None => built = Some(leaf(node)?),
            }
            next = loop {
                let Some(container) = open.last_mut() else {
                    return built.ok_or_else(|| broken("it holds nothing"));
                };
                container.values.extend(built.take());
                match container.missing() {
                    Some(id) => break id,
                    None => built = open.pop().map(Container::close),
                }
            };
        }
    }
}

/// A container whose values are being built; of a dict, keys and values by turns.
struct Container<'a> {
    node: &'a Node,
    values: Vec<Value>,
}

impl<'a> Container<'a> {
    fn of(node: &'a Node) -> Option<Self> {
        let holds = matches!(
            node,
            Node::List(_)
                | Node::Tuple(_)
                | Node::Set(_)
                | Node::FrozenSet(_)
                | Node::Deque(_)
                | Node::Dict(_)
                | Node::OrderedDict(_)
        );
        holds.then(|| Self {
            node,
            values: Vec::new(),
        })
    }

    /// The first object whose value isn't there yet.
    fn missing(&self) -> Option<Id> {
        let place = self.values.len();
        match self.node {
            Node::Dict(entries) | Node::OrderedDict(entries) => {
                let (key, value) = entries.get(place / 2)?;
                Some(if place.is_multiple_of(2) {
                    *key
                } else {
                    *value
                })
            }
            Node::List(items)
            | Node::Tuple(items)
            | Node::Set(items)
            | Node::FrozenSet(items)
            | Node::Deque(items) => items.get(place).copied(),
            _ => None,
        }
    }

    fn close(self) -> Value {
        match self.node {
            Node::Tuple(_) => Value::Tuple(self.values),
            Node::Set(_) => Value::Set(self.values),
            Node::FrozenSet(_) => Value::FrozenSet(self.values),
            Node::Deque(_) => Value::Deque(self.values),
            Node::Dict(_) => Value::Map(pairs(self.values)),
            Node::OrderedDict(_) => Value::OrderedMap(pairs(self.values)),
            _ => Value::Array(self.values),
        }
    }
}

fn pairs(values: Vec<Value>) -> Vec<(Value, Value)> {
    let mut values = values.into_iter();
    std::iter::from_fn(|| Some((values.next()?, values.next()?))).collect()
}

fn leaf(node: &Node) -> Result<Value> {
    match node {
        Node::Leaf(value) => Ok(value.clone()),
        Node::TimeDelta(days, seconds, microseconds) => Ok(Value::TimeDelta(
            crate::codec::text::of_duration(*days, *seconds, *microseconds),
        )),
        Node::Zone(_) => Err(super::refused("datetime", "timezone")),
        Node::Global(global) => Err(super::refused("builtins", global.name())),
        Node::EmptyUuid => Err(broken("a UUID has no number")),
        Node::EmptyZone => Err(broken("a zone has no offset")),
        _ => Ok(Value::Nil),
    }
}

fn spend(budget: &mut usize, node: &Node) -> Result<()> {
    let left = budget.checked_sub(node.cost());
    *budget = left.ok_or_else(|| broken("it refers to the same data too often"))?;
    Ok(())
}
