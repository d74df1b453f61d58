//! A table's names, and what is known of it.

use flask_session_core::{Error, ErrorKind, Result};

/// Whose columns a new table gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// `id`, `session_id`, `data`, `expiry`, as Flask-Session makes it through `SQLAlchemy`.
    SqlAlchemy,
    /// `session_id`, `created`, `data`, `expiry`, as Flask-Session's development branch makes it.
    Postgresql,
}

/// Where the sessions are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) schema: Option<String>,
    pub(crate) name: String,
    pub(crate) sequence: Option<String>,
    pub(crate) layout: Layout,
}

impl Table {
    /// The table's name as a statement says it, schema included.
    pub(crate) fn quoted(&self, quote: char) -> String {
        let name = quoted(&self.name, quote);
        match &self.schema {
            Some(schema) => format!("{}.{name}", quoted(schema, quote)),
            None => name,
        }
    }

    /// Fails for a name that no database could have.
    pub(super) fn check(&self) -> Result<()> {
        let names = [
            Some(&self.name),
            self.schema.as_ref(),
            self.sequence.as_ref(),
        ];
        for name in names.into_iter().flatten() {
            if name.is_empty() || name.contains(['\0', '\'', '\\']) {
                return Err(Error::new(
                    ErrorKind::Misconfigured,
                    "the name of the table, schema or sequence for sessions is empty, or has a \
                     quotation mark, a backslash or a zero byte in it",
                ));
            }
        }
        Ok(())
    }
}

/// A name between quotes, those in it doubled.
pub(crate) fn quoted(name: &str, quote: char) -> String {
    let doubled = name.replace(quote, &format!("{quote}{quote}"));
    format!("{quote}{doubled}{quote}")
}

/// What was found out about an existing table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Whether no two rows can have one `session_id`.
    pub(crate) unique: bool,
    /// Whether a row must be given its `id`, since the database doesn't make one.
    pub(crate) needs_id: bool,
    /// Whether there is a column `created`, which we fill.
    pub(crate) has_created: bool,
    /// The most bytes that fit into `data`, where the column is small.
    pub(crate) most: Option<usize>,
    /// Who looks at the row that a load finds by the index.
    pub(crate) looks: Looks,
}

/// Who looks whether a row is live, and the key's byte for byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Looks {
    /// The statement.
    Statement,
    /// The connection, which is given expiry and key: where looking costs the server more than
    /// finding the row.
    #[cfg_attr(
        not(feature = "mysql"),
        allow(dead_code, reason = "where no server is slow at it")
    )]
    Connection,
}

/// The columns that a table must have.
pub(crate) const COLUMNS: [&str; 3] = ["session_id", "data", "expiry"];

impl Shape {
    /// Fails if a column is missing; `found` are the names that are there.
    pub(crate) fn check(found: &[&str]) -> Result<()> {
        for column in COLUMNS {
            if !found.iter().any(|name| name.eq_ignore_ascii_case(column)) {
                return Err(Error::new(
                    ErrorKind::Misconfigured,
                    format!("the table for sessions has no column {column}"),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_whatever_is_in_them() {
        let table = Table {
            schema: Some("a.b".to_owned()),
            name: "表\"名".to_owned(),
            sequence: None,
            layout: Layout::SqlAlchemy,
        };
        assert_eq!(table.quoted('"'), "\"a.b\".\"表\"\"名\"");
        assert_eq!(table.quoted('`'), "`a.b`.`表\"名`");
    }
}
