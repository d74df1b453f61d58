//! Saving: written aside, compared and renamed under the lock.

use std::io;
use std::path::Path;
use std::time::Duration;

use flask_session_core::{Error, ErrorKind, Expect, Key, Result, Revision, Saved, Timestamp};

use super::failure::{is_missing, refused};
use super::layout::Name;
use super::standing::Standing;
use super::{FilesystemStore, cachelib, record};

/// A record that was put in its place.
struct Placed {
    /// Whether no file of ours was there before.
    new: bool,
}

impl FilesystemStore {
    pub(super) fn save_now(
        &self,
        key: &Key,
        payload: &[u8],
        ttl: Duration,
        expect: &Expect,
    ) -> Result<Saved> {
        let name = Name::of(key);
        let revision = getrandom::u64().map_err(|error| {
            Error::new(ErrorKind::Unexpected, "the system's random source failed").caused_by(error)
        })?;
        let aside = self.layout.aside(&name, revision);
        let expiry = self.clock.now().after(ttl);
        let stored = self
            .write_aside(&aside, &name, key, payload, expiry, revision)
            .and_then(|()| self.put_in_place(&aside, &name, key, expect));
        match stored {
            Ok(Some(Placed { new })) => {
                if new {
                    self.tidy_after(&name);
                }
                Ok(Saved::Stored(Revision::of_number(revision)))
            }
            Ok(None) => {
                let _ = std::fs::remove_file(&aside);
                Ok(Saved::Conflict)
            }
            Err(error) => {
                let _ = std::fs::remove_file(&aside);
                Err(error)
            }
        }
    }

    /// Writes the record beside its place, before any lock is taken: that may take long.
    fn write_aside(
        &self,
        aside: &Path,
        name: &Name,
        key: &Key,
        payload: &[u8],
        expiry: Timestamp,
        revision: u64,
    ) -> Result<()> {
        let made = self.is_made()?;
        let mut created = if made {
            self.layout.create(aside)
        } else {
            Err(io::ErrorKind::NotFound.into())
        };
        if created.as_ref().is_err_and(is_missing) {
            self.layout.make_folders(name)?;
            for folder in self.layout.parents() {
                self.sync(folder)?;
            }
            created = self.layout.create(aside);
        }
        let mut file = created.map_err(|error| refused("making a session file", error))?;
        record::write(&mut file, key, payload, expiry, revision)?;
        if self.fsync {
            file.sync_all()
                .map_err(|error| refused("writing a session file to disk", error))?;
        }
        Ok(())
    }

    /// Compares and renames, under the lock. None if the expectation doesn't hold.
    fn put_in_place(
        &self,
        aside: &Path,
        name: &Name,
        key: &Key,
        expect: &Expect,
    ) -> Result<Option<Placed>> {
        let record = self.layout.record(name);
        let _lock = self.lock(name)?.ok_or_else(|| {
            Error::new(
                ErrorKind::Unreachable,
                "the session folder was removed while a session was being saved",
            )
        })?;
        let new = if *expect == Expect::Anything {
            record.symlink_metadata().is_err()
        } else {
            let standing = self.standing(key, name, expect)?;
            let holds = match expect {
                Expect::Absent => !standing.is_live(),
                _ => matches!(standing, Standing::Live { expected: true, .. }),
            };
            if !holds {
                return Ok(None);
            }
            !standing.is_file_of_ours()
        };
        std::fs::rename(aside, &record)
            .map_err(|error| refused("putting a session file in its place", error))?;
        if new {
            // Ours is in place: from here on theirs is never looked at.
            cachelib::remove(self.layout.directory(), key)?;
        }
        self.sync(&self.layout.shard(name.shard_number()))?;
        Ok(Some(Placed { new }))
    }

    /// Waits until what was made, renamed or removed in `folder` is on the disk, if that is wanted.
    pub(super) fn sync(&self, folder: &Path) -> Result<()> {
        if self.fsync {
            std::fs::File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(|error| refused("writing a session folder to disk", error))?;
        }
        Ok(())
    }
}
