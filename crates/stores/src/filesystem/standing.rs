//! What is under a key, as far as an expectation is concerned.

use std::fs::File;

use flask_session_core::{ErrorKind, Expect, Key, Result};

use super::layout::Name;
use super::record::{Head, Record};
use super::{FilesystemStore, cachelib};

/// What is under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Missing,
    Expired { ours: bool },
    Damaged { ours: bool },
    Live { ours: bool, expected: bool },
}

impl Standing {
    pub(super) fn is_live(self) -> bool {
        matches!(self, Self::Live { .. })
    }

    /// Whether it is a file of ours, and not of cachelib's.
    pub(super) fn is_file_of_ours(self) -> bool {
        match self {
            Self::Missing => false,
            Self::Expired { ours } | Self::Damaged { ours } | Self::Live { ours, .. } => ours,
        }
    }
}

impl FilesystemStore {
    /// What is under `key` and, if it is live, whether it is what `expect` says. To be asked under
    /// the lock.
    pub(super) fn standing(&self, key: &Key, name: &Name, expect: &Expect) -> Result<Standing> {
        match self.open_record(name, false) {
            Ok(Some(file)) => self.standing_of_ours(file, key, expect),
            Ok(None) => self.standing_of_cachelib(key, expect),
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                Ok(Standing::Damaged { ours: true })
            }
            Err(error) => Err(error),
        }
    }

    fn standing_of_ours(&self, mut file: File, key: &Key, expect: &Expect) -> Result<Standing> {
        let ours = true;
        let Some(head) = Head::read(&file)? else {
            return Ok(Standing::Damaged { ours });
        };
        if head.expiry <= self.clock.now() {
            return Ok(Standing::Expired { ours });
        }
        let expected = match expect {
            Expect::Anything => true,
            // Who has its revision has loaded it whole.
            Expect::Revision(revision) => revision.number() == Some(head.revision),
            Expect::Absent => match Record::read(&mut file, key) {
                Ok(_) => false,
                Err(error) if error.kind() == ErrorKind::Corrupt => {
                    return Ok(Standing::Damaged { ours });
                }
                Err(error) => return Err(error),
            },
        };
        Ok(Standing::Live { ours, expected })
    }

    fn standing_of_cachelib(&self, key: &Key, expect: &Expect) -> Result<Standing> {
        let ours = false;
        let legacy = match cachelib::find(self.layout.directory(), key, false) {
            Ok(None) => return Ok(Standing::Missing),
            Ok(Some(legacy)) => legacy,
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                return Ok(Standing::Damaged { ours });
            }
            Err(error) => return Err(error),
        };
        if !legacy.is_live(self.clock.now()) {
            return Ok(Standing::Expired { ours });
        }
        let expected = match expect {
            Expect::Anything => true,
            Expect::Absent => false,
            Expect::Revision(revision) => revision.payload() == Some(&legacy.payload),
        };
        Ok(Standing::Live { ours, expected })
    }
}
