//! Where things lie: one subfolder, a shard per first byte of the name, a file per session.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use flask_session_core::{Key, Result};
use sha2::{Digest, Sha256};

use super::failure::{is_missing, refused};

/// The only entry that we make in the configured directory.
const SUBFOLDER: &str = "sessions";

/// How many shards there are: one per first byte of a name.
pub(super) const SHARDS: usize = 256;

/// The name of a session's file: the SHA-256 of its key, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name(String);

impl Name {
    pub(super) fn of(key: &Key) -> Self {
        Self(hexadecimal(&Sha256::digest(key.as_str())))
    }

    /// Reads a file's name; anything but 64 lower-case hexadecimal digits isn't a session's.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 64 && text.bytes().all(digit)).then(|| Self(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    fn shard(&self) -> &str {
        &self.0[..2]
    }

    /// The number of the shard that holds it.
    pub(super) fn shard_number(&self) -> usize {
        usize::from_str_radix(self.shard(), 16).unwrap_or(0)
    }
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

/// The folders and files of one store.
#[derive(Debug)]
pub(super) struct Layout {
    directory: PathBuf,
    root: PathBuf,
    mode: u32,
}

impl Layout {
    pub(super) fn new(directory: PathBuf, mode: u32) -> Self {
        // Sessions must not be lost when the application changes its working directory.
        let directory = std::path::absolute(&directory).unwrap_or(directory);
        let root = directory.join(SUBFOLDER);
        Self {
            directory,
            root,
            mode: mode & 0o777,
        }
    }

    /// The configured directory, in which cachelib's files lie.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The folders in which [`make_folders`](Self::make_folders) makes one.
    pub(super) fn parents(&self) -> impl Iterator<Item = &Path> {
        let above = self.directory.parent();
        above.into_iter().chain([self.directory(), &self.root])
    }

    pub(super) fn shard(&self, number: usize) -> PathBuf {
        self.root.join(format!("{number:02x}"))
    }

    fn in_shard(&self, shard: &str, file: &str, extension: &str) -> PathBuf {
        let root = self.root.as_os_str();
        let mut path = std::ffi::OsString::with_capacity(
            root.len() + shard.len() + file.len() + extension.len() + 2,
        );
        path.push(root);
        for part in ["/", shard, "/", file, extension] {
            path.push(part);
        }
        path.into()
    }

    pub(super) fn record(&self, name: &Name) -> PathBuf {
        self.in_shard(name.shard(), name.as_str(), "")
    }

    /// The file beside the record in which its successor is written.
    pub(super) fn aside(&self, name: &Name, number: u64) -> PathBuf {
        self.in_shard(name.shard(), name.as_str(), &format!(".{number:016x}.tmp"))
    }

    pub(super) fn lock(&self, name: &Name) -> PathBuf {
        self.in_shard(name.shard(), "lock", "")
    }

    pub(super) fn count(&self) -> PathBuf {
        self.root.join("count")
    }

    /// Opens a file of ours for reading and writing, and makes it if it isn't there. Its shard's
    /// folder must be there.
    pub(super) fn open_or_make(&self, path: &Path) -> io::Result<File> {
        let existing = open(path, true);
        match existing {
            Err(error) if is_missing(&error) => {}
            done => return done,
        }
        let made = create(path, self.mode);
        match made {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => open(path, true),
            done => done,
        }
    }

    /// A new file with the configured mode, whatever the process's umask is.
    pub(super) fn create(&self, path: &Path) -> io::Result<File> {
        create(path, self.mode)
    }

    /// Makes the folders that lead to `name`'s shard, as far as they are missing.
    pub(super) fn make_folders(&self, name: &Name) -> Result<()> {
        let failed = |error| refused("making the session folder", error);
        if !self.directory.is_dir() {
            DirBuilder::new()
                .recursive(true)
                .mode(self.folder_mode())
                .create(&self.directory)
                .map_err(failed)?;
        }
        for folder in [self.root.clone(), self.root.join(name.shard())] {
            self.make_folder(&folder).map_err(failed)?;
        }
        Ok(())
    }

    /// One folder of ours. A symbolic link in its place would lead our files elsewhere.
    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        match DirBuilder::new().mode(self.folder_mode()).create(folder) {
            Ok(()) => std::fs::set_permissions(folder, Permissions::from_mode(self.folder_mode())),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => check(folder),
            Err(error) => Err(error),
        }
    }

    /// Whether our subfolder is there, and really a folder.
    pub(super) fn is_made(&self) -> Result<bool> {
        match check(&self.root) {
            Ok(()) => Ok(true),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(refused("looking at the session folder", error)),
        }
    }

    /// Whoever may read or write the files may enter their folders.
    fn folder_mode(&self) -> u32 {
        self.mode | (self.mode & 0o444) >> 2 | 0o700
    }
}

fn check(folder: &Path) -> io::Result<()> {
    let found = folder.symlink_metadata()?;
    if found.is_dir() {
        Ok(())
    } else if found.is_symlink() {
        Err(io::Error::from_raw_os_error(libc::ELOOP))
    } else {
        Err(io::ErrorKind::NotADirectory.into())
    }
}

/// Opens a file without following a symbolic link in its place.
pub(super) fn open(path: &Path, write: bool) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(write)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)
}

fn create(path: &Path, mode: u32) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    if mode != 0o600 {
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    Ok(file)
}
