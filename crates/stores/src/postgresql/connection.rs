//! One connection: prepared statements, the table's shape, its making.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use flask_session_core::{Error, ErrorKind, Timestamp};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Statement as Prepared};

use super::failure::of_statement;
use crate::sql::{
    Attempt, Connection, Layout, Looks, Problem, Row, Shape, Slot, Statement, Table, Values, quoted,
};

/// A connection, and the statements that the server has prepared for it.
pub(crate) struct PostgresqlConnection {
    client: Client,
    prepared: Vec<Option<Prepared>>,
}

impl PostgresqlConnection {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            prepared: Vec::new(),
        }
    }

    async fn prepare(&mut self, statement: &Statement) -> Attempt<Prepared> {
        let number = statement.number;
        if let Some(Some(prepared)) = self.prepared.get(number) {
            return Ok(prepared.clone());
        }
        let prepared = self.client.prepare(&statement.sql).await;
        let prepared = prepared.map_err(|error| of_statement(&error))?;
        if self.prepared.len() <= number {
            self.prepared.resize(number + 1, None);
        }
        self.prepared[number] = Some(prepared.clone());
        Ok(prepared)
    }

    async fn say(&mut self, sql: &str) -> Attempt<()> {
        let said = self.client.batch_execute(sql).await;
        said.map_err(|error| of_statement(&error))
    }
}

/// A moment as the driver takes it.
fn moment(timestamp: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(timestamp.0)
}

fn timestamp(moment: SystemTime) -> Timestamp {
    let since = moment
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// The values of a statement, in its order.
struct Parameters<'a> {
    values: &'a Values<'a>,
    expiry: SystemTime,
    now: SystemTime,
}

impl<'a> Parameters<'a> {
    fn new(values: &'a Values<'a>) -> Self {
        Self {
            values,
            expiry: moment(values.expiry),
            now: moment(values.now),
        }
    }

    fn of(&self, statement: &Statement) -> Vec<&(dyn ToSql + Sync)> {
        let values = self.values;
        let value = |slot: &Slot| -> &(dyn ToSql + Sync) {
            match slot {
                Slot::Key => &values.key,
                Slot::Data => &values.data,
                Slot::Old => &values.old,
                Slot::Expiry => &self.expiry,
                Slot::Now => &self.now,
                Slot::Prefix => &values.prefix,
                Slot::Cursor => &values.cursor,
                Slot::Limit => &values.limit,
            }
        };
        statement.slots.iter().map(value).collect()
    }
}

fn read(row: &tokio_postgres::Row) -> Attempt<Row> {
    let unreadable = |error| of_statement(&error);
    let columns = row.columns();
    let bytes = if *columns[0].type_() == Type::BYTEA {
        let payload: Option<&[u8]> = row.try_get(0).map_err(unreadable)?;
        payload.map(Bytes::copy_from_slice)
    } else {
        let text: Option<&str> = row.try_get(0).map_err(unreadable)?;
        text.map(|text| Bytes::copy_from_slice(text.as_bytes()))
    };
    let expiry: Option<SystemTime> = match columns.len() {
        1 => None,
        _ => row.try_get(1).map_err(unreadable)?,
    };
    Ok(Row {
        bytes: bytes.unwrap_or_default(),
        expiry: expiry.map(timestamp),
    })
}

impl Connection for PostgresqlConnection {
    async fn rows(&mut self, statement: &Statement, values: &Values<'_>) -> Attempt<Vec<Row>> {
        let prepared = self.prepare(statement).await?;
        let parameters = Parameters::new(values);
        let rows = self
            .client
            .query(&prepared, &parameters.of(statement))
            .await;
        let rows = rows.map_err(|error| of_statement(&error))?;
        rows.iter().map(read).collect()
    }

    async fn change(&mut self, statement: &Statement, values: &Values<'_>) -> Attempt<u64> {
        let prepared = self.prepare(statement).await?;
        let parameters = Parameters::new(values);
        let changed = self
            .client
            .execute(&prepared, &parameters.of(statement))
            .await;
        changed.map_err(|error| of_statement(&error))
    }

    async fn exclude(&mut self, table: &Table) -> Attempt<()> {
        let name = table.quoted('"');
        self.say(&format!(
            "BEGIN; SELECT pg_advisory_xact_lock(hashtext('flask-session {name}'))"
        ))
        .await
    }

    async fn admit(&mut self, _table: &Table, done: bool) -> Attempt<()> {
        self.say(if done { "COMMIT" } else { "ROLLBACK" }).await
    }

    async fn shape(&mut self, table: &Table) -> Attempt<Option<Shape>> {
        let name = table.quoted('"');
        let columns = self.client.query(SHAPE, &[&name]).await;
        let columns = columns.map_err(|error| of_statement(&error))?;
        if columns.is_empty() {
            return Ok(None);
        }
        let mut names: Vec<&str> = Vec::new();
        let mut shape = Shape {
            unique: false,
            needs_id: false,
            has_created: false,
            most: None,
            looks: Looks::Statement,
        };
        for column in &columns {
            let unreadable = |error| of_statement(&error);
            let name: &str = column.try_get(0).map_err(unreadable)?;
            let makes_itself: bool = column.try_get(1).map_err(unreadable)?;
            let may_be_null: bool = column.try_get(2).map_err(unreadable)?;
            match name {
                "id" => shape.needs_id = !makes_itself && !may_be_null,
                "session_id" => shape.unique = column.try_get(3).map_err(unreadable)?,
                "data" => {
                    let kind: &str = column.try_get(4).map_err(unreadable)?;
                    if kind != "bytea" {
                        return Err(Problem::Final(Error::new(
                            ErrorKind::Misconfigured,
                            "the column data of the table for sessions isn't BYTEA",
                        )));
                    }
                }
                "created" => shape.has_created = true,
                _ => {}
            }
            names.push(name);
        }
        Shape::check(&names)?;
        Ok(Some(shape))
    }

    async fn create(&mut self, table: &Table) -> Attempt<()> {
        for statement in definition(table) {
            match self.say(&statement).await {
                // Another worker was faster, between the server's own look and its writing.
                Err(Problem::Duplicate) => {}
                said => said?,
            }
        }
        Ok(())
    }
}

/// Name, whether it fills itself, whether it may be NULL, whether it is unique alone, its type.
const SHAPE: &str = "\
SELECT CAST(a.attname AS text), a.atthasdef OR a.attidentity <> '', NOT a.attnotnull,
  EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique
    AND i.indisvalid AND i.indpred IS NULL AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum),
  pg_catalog.format_type(a.atttypid, NULL)
FROM pg_catalog.pg_attribute a
WHERE a.attrelid = to_regclass($1::text) AND a.attnum > 0 AND NOT a.attisdropped";

/// The statements that make a table.
fn definition(table: &Table) -> Vec<String> {
    let name = table.quoted('"');
    let index = quoted(&format!("ix_{}_expiry", table.name), '"');
    let mut statements = Vec::new();
    if let Some(sequence) = &table.sequence {
        let sequence = quoted(sequence, '"');
        statements.push(format!("CREATE SEQUENCE IF NOT EXISTS {sequence}"));
    }
    let id = if table.sequence.is_some() {
        "id INTEGER NOT NULL"
    } else {
        "id SERIAL NOT NULL"
    };
    statements.push(match table.layout {
        Layout::SqlAlchemy => format!(
            "CREATE TABLE IF NOT EXISTS {name} ({id}, session_id VARCHAR(255), data BYTEA, \
             expiry TIMESTAMP WITHOUT TIME ZONE, PRIMARY KEY (id), UNIQUE (session_id))"
        ),
        Layout::Postgresql => format!(
            "CREATE TABLE IF NOT EXISTS {name} (session_id VARCHAR(255) NOT NULL PRIMARY KEY, \
             created TIMESTAMP WITHOUT TIME ZONE DEFAULT (NOW() AT TIME ZONE 'utc'), data BYTEA, \
             expiry TIMESTAMP WITHOUT TIME ZONE)"
        ),
    });
    statements.push(format!(
        "CREATE INDEX IF NOT EXISTS {index} ON {name} (expiry)"
    ));
    statements
}
