//! "If the record still is what I expect, then ...", as well as the server permits it.

use bytes::Bytes;
use flask_session_core::Deadline;

use super::body::Body;
use super::ladder::Rung;
use super::lifetime::Lifetime;
use super::ways::{Tried, one, one_command, overwrite, run, watch};
use super::wire::{Line, Wire};
use crate::transport::Attempt;

/// Up to this many bytes a script compares; it holds the server for everybody, so larger records
/// are compared here, between WATCH and EXEC.
const SCRIPTED: usize = 4096;

/// What is to be done if the comparison holds.
#[derive(Clone, Copy)]
pub(super) enum Change<'a> {
    Set {
        payload: &'a Bytes,
        lifetime: Lifetime,
    },
    Delete,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compared {
    Done,
    /// The record is another.
    Different,
    Absent,
    /// One of the last two.
    NotEqual,
}

impl<W: Wire> Body<W> {
    /// Carries out `change` if `key` holds exactly `expected`. Keeps nothing of `line` busy: after
    /// `Ok` it may be kept.
    pub(super) async fn change_if_equal(
        &self,
        line: &mut W::Line,
        key: &str,
        expected: &Bytes,
        change: Change<'_>,
        deadline: &Deadline,
    ) -> Attempt<Compared> {
        let size = match change {
            Change::Set { payload, .. } => expected.len().max(payload.len()),
            Change::Delete => expected.len(),
        };
        let [near, far] = if size <= SCRIPTED {
            [Rung::Script, Rung::Watch]
        } else {
            [Rung::Watch, Rung::Script]
        };
        let first = match change {
            Change::Set { .. } => Rung::SetIfEqual,
            Change::Delete => Rung::DeleteIfEqual,
        };
        let mut denied = Vec::new();
        for rung in [first, near, far] {
            if !self.ladder.permits(rung) {
                continue;
            }
            let tried = match rung {
                Rung::Script => {
                    let script = match change {
                        Change::Set { .. } => &self.scripts.set_if_equal,
                        Change::Delete => &self.scripts.delete_if_equal,
                    };
                    run(line, script, key, expected, change, deadline).await?
                }
                Rung::Watch => watch(line, key, expected, change, deadline).await?,
                _ => match one_command(line.server(), key, expected, change) {
                    Some(command) => one(line, &command, deadline).await?,
                    // This server hasn't got it; another one behind the same name may.
                    None => continue,
                },
            };
            match tried {
                Tried::Answered(compared) => {
                    self.remember(&denied);
                    return Ok(compared);
                }
                Tried::Denied => denied.push(rung),
            }
        }
        let compared = overwrite(line, key, change, deadline).await?;
        // Only now: what refuses everything has denied nothing in particular.
        self.remember(&denied);
        self.ladder.overwrite();
        Ok(compared)
    }

    fn remember(&self, denied: &[Rung]) {
        for rung in denied {
            self.ladder.deny(*rung);
        }
    }
}
