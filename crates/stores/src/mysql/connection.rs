//! One connection: statements, the table's shape, its making.

use bytes::Bytes;
use flask_session_core::{Error, ErrorKind, Timestamp};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Params, Statement as Prepared, Value};

use super::failure::of_statement;
use crate::sql::{
    Attempt, Civil, Connection, Looks, Problem, Row, Shape, Slot, Statement, Table, Values, quoted,
};

/// A connection, and the statements that the server has prepared for it. The driver, too, finds
/// them by their text, but reads it for names each time.
pub(crate) struct MysqlConnection {
    connection: Conn,
    prepared: Vec<Option<Prepared>>,
}

impl MysqlConnection {
    pub(super) fn new(connection: Conn) -> Self {
        Self {
            connection,
            prepared: Vec::new(),
        }
    }

    async fn prepare(&mut self, statement: &Statement) -> Attempt<Prepared> {
        let number = statement.number;
        if let Some(Some(prepared)) = self.prepared.get(number) {
            return Ok(prepared.clone());
        }
        let prepared = self.connection.prep(&statement.sql).await;
        let prepared = prepared.map_err(|error| of_statement(&error))?;
        if self.prepared.len() <= number {
            self.prepared.resize(number + 1, None);
        }
        self.prepared[number] = Some(prepared.clone());
        Ok(prepared)
    }
}

/// A moment as the driver takes it.
fn date(moment: Timestamp) -> Value {
    let moment = Civil::of(moment).0;
    let (year, month, day) = moment.to_calendar_date();
    let (hour, minute, second) = (moment.hour(), moment.minute(), moment.second());
    let year = u16::try_from(year).unwrap_or(9999);
    Value::Date(
        year,
        month.into(),
        day,
        hour,
        minute,
        second,
        moment.microsecond(),
    )
}

/// The next whole second: DATETIME keeps no fractions, and would round to either side.
fn whole(moment: Timestamp) -> Timestamp {
    Timestamp(moment.0.div_ceil(1000).saturating_mul(1000))
}

fn parameters(statement: &Statement, values: &Values<'_>) -> Params {
    let value = |slot: &Slot| match slot {
        Slot::Key => Value::from(values.key),
        Slot::Data => Value::from(values.data),
        Slot::Old => Value::from(values.old),
        Slot::Expiry => date(whole(values.expiry)),
        Slot::Now => date(values.now),
        Slot::Prefix => Value::from(values.prefix),
        Slot::Cursor => Value::from(values.cursor),
        Slot::Limit => Value::from(values.limit),
    };
    Params::Positional(statement.slots.iter().map(value).collect())
}

/// A row; None if it is a load's, see [`Looks::Connection`], and not that of a live record.
fn read(row: mysql_async::Row, values: &Values<'_>) -> Attempt<Option<Row>> {
    let is_a_loads = row.len() == LOADED;
    let mut columns = row.unwrap().into_iter();
    let bytes = match columns.next() {
        Some(Value::Bytes(bytes)) => Bytes::from(bytes),
        Some(Value::NULL) => Bytes::new(),
        _ => {
            return Err(Problem::Final(Error::new(
                ErrorKind::Misconfigured,
                "the table for sessions has a column of another type",
            )));
        }
    };
    let (expires, expiry) = match columns.next() {
        Some(Value::Date(year, month, day, hour, minute, second, micro)) => {
            let civil = Civil::from_parts((year.into(), month, day), (hour, minute, second, micro));
            (true, civil.map(Civil::moment))
        }
        Some(other) if is_a_loads && other != Value::NULL => {
            // Altered since this connection looked; another one looks anew.
            return Err(Problem::Stale(Error::new(
                ErrorKind::Misconfigured,
                "the table for sessions has an expiry of another type",
            )));
        }
        _ => (false, None),
    };
    if is_a_loads {
        let is_the_keys =
            matches!(columns.next(), Some(Value::Bytes(key)) if key == values.key.as_bytes());
        // A date that is none, such as the zero date, lies in the past.
        let is_live = !expires || expiry.is_some_and(|expiry| expiry > values.now);
        if !(is_the_keys && is_live) {
            return Ok(None);
        }
    }
    Ok(Some(Row { bytes, expiry }))
}

/// The columns of a load whose row is looked at here: payload, expiry, key.
const LOADED: usize = 3;

/// Of characters, in the name of an index.
const LONGEST_NAME: usize = 64;

/// A lock's name has at most 64 characters.
const LOCK: &str = "CONCAT('flask-session ', SHA1(?))";

impl Connection for MysqlConnection {
    async fn rows(&mut self, statement: &Statement, values: &Values<'_>) -> Attempt<Vec<Row>> {
        let prepared = self.prepare(statement).await?;
        let given = parameters(statement, values);
        let rows: Vec<mysql_async::Row> = self
            .connection
            .exec(prepared, given)
            .await
            .map_err(|error| of_statement(&error))?;
        let rows = rows.into_iter().map(|row| read(row, values));
        rows.filter_map(Result::transpose).collect()
    }

    async fn change(&mut self, statement: &Statement, values: &Values<'_>) -> Attempt<u64> {
        let prepared = self.prepare(statement).await?;
        let given = parameters(statement, values);
        let done = self.connection.exec_drop(prepared, given).await;
        done.map_err(|error| of_statement(&error))?;
        Ok(self.connection.affected_rows())
    }

    async fn exclude(&mut self, table: &Table) -> Attempt<()> {
        let take = format!("SELECT GET_LOCK({LOCK}, 60)");
        let taken: Result<Option<Option<i64>>, _> =
            self.connection.exec_first(take, (table.quoted('`'),)).await;
        match taken.map_err(|error| of_statement(&error))? {
            Some(Some(1)) => Ok(()),
            _ => Err(Problem::Interrupted(Error::new(
                ErrorKind::Contended,
                "others insert into the table for sessions all the time",
            ))),
        }
    }

    async fn admit(&mut self, table: &Table, _done: bool) -> Attempt<()> {
        let free = format!("DO RELEASE_LOCK({LOCK})");
        let freed = self.connection.exec_drop(free, (table.quoted('`'),)).await;
        freed.map_err(|error| of_statement(&error))
    }

    async fn shape(&mut self, table: &Table) -> Attempt<Option<Shape>> {
        let place = (table.schema.as_deref(), table.name.as_str());
        let columns: Vec<(String, i64, String, Option<u64>)> = self
            .connection
            .exec(COLUMNS, place)
            .await
            .map_err(|error| of_statement(&error))?;
        if columns.is_empty() {
            return Ok(None);
        }
        let names: Vec<&str> = columns.iter().map(|column| column.0.as_str()).collect();
        Shape::check(&names)?;
        let unique: Option<i64> = self
            .connection
            .exec_first(UNIQUE, place)
            .await
            .map_err(|error| of_statement(&error))?;
        let mut shape = Shape {
            unique: unique.is_some(),
            needs_id: false,
            has_created: names.contains(&"created"),
            most: None,
            looks: Looks::Statement,
        };
        for (name, must_be_given, kind, most) in &columns {
            match name.as_str() {
                "id" => shape.needs_id = *must_be_given != 0,
                "expiry" if matches!(kind.as_str(), "datetime" | "timestamp") => {
                    shape.looks = Looks::Connection;
                }
                "data" if kind.ends_with("blob") || kind.ends_with("binary") => {
                    shape.most = most.and_then(|most| usize::try_from(most).ok());
                }
                "data" => {
                    return Err(Problem::Final(Error::new(
                        ErrorKind::Misconfigured,
                        "the column data of the table for sessions isn't a BLOB",
                    )));
                }
                _ => {}
            }
        }
        Ok(Some(shape))
    }

    async fn create(&mut self, table: &Table) -> Attempt<()> {
        let name = table.quoted('`');
        let mut index = format!("ix_{}_expiry", table.name);
        if index.chars().count() > LONGEST_NAME {
            "ix_expiry".clone_into(&mut index);
        }
        let index = quoted(&index, '`');
        let made = self
            .connection
            .query_drop(format!(
                "CREATE TABLE IF NOT EXISTS {name} (id INTEGER NOT NULL AUTO_INCREMENT, \
                 session_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, \
                 data LONGBLOB, expiry DATETIME, PRIMARY KEY (id), UNIQUE (session_id), \
                 INDEX {index} (expiry))"
            ))
            .await;
        match made.map_err(|error| of_statement(&error)) {
            Err(Problem::Duplicate) => Ok(()),
            made => made,
        }
    }
}

/// Name, whether a value must be given, type, the most bytes in it.
const COLUMNS: &str = "\
SELECT LOWER(column_name), is_nullable = 'NO' AND column_default IS NULL \
    AND extra NOT LIKE '%auto_increment%', LOWER(data_type), character_octet_length \
FROM information_schema.columns \
WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ? ORDER BY ordinal_position";

/// A unique index on the whole of `session_id` alone.
const UNIQUE: &str = "\
SELECT 1 FROM information_schema.statistics \
WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ? AND non_unique = 0 \
GROUP BY index_name \
HAVING COUNT(*) = 1 AND MIN(LOWER(column_name)) = 'session_id' AND MAX(sub_part) IS NULL LIMIT 1";
