//! Sessions as files in a folder: the embedded store, without a server.
//!
//! One file per session, below one subfolder of the directory; safe between threads and
//! processes of one machine. `docs/backends/filesystem.md` has the layout byte by byte.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flask_session_core::{
    Capability, Clock, Cursor, Deleted, Drive, Error, ErrorKind, Expect, Guarantee, Key, Loaded,
    Notice, Page, PerProcess, Refresh, Result, Saved, Store, SystemClock,
};

mod cachelib;
mod count;
mod failure;
mod housekeeping;
mod layout;
mod listing;
mod loading;
mod lock;
mod record;
mod saving;
mod standing;

use crate::{Backend, Hosting, Settings};

use failure::{is_missing, refused};
use housekeeping::Patrol;
use layout::{Layout, Name, open};
use lock::Lock;
use standing::Standing;

/// How a [`FilesystemStore`] keeps its files.
///
/// ```
/// use flask_session_stores::filesystem::{FilesystemStore, Options};
///
/// let store = FilesystemStore::new(Options { fsync: true, ..Options::new("/var/lib/shop/sessions") });
/// assert_eq!(store.evicted(), 0); // nothing is made before the first save
/// ```
#[derive(Debug, Clone)]
pub struct Options {
    /// The configured directory; made at the first save. Ours is one subfolder of it. A relative
    /// one is taken from the working directory at the time when the store is made.
    pub directory: PathBuf,
    /// The number of sessions from which on each new one removes a few that are expired. 0: never.
    pub threshold: usize,
    /// Whether the threshold is also a cap, beyond which live sessions go, those nearest to
    /// their expiry first.
    pub cap: bool,
    /// The mode of each file, such as `0o600`. Who may read a file may also enter its folder.
    pub mode: u32,
    /// Whether a save is on the disk before it returns. Without it a power failure, not a crash
    /// of the process, may undo the last saves; it never leaves half a record.
    pub fsync: bool,
}

impl Options {
    /// The default: threshold 500, no cap, mode 0600, no fsync.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            threshold: 500,
            cap: false,
            mode: 0o600,
            fsync: false,
        }
    }

    /// Reads `file:///the/directory`, or `file:` and the option `directory`, and what stands beside.
    fn read(mut settings: Settings) -> Result<Self> {
        let path = settings.url().trim_start_matches("file:");
        let path = path.strip_prefix("//").unwrap_or(path).to_owned();
        let directory = settings
            .path("directory")?
            .unwrap_or_else(|| PathBuf::from(path));
        if directory.as_os_str().is_empty() {
            return Err(Error::new(
                ErrorKind::Misconfigured,
                "the directory for session files is empty; set SESSION_FILE_DIR",
            ));
        }
        let mut options = Self::new(directory);
        if let Some(threshold) = settings.count("threshold")? {
            options.threshold = usize::try_from(threshold).unwrap_or(usize::MAX);
        }
        if let Some(mode) = settings.count("mode")? {
            options.mode = u32::try_from(mode)
                .ok()
                .filter(|mode| *mode <= 0o777)
                .ok_or_else(|| {
                    Error::new(
                        ErrorKind::Misconfigured,
                        "SESSION_FILE_MODE must be 0 to 0o777",
                    )
                })?;
        }
        options.cap = settings.flag("cap")?.unwrap_or(options.cap);
        options.fsync = settings.flag("fsync")?.unwrap_or(options.fsync);
        settings.finish()?;
        Ok(options)
    }
}

pub(crate) const BACKEND: Backend = Backend {
    name: "filesystem",
    schemes: &["file"],
    drive: Drive::Inline,
    hosting: Hosting::Threads,
    open: |settings, _| {
        let options = Options::read(settings)?;
        Ok(Box::new(move || {
            Ok(Arc::new(FilesystemStore::new(options.clone())))
        }))
    },
};

/// Keeps each session in a file. Inline: its futures are ready at the first poll.
///
/// Sessions that Flask-Session 0.4 to 0.8 wrote into the directory through cachelib are loaded,
/// touched and deleted; their next save writes ours and removes theirs. Their files don't hold
/// their key, so `list` doesn't show them.
#[derive(Debug)]
pub struct FilesystemStore {
    layout: Layout,
    threshold: usize,
    cap: bool,
    fsync: bool,
    clock: Arc<dyn Clock>,
    made: AtomicBool,
    patrol: PerProcess<Mutex<Patrol>>,
    swept_to: AtomicUsize,
    evicted: AtomicU64,
    /// The number of evictions that the last notice told.
    said: AtomicU64,
}

impl FilesystemStore {
    /// A store with these options. Nothing is opened or made before the first use.
    pub fn new(options: Options) -> Self {
        Self::with_clock(options, Arc::new(SystemClock))
    }

    /// The same on another clock.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use flask_session_core::SystemClock;
    /// use flask_session_stores::filesystem::{FilesystemStore, Options};
    ///
    /// let store = FilesystemStore::with_clock(Options::new("sessions"), Arc::new(SystemClock));
    /// ```
    pub fn with_clock(options: Options, clock: Arc<dyn Clock>) -> Self {
        Self {
            layout: Layout::new(options.directory, options.mode),
            threshold: options.threshold,
            cap: options.cap,
            fsync: options.fsync,
            clock,
            made: AtomicBool::new(false),
            patrol: PerProcess::new(),
            swept_to: AtomicUsize::new(0),
            evicted: AtomicU64::new(0),
            said: AtomicU64::new(0),
        }
    }

    /// How many live sessions this instance has removed to keep its cap.
    pub fn evicted(&self) -> u64 {
        self.evicted.load(Ordering::Relaxed)
    }

    fn is_made(&self) -> Result<bool> {
        if !self.made.load(Ordering::Relaxed) {
            self.made.store(self.layout.is_made()?, Ordering::Relaxed);
        }
        Ok(self.made.load(Ordering::Relaxed))
    }

    /// The lock on the shard of `name`; None if there is no such shard, so no record either.
    fn lock(&self, name: &Name) -> Result<Option<Lock>> {
        if !self.is_made()? {
            return Ok(None);
        }
        match self.layout.open_or_make(&self.layout.lock(name)) {
            Ok(file) => Lock::take(file).map(Some),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(refused("opening a session folder's lock", error)),
        }
    }

    fn open_record(&self, name: &Name, write: bool) -> Result<Option<std::fs::File>> {
        match open(&self.layout.record(name), write) {
            Ok(file) => Ok(Some(file)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) if error.raw_os_error() == Some(libc::ELOOP) => Err(Error::new(
                ErrorKind::Corrupt,
                "a symbolic link lies in a session file's place",
            )),
            Err(error) => Err(refused("opening a session file", error)),
        }
    }

    fn touch_now(&self, key: &Key, ttl: Duration) -> Result<bool> {
        let name = Name::of(key);
        let lock = self.lock(&name)?;
        if lock.is_some()
            && let Some(file) = self.open_record(&name, true)?
        {
            let now = self.clock.now();
            let head = record::Head::read(&file)?.filter(|head| head.expiry > now);
            if head.is_some() {
                record::write_expiry(&file, now.after(ttl))?;
            }
            return Ok(head.is_some());
        }
        let now = self.clock.now();
        let legacy = cachelib::find(self.layout.directory(), key, true)?;
        let Some(legacy) = legacy.filter(|legacy| legacy.is_live(now)) else {
            return Ok(false);
        };
        legacy.write_expiry(now.after(ttl))?;
        Ok(true)
    }

    fn delete_now(&self, key: &Key, expect: &Expect) -> Result<Deleted> {
        let name = Name::of(key);
        let _lock = self.lock(&name)?;
        let standing = self.standing(key, &name, expect)?;
        let answer = match standing {
            Standing::Live {
                expected: false, ..
            } => return Ok(Deleted::Conflict),
            Standing::Live { .. } => Deleted::Removed,
            Standing::Damaged { .. } if *expect == Expect::Anything => Deleted::Removed,
            Standing::Missing | Standing::Expired { .. } | Standing::Damaged { .. } => {
                Deleted::Absent
            }
        };
        // Theirs first: else it would come back, should we be killed between the two.
        if cachelib::remove(self.layout.directory(), key)? {
            self.sync(self.layout.directory())?;
        }
        if standing.is_file_of_ours() {
            std::fs::remove_file(self.layout.record(&name))
                .map_err(|error| refused("removing a session file", error))?;
            self.sync(&self.layout.shard(name.shard_number()))?;
            let _ = count::change(&self.layout, -1);
        }
        Ok(answer)
    }
}

fn at(operation: &'static str) -> impl Fn(Error) -> Error {
    move |error| error.at("filesystem", operation)
}

#[async_trait]
impl Store for FilesystemStore {
    fn capability(&self) -> Capability {
        Capability {
            lists: true,
            expires: false,
            max_payload: None,
            guarantee: Guarantee::Merge,
        }
    }

    async fn load(&self, key: &Key, refresh: Option<Refresh>) -> Result<Option<Loaded>> {
        self.load_now(key, refresh).map_err(at("load"))
    }

    async fn save(
        &self,
        key: &Key,
        payload: Bytes,
        ttl: Duration,
        expect: Expect,
    ) -> Result<Saved> {
        self.save_now(key, &payload, ttl, &expect)
            .map_err(at("save"))
    }

    async fn touch(&self, key: &Key, ttl: Duration) -> Result<bool> {
        match self.touch_now(key, ttl) {
            // Nothing to keep; whoever loads it is told.
            Err(error) if error.kind() == ErrorKind::Corrupt => Ok(false),
            touched => touched.map_err(at("touch")),
        }
    }

    async fn delete(&self, key: &Key, expect: Expect) -> Result<Deleted> {
        self.delete_now(key, &expect).map_err(at("delete"))
    }

    async fn list(&self, prefix: &str, cursor: Option<Cursor>, limit: usize) -> Result<Page> {
        self.list_now(prefix, cursor.as_ref(), limit)
            .map_err(at("list"))
    }

    async fn sweep(&self, limit: usize) -> Result<usize> {
        self.sweep_up(limit).map_err(at("sweep"))
    }

    fn take_notices(&self) -> Vec<Notice> {
        let evicted = self.evicted();
        let said = self.said.load(Ordering::Relaxed);
        // Said after 1, 2, 4, 8, ... of them: a busy site would else say it with every request.
        if evicted < (said * 2).max(1) || self.said.fetch_max(evicted, Ordering::Relaxed) != said {
            return Vec::new();
        }
        vec![Notice::warning(format!(
            "{evicted} live sessions were deleted to keep SESSION_FILE_THRESHOLD; their owners are \
             logged out. Raise it, set it to 0 to keep every live session, or use another backend"
        ))]
    }
}
