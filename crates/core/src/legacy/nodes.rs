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

    /// The value of an object.
    pub(super) fn value(&self, id: Id) -> Result<Value> {
        let mut budget = self.limit;
        self.build(id, 0, &mut budget)
    }

    fn build(&self, id: Id, depth: usize, budget: &mut usize) -> Result<Value> {
        if depth > MAX_DEPTH {
            return Err(broken("it nests too deep, or holds itself"));
        }
        let node = &self.all[id];
        spend(budget, node)?;
        Ok(match node {
            Node::Leaf(value) => value.clone(),
            Node::List(items) => Value::Array(self.values(items, depth, budget)?),
            Node::Tuple(items) => Value::Tuple(self.values(items, depth, budget)?),
            Node::Set(items) => Value::Set(self.values(items, depth, budget)?),
            Node::FrozenSet(items) => Value::FrozenSet(self.values(items, depth, budget)?),
            Node::Deque(items) => Value::Deque(self.values(items, depth, budget)?),
            Node::Dict(entries) => Value::Map(self.pairs(entries, depth, budget)?),
            Node::OrderedDict(entries) => Value::OrderedMap(self.pairs(entries, depth, budget)?),
            Node::TimeDelta(days, seconds, microseconds) => Value::TimeDelta(
                crate::codec::text::of_duration(*days, *seconds, *microseconds),
            ),
            Node::Zone(_) => return Err(super::refused("datetime", "timezone")),
            Node::Global(global) => return Err(super::refused("builtins", global.name())),
            Node::EmptyUuid => return Err(broken("a UUID has no number")),
            Node::EmptyZone => return Err(broken("a zone has no offset")),
            Node::Ignored => Value::Nil,
        })
    }

    fn values(&self, items: &[Id], depth: usize, budget: &mut usize) -> Result<Vec<Value>> {
        let items = items.iter();
        items.map(|id| self.build(*id, depth + 1, budget)).collect()
    }

    fn pairs(
        &self,
        entries: &[(Id, Id)],
        depth: usize,
        budget: &mut usize,
    ) -> Result<Vec<(Value, Value)>> {
        let entries = entries.iter().map(|(key, value)| {
            let key = self.build(*key, depth + 1, budget)?;
            Ok((key, self.build(*value, depth + 1, budget)?))
        });
        entries.collect()
    }
}

fn spend(budget: &mut usize, node: &Node) -> Result<()> {
    let left = budget.checked_sub(node.cost());
    *budget = left.ok_or_else(|| broken("it refers to the same data too often"))?;
    Ok(())
}
