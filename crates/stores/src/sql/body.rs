//! How an operation is tried: connections, limits, second tries.

use std::fmt::Debug;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flask_session_core::{
    Capability, Clock, Cursor, Deadline, Deleted, Error, ErrorKind, Expect, Guarantee, Key, Loaded,
    Page, PerProcess, Refresh, Result, Saved, Store, Timestamp,
};

use super::statement::{Dialect, Statement, Statements, Values};
use super::storage::{Storage, misconfigured};
use super::table::{Shape, Table};
use super::work::{Delete, List, Load, Save, Sweep, Touch, Work};

/// Idle connections that are kept; on a lane there is never more than one.
const IDLE: usize = 16;
/// How often an operation that the server interrupted (a deadlock, a serialization failure) is
/// tried in all.
const TRIES: usize = 6;

/// How often another connection is tried where nothing was done: a server that restarts, a pooler.
const STALE: usize = 2;

/// Why a statement gave no answer.
#[derive(Debug)]
#[cfg_attr(
    not(any(feature = "mysql", feature = "postgresql")),
    allow(dead_code, reason = "where no server can go away")
)]
#[cfg_attr(
    not(feature = "sqlite"),
    allow(dead_code, reason = "where the server waits for locks")
)]
pub(crate) enum Problem {
    /// A row of this key, or of this `id`, is there.
    Duplicate,
    /// The server gave way to another transaction; nothing was done.
    Interrupted(Error),
    /// Others hold a lock; nothing was done, and it is worth trying until the limit.
    Locked(Error),
    /// Nothing was done, and another connection, or the table made afresh, may help.
    Stale(Error),
    /// The connection broke: what the server did is unknown.
    Lost(Error),
    /// Trying again is of no use.
    Final(Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

pub(crate) type Attempt<T> = std::result::Result<T, Problem>;

/// What was read of a row.
#[derive(Debug)]
pub(crate) struct Row {
    /// The first column's bytes: a payload, or a key.
    pub(crate) bytes: Bytes,
    /// The second column, where there is one and it isn't NULL.
    pub(crate) expiry: Option<Timestamp>,
}

/// A connection to a database.
pub(crate) trait Connection: Send + 'static {
    /// The rows that a statement answers with.
    fn rows(
        &mut self,
        statement: &Statement,
        values: &Values<'_>,
    ) -> impl Future<Output = Attempt<Vec<Row>>> + Send;

    /// How many rows a statement changed; one that was found and needed no change counts.
    fn change(
        &mut self,
        statement: &Statement,
        values: &Values<'_>,
    ) -> impl Future<Output = Attempt<u64>> + Send;

    /// Begins to keep others of ours from inserting into `table`.
    fn exclude(&mut self, table: &Table) -> impl Future<Output = Attempt<()>> + Send;

    /// Ends it; `done` says whether what was done meanwhile stays.
    fn admit(&mut self, table: &Table, done: bool) -> impl Future<Output = Attempt<()>> + Send;

    /// What is known of `table`; None if there is none.
    fn shape(&mut self, table: &Table) -> impl Future<Output = Attempt<Option<Shape>>> + Send;

    /// Makes `table` unless another does so at the same time.
    fn create(&mut self, table: &Table) -> impl Future<Output = Attempt<()>> + Send;
}

/// A way to a database.
pub(crate) trait Driver: Debug + Send + Sync + 'static {
    /// The backend's name.
    const NAME: &'static str;
    /// How the database words what differs.
    const DIALECT: Dialect;
    type Connection: Connection;

    /// Connects and logs in. Nothing of the caller's has been sent when this fails.
    fn connect(
        &self,
        deadline: &Deadline,
    ) -> impl Future<Output = Attempt<Self::Connection>> + Send;

    /// Ends `attempt` when the deadline passes; None if it did.
    fn within<T: Send>(
        deadline: &Deadline,
        attempt: impl Future<Output = T> + Send,
    ) -> impl Future<Output = Option<T>> + Send;

    /// A wait.
    fn pause(duration: Duration) -> impl Future<Output = ()> + Send;
}

/// A connection, and what is said on it.
pub(super) struct Line<C> {
    pub(super) connection: C,
    pub(super) statements: Statements,
    pub(super) shape: Shape,
}

/// A store's operations over any database.
#[derive(Debug)]
pub(crate) struct Body<D: Driver> {
    driver: D,
    pub(super) storage: Storage,
    pub(super) clock: Arc<dyn Clock>,
    idle: PerProcess<Idle<D>>,
}

/// Locked for a push or a pop only.
struct Idle<D: Driver>(Mutex<Vec<Line<D::Connection>>>);

impl<D: Driver> Default for Idle<D> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<D: Driver> Body<D> {
    pub(crate) fn new(driver: D, storage: Storage, clock: Arc<dyn Clock>) -> Self {
        Self {
            driver,
            storage,
            clock,
            idle: PerProcess::new(),
        }
    }

    /// A connection that rests, or a new one. Held by one operation at a time, and dropped with
    /// it if it is given up: so nobody reads another caller's reply.
    async fn line(&self, deadline: &Deadline) -> Attempt<Line<D::Connection>> {
        let rested = {
            let idle = self.idle.get(Idle::default);
            let mut idle = idle.0.lock().unwrap_or_else(PoisonError::into_inner);
            idle.pop()
        };
        if let Some(line) = rested {
            return Ok(line);
        }
        let mut connection = self.driver.connect(deadline).await?;
        let table = &self.storage.table;
        let mut shape = connection.shape(table).await?;
        if shape.is_none() && self.storage.create {
            connection.create(table).await?;
            shape = connection.shape(table).await?;
        }
        let shape = shape.ok_or_else(|| {
            misconfigured(
                "there is no table for sessions; make it (`flask session init-db`, or the statements in \
                 the backend's page of the documentation), or let the store make it",
            )
        })?;
        Ok(Line {
            connection,
            statements: Statements::new(&D::DIALECT, table, shape),
            shape,
        })
    }

    fn keep(&self, line: Line<D::Connection>) {
        let idle = self.idle.get(Idle::default);
        let mut idle = idle.0.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(line);
        }
    }

    /// Closes what rests: it probably shares the fate of the connection that has just failed.
    fn forget(&self) {
        let idle = self.idle.get(Idle::default);
        let mut idle = idle.0.lock().unwrap_or_else(PoisonError::into_inner);
        let closed = std::mem::take(&mut *idle);
        drop(idle);
        drop(closed);
    }

    async fn once<W: Work>(&self, work: &W, lost: bool, deadline: &Deadline) -> Attempt<W::Answer> {
        let mut line = self.line(deadline).await?;
        let answer = work.perform(self, &mut line, lost).await;
        let kept =
            |problem: &Problem| matches!(problem, Problem::Interrupted(_) | Problem::Locked(_));
        if answer.as_ref().err().is_none_or(kept) {
            self.keep(line);
        }
        answer
    }

    async fn run<W: Work>(&self, work: W) -> Result<W::Answer> {
        let deadline = Deadline::within(self.storage.timeout);
        let (mut lost, mut stale, mut disputes) = (false, 0, 1);
        loop {
            let tried = D::within(&deadline, self.once(&work, lost, &deadline)).await;
            let problem = match tried.ok_or_else(|| deadline.passed())? {
                Ok(answer) => return Ok(answer),
                Err(problem) => problem,
            };
            match problem {
                Problem::Final(error) => return Err(error),
                Problem::Lost(error) if lost => return Err(error),
                Problem::Stale(error) if stale >= STALE => return Err(error),
                Problem::Lost(_) => lost = true,
                Problem::Stale(_) => stale += 1,
                Problem::Interrupted(error) if disputes >= TRIES => return Err(error),
                Problem::Duplicate if disputes >= TRIES => {
                    return Err(Error::new(
                        ErrorKind::Contended,
                        "another row stands in the way: does the column session_id tell upper from lower case?",
                    ));
                }
                Problem::Interrupted(_) | Problem::Duplicate => disputes += 1,
                // Often: whoever looks seldom never finds a busy file free.
                Problem::Locked(error) => {
                    if deadline.remaining().is_err() {
                        return Err(error);
                    }
                    D::pause(Duration::from_millis(1 + random() % 4)).await;
                    continue;
                }
            }
            if lost || stale > 0 {
                self.forget();
            }
            let left = deadline.remaining()?;
            // Between 5 and 25 ms: long enough for the other to be done, short enough to hold up
            // nobody.
            D::pause(Duration::from_millis(5 + random() % 20).min(left)).await;
        }
    }
}

fn random() -> u64 {
    RandomState::new().hash_one(0)
}

fn at<D: Driver>(operation: &'static str) -> impl Fn(Error) -> Error {
    move |error| error.at(D::NAME, operation)
}

#[async_trait]
impl<D: Driver> Store for Body<D> {
    fn capability(&self) -> Capability {
        Capability {
            lists: true,
            expires: false,
            max_payload: None,
            guarantee: Guarantee::Merge,
        }
    }

    async fn load(&self, key: &Key, refresh: Option<Refresh>) -> Result<Option<Loaded>> {
        let load = Load { key, refresh };
        self.run(load).await.map_err(at::<D>("load"))
    }

    async fn save(
        &self,
        key: &Key,
        payload: Bytes,
        ttl: Duration,
        expect: Expect,
    ) -> Result<Saved> {
        let save = Save {
            key,
            payload,
            ttl,
            expect: &expect,
        };
        self.run(save).await.map_err(at::<D>("save"))
    }

    async fn touch(&self, key: &Key, ttl: Duration) -> Result<bool> {
        let touch = Touch { key, ttl };
        self.run(touch).await.map_err(at::<D>("touch"))
    }

    async fn delete(&self, key: &Key, expect: Expect) -> Result<Deleted> {
        let delete = Delete {
            key,
            expect: &expect,
        };
        self.run(delete).await.map_err(at::<D>("delete"))
    }

    async fn list(&self, prefix: &str, cursor: Option<Cursor>, limit: usize) -> Result<Page> {
        let list = List {
            prefix,
            cursor: cursor.as_ref().map_or("", Cursor::as_str),
            limit,
        };
        self.run(list).await.map_err(at::<D>("list"))
    }

    async fn sweep(&self, limit: usize) -> Result<usize> {
        self.run(Sweep { limit }).await.map_err(at::<D>("sweep"))
    }
}
