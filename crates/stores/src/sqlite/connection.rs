//! One connection: statements, the table's shape, its making.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{Error, ErrorKind};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection as Native, OpenFlags, params_from_iter};

use super::failure;
use crate::sql::{
    Attempt, Civil, Connection, Looks, Problem, Row, Shape, Slot, Statement, Table, Values, quoted,
};

/// A connection. SQLite keeps its statements prepared.
pub(crate) struct SqliteConnection(Native);

/// How long SQLite itself waits for a lock: only as long as it looks often.
const PATIENCE: Duration = Duration::from_millis(10);

impl SqliteConnection {
    /// Opens the file. Neither its journal mode nor its durability is changed.
    pub(super) fn open(path: &Path, flags: OpenFlags) -> Attempt<Self> {
        let opened = Native::open_with_flags(path, flags).and_then(|native| {
            native.busy_timeout(PATIENCE)?;
            native.set_prepared_statement_cache_capacity(32);
            Ok(native)
        });
        opened.map(Self).map_err(|error| failure::of(&error))
    }

    fn columns(&self, table: &Table) -> rusqlite::Result<Vec<Column>> {
        let mut statement = self.0.prepare(COLUMNS)?;
        let columns = statement.query_map([&table.name], |row| {
            Ok(Column {
                name: row.get::<_, String>(0)?.to_ascii_lowercase(),
                kind: row.get::<_, String>(1)?.to_ascii_uppercase(),
                must_be_given: row.get(2)?,
                in_primary_key: row.get(3)?,
            })
        })?;
        columns.collect()
    }

    fn is_unique(&self, table: &Table) -> rusqlite::Result<bool> {
        self.0.query_row(UNIQUE, [&table.name], |row| row.get(0))
    }
}

struct Column {
    name: String,
    kind: String,
    must_be_given: bool,
    in_primary_key: bool,
}

const COLUMNS: &str = "\
SELECT name, type, \"notnull\" AND dflt_value IS NULL, pk > 0 FROM pragma_table_info(?1)";

const UNIQUE: &str = "\
SELECT EXISTS (SELECT 1 FROM pragma_index_list(?1) AS list WHERE list.\"unique\" AND NOT list.partial
  AND (SELECT group_concat(name) FROM pragma_index_info(list.name)) = 'session_id' COLLATE NOCASE)";

fn values<'a>(statement: &'a Statement, values: &'a Values<'a>) -> Vec<ToSqlOutput<'a>> {
    let value = |slot: &Slot| match slot {
        Slot::Key => ToSqlOutput::from(values.key),
        Slot::Data => ToSqlOutput::Borrowed(ValueRef::Blob(values.data)),
        Slot::Old => ToSqlOutput::Borrowed(ValueRef::Blob(values.old)),
        Slot::Expiry => ToSqlOutput::Owned(Value::Text(Civil::of(values.expiry).text())),
        Slot::Now => ToSqlOutput::Owned(Value::Text(Civil::of(values.now).text())),
        Slot::Prefix => ToSqlOutput::from(values.prefix),
        Slot::Cursor => ToSqlOutput::from(values.cursor),
        Slot::Limit => ToSqlOutput::from(values.limit),
    };
    statement.slots.iter().map(value).collect()
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Row>> {
    let bytes = match row.get_ref(0)? {
        ValueRef::Blob(bytes) | ValueRef::Text(bytes) => Bytes::copy_from_slice(bytes),
        ValueRef::Null => Bytes::new(),
        ValueRef::Integer(_) | ValueRef::Real(_) => return Ok(None),
    };
    let expiry = match row.get_ref(1) {
        Ok(ValueRef::Text(text)) => std::str::from_utf8(text).ok().and_then(Civil::read),
        _ => None,
    };
    Ok(Some(Row {
        bytes,
        expiry: expiry.map(Civil::moment),
    }))
}

impl Connection for SqliteConnection {
    async fn rows(&mut self, statement: &Statement, given: &Values<'_>) -> Attempt<Vec<Row>> {
        let found = (|| {
            let mut prepared = self.0.prepare_cached(&statement.sql)?;
            let given = params_from_iter(values(statement, given));
            prepared
                .query_map(given, read)?
                .collect::<rusqlite::Result<Vec<_>>>()
        })();
        let found = found.map_err(|error| failure::of(&error))?;
        let whole: Option<Vec<Row>> = found.into_iter().collect();
        whole.ok_or_else(|| {
            Problem::Final(Error::new(
                ErrorKind::Corrupt,
                "the column data holds a number instead of bytes",
            ))
        })
    }

    async fn change(&mut self, statement: &Statement, given: &Values<'_>) -> Attempt<u64> {
        let changed = self
            .0
            .prepare_cached(&statement.sql)
            .and_then(|mut prepared| prepared.execute(params_from_iter(values(statement, given))));
        changed
            .map(|rows| rows as u64)
            .map_err(|error| failure::of(&error))
    }

    /// A statement that writes holds the whole file's lock from its beginning.
    async fn exclude(&mut self, _table: &Table) -> Attempt<()> {
        Ok(())
    }

    async fn admit(&mut self, _table: &Table, _done: bool) -> Attempt<()> {
        Ok(())
    }

    async fn shape(&mut self, table: &Table) -> Attempt<Option<Shape>> {
        let columns = self.columns(table).map_err(|error| failure::of(&error))?;
        if columns.is_empty() {
            return Ok(None);
        }
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        Shape::check(&names)?;
        let keys = columns
            .iter()
            .filter(|column| column.in_primary_key)
            .count();
        // SQLite numbers rows in a column of exactly this kind.
        let is_number = |id: &Column| id.kind == "INTEGER" && id.in_primary_key && keys == 1;
        let id = columns.iter().find(|column| column.name == "id");
        Ok(Some(Shape {
            unique: self.is_unique(table).map_err(|error| failure::of(&error))?,
            needs_id: id.is_some_and(|id| !is_number(id) && id.must_be_given),
            has_created: names.contains(&"created"),
            most: None,
            looks: Looks::Statement,
        }))
    }

    async fn create(&mut self, table: &Table) -> Attempt<()> {
        let name = table.quoted('"');
        let index = quoted(&format!("ix_{}_expiry", table.name), '"');
        let made = self.0.execute_batch(&format!(
            "CREATE TABLE IF NOT EXISTS {name} (id INTEGER NOT NULL, session_id VARCHAR(255), \
             data BLOB, expiry DATETIME, PRIMARY KEY (id), UNIQUE (session_id)); \
             CREATE INDEX IF NOT EXISTS {index} ON {name} (expiry)"
        ));
        made.map_err(|error| failure::of(&error))
    }
}
