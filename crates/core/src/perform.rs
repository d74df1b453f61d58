//! Performing a commit on a store.

use std::time::Duration;

use crate::session::{Operation, Outcome, Reply, Step};
use crate::{Commit, Error, ErrorKind, Result, Store};

/// Drives `commit` to its end on `store`. Records live for `ttl` from the save or touch on.
///
/// A broken connection is survived once: whether the operation had happened is found out by the
/// commit itself. A passed deadline isn't, since the caller's time is used up.
pub async fn perform(store: &dyn Store, commit: &mut Commit, ttl: Duration) -> Result<Outcome> {
    let mut breaks = 0;
    let mut step = commit.start()?;
    loop {
        let operation = match step {
            Step::Ask(operation) => operation,
            Step::Done(outcome) => return Ok(outcome),
        };
        let reply = match ask(store, operation, ttl).await {
            Ok(reply) => reply,
            Err(error) if is_survivable(&error) && breaks == 0 => {
                breaks += 1;
                Reply::Lost
            }
            Err(error) => return Err(error),
        };
        step = commit.resume(reply)?;
    }
}

fn is_survivable(error: &Error) -> bool {
    error.kind() == ErrorKind::Unreachable
}

async fn ask(store: &dyn Store, operation: Operation, ttl: Duration) -> Result<Reply> {
    Ok(match operation {
        Operation::Load(key) => Reply::Loaded(store.load(&key, None).await?),
        Operation::Save(key, payload, expect) => {
            Reply::Saved(store.save(&key, payload, ttl, expect).await?)
        }
        Operation::Delete(key, expect) => Reply::Deleted(store.delete(&key, expect).await?),
        Operation::Touch(key) => Reply::Touched(store.touch(&key, ttl).await?),
    })
}
