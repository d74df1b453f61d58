//! What the SQL backends share: one body of operations over statements that a dialect words.
//!
//! `table` has the names and what is known of a table, `statement` the statements, `body` the
//! connections, limits and second tries, `work` what the operations do, `storage` and `options`
//! what is configured, `expiry` and `civil` how a moment is written.

mod body;
#[cfg(any(feature = "mysql", feature = "sqlite"))]
mod civil;
mod expiry;
#[cfg(any(feature = "mysql", feature = "postgresql"))]
mod options;
mod statement;
mod storage;
mod table;
mod work;

pub(crate) use body::{Attempt, Body, Connection, Driver, Problem, Row};
#[cfg(any(feature = "mysql", feature = "sqlite"))]
pub(crate) use civil::Civil;
#[cfg(any(feature = "mysql", feature = "postgresql"))]
pub(crate) use options::{Address, Encryption, SqlOptions, Words};
pub(crate) use statement::{Dialect, Slot, Statement, Values};
pub(crate) use storage::misconfigured;
#[cfg(feature = "sqlite")]
pub(crate) use storage::{Storage, decoded, limit, printable, seconds};
#[cfg(feature = "postgresql")]
pub(crate) use table::Layout;
pub(crate) use table::{Looks, Shape, Table, quoted};
