//! The filesystem store; each instance is opened anew, as another process would have it.

use std::sync::Arc;
use std::time::Duration;

use flask_session_core::Store;
use flask_session_stores::filesystem::{FilesystemStore, Options};
use flask_session_testkit::{ManualClock, Subject, Unreachable};
use tempfile::TempDir;

struct Files {
    clock: Arc<ManualClock>,
    folder: TempDir,
}

impl Files {
    fn new() -> Self {
        Self {
            clock: Arc::new(ManualClock::new()),
            folder: TempDir::new().unwrap(),
        }
    }
}

impl Subject for Files {
    fn open(&self) -> Arc<dyn Store> {
        let options = Options::new(self.folder.path().join("made at first use"));
        Arc::new(FilesystemStore::with_clock(options, self.clock.clone()))
    }

    fn wait(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    fn unreachable(&self) -> Vec<Unreachable> {
        Vec::new()
    }
}

flask_session_testkit::keeps_every_rule!(Files::new());
