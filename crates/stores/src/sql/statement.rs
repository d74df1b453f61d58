//! The statements, written once and worded by each dialect.

use flask_session_core::Timestamp;

use super::table::{Looks, Shape, Table, quoted};

/// What a statement is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    Key,
    Data,
    Old,
    Expiry,
    Now,
    Prefix,
    Cursor,
    Limit,
}

impl Slot {
    fn named(name: &str) -> Self {
        match name {
            "key" => Self::Key,
            "data" => Self::Data,
            "old" => Self::Old,
            "expiry" => Self::Expiry,
            "now" => Self::Now,
            "prefix" => Self::Prefix,
            "cursor" => Self::Cursor,
            _ => Self::Limit,
        }
    }
}

/// The values of the slots; a statement takes those that it has.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Values<'a> {
    pub(crate) key: &'a str,
    pub(crate) data: &'a [u8],
    pub(crate) old: &'a [u8],
    pub(crate) expiry: Timestamp,
    pub(crate) now: Timestamp,
    pub(crate) prefix: &'a str,
    pub(crate) cursor: &'a str,
    pub(crate) limit: i64,
}

/// How a database words what differs.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// Around names.
    pub(crate) quote: char,
    /// The mark for a value: its slot, and its number from 1.
    pub(crate) mark: fn(Slot, usize) -> String,
    /// Whether each mark has a value of its own, in order, even where a slot comes again.
    pub(crate) positional: bool,
    /// A text, `{}`, in the form that is compared byte for byte, whatever its collation.
    pub(crate) exact: &'static str,
    /// That `data` is `:old`, byte for byte.
    pub(crate) same_data: &'static str,
    /// That the key begins with `:prefix`, byte for byte.
    pub(crate) has_prefix: &'static str,
    /// What stands for a table in a SELECT that has none.
    pub(crate) from_nothing: &'static str,
    /// Whether UPDATE can answer with the row.
    pub(crate) returns: bool,
    /// Which rows of `{table}` a sweep deletes; expects `{dead}`, `:limit`.
    pub(crate) sweep: &'static str,
    /// The next value of a sequence, whose quoted name is `{sequence}`.
    pub(crate) next_value: &'static str,
}

impl Dialect {
    fn exact(&self, text: &str) -> String {
        self.exact.replace("{}", text)
    }

    /// The row of `:key`. The first comparison is the index's, which may take different texts for
    /// equal.
    fn same_key(&self) -> String {
        let (column, key) = (self.exact("session_id"), self.exact(":key"));
        format!("session_id = :key AND {column} = {key}")
    }
}

/// A statement and its slots, in the order of its values.
#[derive(Debug)]
pub(crate) struct Statement {
    /// Its place among the statements of a connection.
    #[cfg_attr(
        not(any(feature = "mysql", feature = "postgresql")),
        allow(dead_code, reason = "where the driver keeps statements by their text")
    )]
    pub(crate) number: usize,
    pub(crate) sql: String,
    pub(crate) slots: Vec<Slot>,
}

/// All that a store says to its table.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) load: Statement,
    pub(super) load_and_touch: Option<Statement>,
    pub(super) touch: Statement,
    pub(super) insert: Statement,
    pub(super) revive: Statement,
    pub(super) overwrite: Statement,
    pub(super) swap: Statement,
    pub(super) delete: Statement,
    pub(super) delete_old: Statement,
    pub(super) list: Statement,
    pub(super) sweep: Statement,
}

const LIVE: &str = "(expiry IS NULL OR expiry > :now)";
const DEAD: &str = "expiry <= :now";

impl Statements {
    pub(super) fn new(dialect: &Dialect, table: &Table, shape: Shape) -> Self {
        let name = table.quoted(dialect.quote);
        let (same_key, same_data) = (&dialect.same_key(), dialect.same_data);
        let mut number = 0;
        let mut worded = |text: String| {
            number += 1;
            Statement::new(dialect, number - 1, &text)
        };
        let exact = &dialect.exact("session_id");
        let found = format!("WHERE {same_key} AND {LIVE}");
        Self {
            load: worded(if shape.looks == Looks::Connection {
                format!("SELECT data, expiry, session_id FROM {name} WHERE session_id = :key")
            } else {
                format!("SELECT data, expiry FROM {name} {found} LIMIT 1")
            }),
            load_and_touch: dialect.returns.then(|| {
                worded(format!(
                    "UPDATE {name} SET expiry = :expiry {found} RETURNING data"
                ))
            }),
            touch: worded(format!("UPDATE {name} SET expiry = :expiry {found}")),
            insert: worded(insert(dialect, table, shape)),
            revive: worded(format!(
                "UPDATE {name} SET data = :data, expiry = :expiry WHERE {same_key} AND {DEAD}"
            )),
            overwrite: worded(format!(
                "UPDATE {name} SET data = :data, expiry = :expiry WHERE {same_key}"
            )),
            swap: worded(format!(
                "UPDATE {name} SET data = :data, expiry = :expiry {found} AND {same_data}"
            )),
            delete: worded(format!("DELETE FROM {name} {found}")),
            delete_old: worded(format!("DELETE FROM {name} {found} AND {same_data}")),
            list: worded(format!(
                "SELECT session_id FROM {name} WHERE {LIVE} AND {} AND session_id >= :cursor \
                 AND (session_id > :cursor OR {exact} > {}) \
                 ORDER BY session_id, {exact} LIMIT :limit",
                dialect.has_prefix,
                dialect.exact(":cursor"),
            )),
            sweep: worded(
                dialect
                    .sweep
                    .replace("{table}", &name)
                    .replace("{dead}", DEAD),
            ),
        }
    }
}

/// A new row, unless one of its key is there: the constraint says so, or else the statement.
fn insert(dialect: &Dialect, table: &Table, shape: Shape) -> String {
    let name = table.quoted(dialect.quote);
    let mut columns = "session_id, data, expiry".to_owned();
    let mut values = ":key, :data, :expiry".to_owned();
    if shape.has_created {
        columns.push_str(", created");
        values.push_str(", :now");
    }
    let counted = shape.needs_id && table.sequence.is_none();
    if let Some(sequence) = table.sequence.as_ref().filter(|_| shape.needs_id) {
        let sequence = quoted(sequence, dialect.quote);
        columns.push_str(", id");
        values.push_str(", ");
        values.push_str(&dialect.next_value.replace("{sequence}", &sequence));
    } else if counted {
        columns.push_str(", id");
        values.push_str(", (SELECT COALESCE(MAX(id), 0) + 1 FROM ");
        values.push_str(&name);
        values.push(')');
    }
    if shape.unique && !counted {
        return format!("INSERT INTO {name} ({columns}) VALUES ({values})");
    }
    format!(
        "INSERT INTO {name} ({columns}) SELECT {values}{} \
         WHERE NOT EXISTS (SELECT 1 FROM {name} WHERE {})",
        dialect.from_nothing,
        dialect.same_key()
    )
}

impl Statement {
    /// Replaces each `:slot` outside of quotes by the dialect's mark.
    fn new(dialect: &Dialect, number: usize, text: &str) -> Self {
        let mut sql = String::with_capacity(text.len() + 32);
        let mut slots: Vec<Slot> = Vec::new();
        let mut quote = None;
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            rest = &rest[character.len_utf8()..];
            if quote.is_none() && character == ':' {
                let end = rest
                    .find(|c: char| !c.is_ascii_lowercase())
                    .unwrap_or(rest.len());
                let slot = Slot::named(&rest[..end]);
                rest = &rest[end..];
                let known = slots.iter().position(|known| *known == slot);
                let place = match known {
                    Some(place) if !dialect.positional => place,
                    _ => {
                        slots.push(slot);
                        slots.len() - 1
                    }
                };
                sql.push_str(&(dialect.mark)(slot, place + 1));
                continue;
            }
            if character == dialect.quote || character == '\'' {
                match quote {
                    None => quote = Some(character),
                    Some(open) if open == character => quote = None,
                    Some(_) => {}
                }
            }
            sql.push(character);
        }
        Self { number, sql, slots }
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::Layout;
    use super::*;

    const ANY: Dialect = Dialect {
        quote: '"',
        mark: |_, number| format!("?{number}"),
        positional: false,
        exact: "exact({})",
        same_data: "data = :old",
        has_prefix: "substr(session_id, 1, length(:prefix)) = :prefix",
        from_nothing: "",
        returns: true,
        sweep: "DELETE FROM {table} WHERE {dead}",
        next_value: "",
    };

    fn statements(name: &str, shape: Shape) -> Statements {
        let table = Table {
            schema: None,
            name: name.to_owned(),
            sequence: None,
            layout: Layout::SqlAlchemy,
        };
        Statements::new(&ANY, &table, shape)
    }

    const USUAL: Shape = Shape {
        unique: true,
        needs_id: false,
        has_created: false,
        most: None,
        looks: Looks::Statement,
    };

    #[test]
    fn a_name_that_looks_like_a_slot_stays_a_name() {
        let statements = statements("a:key'b", USUAL);
        assert_eq!(
            statements.swap.sql,
            "UPDATE \"a:key'b\" SET data = ?1, expiry = ?2 WHERE session_id = ?3 \
             AND exact(session_id) = exact(?3) AND (expiry IS NULL OR expiry > ?4) AND data = ?5"
        );
        let expected = [Slot::Data, Slot::Expiry, Slot::Key, Slot::Now, Slot::Old];
        assert_eq!(statements.swap.slots, expected);
    }

    #[test]
    fn without_a_constraint_the_statement_itself_looks_for_the_key() {
        let plain = statements("t", USUAL).insert.sql;
        assert_eq!(
            plain,
            "INSERT INTO \"t\" (session_id, data, expiry) VALUES (?1, ?2, ?3)"
        );
        let made_by_hand = Shape {
            unique: false,
            needs_id: true,
            ..USUAL
        };
        let careful = statements("t", made_by_hand).insert;
        assert!(careful.sql.contains("COALESCE(MAX(id), 0) + 1"));
        assert!(careful.sql.contains("WHERE NOT EXISTS"));
        assert_eq!(careful.slots, [Slot::Key, Slot::Data, Slot::Expiry]);
    }
}
