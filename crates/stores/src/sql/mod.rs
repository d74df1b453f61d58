//! What the SQL backends share: one body of operations over statements that a dialect words.
//!
//! `table` has the names and what is known of a table, `statement` the statements, `body` the
//! connections, limits and second tries, `work` what the operations do, `options` how a database
//! is reached, `expiry` how a moment is written.

mod body;
mod expiry;
mod options;
mod statement;
mod table;
mod work;

pub(crate) use body::{Attempt, Body, Connection, Driver, Problem, Row};
pub(crate) use options::{Address, Encryption, SqlOptions, Words, misconfigured};
pub(crate) use statement::{Dialect, Slot, Statement, Values};
pub(crate) use table::{Layout, Shape, Table, quoted};
