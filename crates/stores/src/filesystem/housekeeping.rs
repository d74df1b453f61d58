//! Removing what is dead, and, where the user set a cap, what is nearest to it.

use std::fs::ReadDir;
use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, TryLockError};
use std::time::{Duration, UNIX_EPOCH};

use flask_session_core::{Result, Timestamp};

use super::failure::{is_missing, refused};
use super::layout::{Name, SHARDS, open};
use super::record::Head;
use super::{FilesystemStore, cachelib, count};

/// How many files a new session looks at: what is dead goes faster than new ones come, as long
/// as more than one in eight is dead.
const GLANCES: usize = 8;

/// How many files a new session removes at most for the cap's sake.
const EVICTIONS: usize = 16;

/// When a file that was written aside has lost its writer.
const ORPHANED: Duration = Duration::from_secs(3600);

/// Where this process is on its way round the shards.
#[derive(Debug, Default)]
pub(super) struct Patrol {
    /// The next shard, once started.
    shard: Option<usize>,
    /// What is left of the present one. Kept open between two calls, so that each call costs the
    /// same however many files a shard has.
    entries: Option<ReadDir>,
    /// The files that were nearest to their end when all were looked at; the nearest last.
    nearest: Vec<(Timestamp, Name)>,
}

impl FilesystemStore {
    /// After a new session was written: counts it and, from the threshold on, tidies a little. A
    /// failure here is not the session's: it is saved.
    pub(super) fn tidy_after(&self, new: &Name) {
        let Ok(number) = count::change(&self.layout, 1) else {
            return;
        };
        let threshold = self.threshold as u64;
        if threshold == 0 || number < threshold {
            return;
        }
        let patrol: std::sync::Arc<Mutex<Patrol>> = self.patrol.get(Mutex::default);
        let mut patrol = match patrol.try_lock() {
            Ok(patrol) => patrol,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // Another thread is at it.
            Err(TryLockError::WouldBlock) => return,
        };
        let now = self.clock.now();
        let removed = self.glance(&mut patrol, now);
        let left = number.saturating_sub(removed);
        let evicted = if self.cap && left > threshold {
            self.evict(&mut patrol, left - threshold, new, now)
        } else {
            0
        };
        let removed = i64::try_from(removed + evicted).unwrap_or(0);
        if removed > 0 {
            let _ = count::change(&self.layout, -removed);
        }
    }

    /// Looks at the next few files and removes the expired among them.
    fn glance(&self, patrol: &mut Patrol, now: Timestamp) -> u64 {
        let mut removed = 0;
        for _ in 0..GLANCES {
            let Some(entries) = &mut patrol.entries else {
                // Somewhere else in each process.
                let shard = patrol
                    .shard
                    .map_or_else(|| std::process::id() as usize, |shard| shard + 1);
                patrol.shard = Some(shard % SHARDS);
                patrol.entries = std::fs::read_dir(self.layout.shard(shard % SHARDS)).ok();
                continue;
            };
            let Some(Ok(entry)) = entries.next() else {
                patrol.entries = None;
                continue;
            };
            let file_name = entry.file_name();
            let name = file_name.to_str().and_then(Name::parse);
            let expired = |name: &Name| self.expiry(name).is_some_and(|expiry| expiry <= now);
            if let Some(name) = name.filter(expired)
                && let Ok(true) = self.bury(&name, |expiry| expiry <= now)
            {
                removed += 1;
            }
        }
        removed
    }

    /// Removes up to `surplus` of the files that are nearest to their end, but not `new`.
    fn evict(&self, patrol: &mut Patrol, surplus: u64, new: &Name, now: Timestamp) -> u64 {
        if patrol.nearest.is_empty() {
            patrol.nearest = self.nearest();
        }
        let mut removed = 0;
        for _ in 0..EVICTIONS {
            if removed == surplus {
                break;
            }
            let Some((expected, name)) = patrol.nearest.pop() else {
                break;
            };
            // Who was touched meanwhile is no longer among the nearest.
            let unchanged = |expiry| expiry == expected;
            if name != *new
                && let Ok(true) = self.bury(&name, unchanged)
            {
                removed += 1;
                if expected > now {
                    self.evicted.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        removed
    }

    /// Looks at every file, corrects the count, and returns one in sixteen: the nearest to their
    /// end, the nearest last.
    fn nearest(&self) -> Vec<(Timestamp, Name)> {
        let mut all = Vec::new();
        for shard in 0..SHARDS {
            let names = count::names(&self.layout, shard).unwrap_or_default();
            all.extend(names.into_iter().map(|name| {
                // What can't be read is worth nothing.
                (self.expiry(&name).unwrap_or_default(), name)
            }));
        }
        let _ = count::correct(&self.layout, all.len() as u64);
        let wanted = (all.len() / 16).max(EVICTIONS);
        if wanted < all.len() {
            all.select_nth_unstable(wanted);
            all.truncate(wanted);
        }
        all.sort_unstable_by(|one, other| other.cmp(one));
        all
    }

    fn expiry(&self, name: &Name) -> Option<Timestamp> {
        let file = open(&self.layout.record(name), false).ok()?;
        Some(Head::read(&file).ok()??.expiry)
    }

    /// Removes a record whose expiry, looked at again under the lock, is `due`, together with
    /// what cachelib may have left under its key. The caller keeps the count.
    fn bury(&self, name: &Name, due: impl Fn(Timestamp) -> bool) -> Result<bool> {
        let Some(_lock) = self.lock(name)? else {
            return Ok(false);
        };
        let path = self.layout.record(name);
        let file = match open(&path, false) {
            Err(error) if is_missing(&error) => return Ok(false),
            opened => opened.map_err(|error| refused("opening a session file", error))?,
        };
        match Head::read_with_key(&file)? {
            Some((head, key)) if due(head.expiry) => {
                cachelib::remove(self.layout.directory(), &key)?;
            }
            None if due(Timestamp::default()) => {}
            _ => return Ok(false),
        }
        std::fs::remove_file(&path).map_err(|error| refused("removing a session file", error))?;
        Ok(true)
    }

    /// Removes at most `limit` expired sessions, of ours and of cachelib's, and orphans. Goes on
    /// where the last call ended; a call that goes all the way round corrects the count.
    pub(super) fn sweep_up(&self, limit: usize) -> Result<usize> {
        let now = self.clock.now();
        let start = self.swept_to.load(Ordering::Relaxed);
        let mut removed = 0;
        let mut number = 0;
        for shard in (0..SHARDS).map(|step| (start + step) % SHARDS) {
            self.remove_orphans(shard, now)?;
            for name in count::names(&self.layout, shard)? {
                if removed == limit {
                    self.swept_to.store(shard, Ordering::Relaxed);
                    count::change(&self.layout, -i64::try_from(removed).unwrap_or(0))?;
                    return Ok(removed);
                }
                let expired = self.expiry(&name).is_some_and(|expiry| expiry <= now);
                if expired && self.bury(&name, |expiry| expiry <= now)? {
                    removed += 1;
                } else {
                    number += 1;
                }
            }
        }
        if self.is_made()? {
            count::correct(&self.layout, number)?;
        }
        Ok(removed + self.sweep_cachelib(limit - removed, now)?)
    }

    /// Files that were written aside and never renamed: their writer was killed.
    fn remove_orphans(&self, shard: usize, now: Timestamp) -> Result<()> {
        let failed = |error| refused("removing an orphaned file", error);
        for entry in entries(&self.layout.shard(shard))? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            if path.extension().is_none_or(|extension| extension != "tmp") {
                continue;
            }
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            let modified = modified
                .ok()
                .and_then(|at| at.duration_since(UNIX_EPOCH).ok());
            let written = modified.map(|since| Timestamp::default().after(since));
            if written.is_some_and(|written| now.since(written) > ORPHANED) {
                match std::fs::remove_file(path) {
                    Err(error) if !is_missing(&error) => return Err(failed(error)),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Expired sessions that older releases left. Cachelib's count never expires, and its
    /// temporary files have another name: both stay.
    fn sweep_cachelib(&self, limit: usize, now: Timestamp) -> Result<usize> {
        let mut removed = 0;
        for entry in entries(self.layout.directory())? {
            if removed == limit {
                break;
            }
            let entry = entry.map_err(|error| refused("listing SESSION_FILE_DIR", error))?;
            let name = entry.file_name();
            if !name.to_str().is_some_and(cachelib::may_be_named) {
                continue;
            }
            // Somebody else's file, or one that can't be read, stays.
            let Ok(Some(legacy)) = cachelib::read(&entry.path(), false) else {
                continue;
            };
            if !legacy.is_live(now) && std::fs::remove_file(entry.path()).is_ok() {
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// What a folder holds; nothing if it isn't there.
fn entries(folder: &Path) -> Result<impl Iterator<Item = io::Result<std::fs::DirEntry>>> {
    match std::fs::read_dir(folder) {
        Ok(entries) => Ok(Some(entries).into_iter().flatten()),
        Err(error) if is_missing(&error) => Ok(None.into_iter().flatten()),
        Err(error) => Err(refused("listing a session folder", error)),
    }
}
