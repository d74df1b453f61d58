//! The filesystem store; each instance is opened anew, as another process would have it.

use std::sync::Arc;
use std::time::Duration;

use flask_session_core::{Drive, Store};
use flask_session_stores::Hosting;
use flask_session_stores::filesystem::{FilesystemStore, Options};
use flask_session_testkit::{ManualClock, Subject, Unreachable};
use tempfile::TempDir;

use super::hosts::Host;

struct Files {
    clock: Arc<ManualClock>,
    folder: TempDir,
    host: Host,
}

impl Files {
    fn on(host: Host) -> Self {
        Self {
            clock: Arc::new(ManualClock::new()),
            folder: TempDir::new().unwrap(),
            host,
        }
    }
}

impl Subject for Files {
    fn open(&self) -> Arc<dyn Store> {
        let options = Options::new(self.folder.path().join("made at first use"));
        let clock = self.clock.clone();
        self.host.open(Box::new(move || {
            let store = FilesystemStore::with_clock(options.clone(), clock.clone());
            Ok(Arc::new(store))
        }))
    }

    fn wait(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    fn waits(&self) -> bool {
        self.host.waits()
    }

    fn unreachable(&self) -> Vec<Unreachable> {
        Vec::new()
    }
}

mod in_this_thread {
    use super::*;

    flask_session_testkit::keeps_every_rule!(Files::on(Host::Blocking(Drive::Inline)));
}

mod on_threads_of_a_service {
    use super::*;

    flask_session_testkit::keeps_every_rule!(Files::on(Host::Service(Hosting::Threads)));
}
