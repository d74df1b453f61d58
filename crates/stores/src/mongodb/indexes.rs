//! The indexes of the collection: made at the first write of a process, and what they promise.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flask_session_core::Notice;
use mongodb::bson::{RawDocumentBuf, doc};
use mongodb::options::IndexOptions;
use mongodb::{Collection, IndexModel};
use tokio::sync::watch;

use super::MongoStore;
use super::failure::Failure;

/// What the server does by itself, thanks to the indexes that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Indexes {
    /// It never keeps two documents with one `id`.
    pub(super) unique: bool,
    /// It removes what has expired.
    pub(super) expires: bool,
}

impl Indexes {
    /// What nearly every collection has after the first write.
    pub(super) const USUAL: Self = Self {
        unique: true,
        expires: true,
    };
    /// What can be relied on while nothing is known.
    const NONE: Self = Self {
        unique: false,
        expires: true,
    };
}

/// How far making the indexes has come.
#[derive(Debug, Clone, Copy)]
enum Progress {
    Idle,
    Running,
    Known(Indexes),
}

/// Makes the indexes once, beside the operations: on a large collection that was never indexed it
/// may take longer than an operation may.
pub(super) struct Inspection(watch::Sender<Progress>);

impl Default for Inspection {
    fn default() -> Self {
        Self(watch::Sender::new(Progress::Idle))
    }
}

impl Inspection {
    pub(super) fn known(&self) -> Option<Indexes> {
        match *self.0.borrow() {
            Progress::Known(indexes) => Some(indexes),
            Progress::Idle | Progress::Running => None,
        }
    }
}

type Notices = Arc<Mutex<Vec<Notice>>>;

impl MongoStore {
    /// What the indexes promise; makes them before. Waits for at most half of an operation's time,
    /// then nothing is promised yet.
    pub(super) async fn inspect(&self, sessions: &Collection<RawDocumentBuf>) -> Indexes {
        if let Some(indexes) = self.inspection.known() {
            return indexes;
        }
        let mut progress = self.inspection.0.subscribe();
        let begin = self.inspection.0.send_if_modified(|progress| {
            let idle = matches!(progress, Progress::Idle);
            if idle {
                *progress = Progress::Running;
            }
            idle
        });
        if begin {
            let (sender, sessions) = (self.inspection.0.clone(), sessions.clone());
            let notices = Arc::clone(&self.notices);
            tokio::spawn(async move {
                let result = make(&sessions, &notices).await;
                // After a broken connection the next write tries again.
                sender.send_replace(result.map_or(Progress::Idle, Progress::Known));
            });
        }
        let done = progress.wait_for(|progress| !matches!(progress, Progress::Running));
        match tokio::time::timeout(self.patience(), done).await {
            Ok(Ok(progress)) => match *progress {
                Progress::Known(indexes) => indexes,
                Progress::Idle | Progress::Running => Indexes::NONE,
            },
            _ => Indexes::NONE,
        }
    }

    fn patience(&self) -> Duration {
        self.options.timeout / 2
    }
}

/// Makes both indexes where they are missing. Only a broken connection is a failure.
async fn make(
    sessions: &Collection<RawDocumentBuf>,
    notices: &Notices,
) -> Result<Indexes, Failure> {
    let unique = match create(sessions, "id", Some(true), None).await {
        Ok(()) => true,
        Err(Failure::Lost(error)) => return Err(Failure::Lost(error)),
        Err(Failure::Duplicate) => {
            // Looking up a session must not take longer with each session that there is.
            let _ = create(sessions, "id", None, None).await;
            warn(
                notices,
                "Some sessions in MongoDB have the same `id` twice, so that the unique index can't be \
                 made: of two requests that make the same session, the last one wins. To repair it, \
                 delete those documents, drop the index id_1 and restart",
            );
            false
        }
        Err(_) if find(sessions, "id", "unique").await => true,
        Err(_) => {
            warn(
                notices,
                "The collection of sessions in MongoDB has no unique index on `id` and none could be \
                 made (another index id_1 is there, or the permission createIndex is missing): of two \
                 requests that make the same session, the last one wins. To repair it, drop that \
                 index, run createIndex({id: 1}, {unique: true}) and restart",
            );
            false
        }
    };
    let expires = match create(sessions, "expiration", None, Some(Duration::ZERO)).await {
        Ok(()) => true,
        Err(Failure::Lost(error)) => return Err(Failure::Lost(error)),
        Err(_) if find(sessions, "expiration", "expireAfterSeconds").await => true,
        Err(_) => {
            warn(
                notices,
                "The collection of sessions in MongoDB has no index that removes expired ones, and \
                 none could be made: run `flask session_cleanup` now and then, or drop the index \
                 expiration_1, run createIndex({expiration: 1}, {expireAfterSeconds: 0}) and restart",
            );
            false
        }
    };
    Ok(Indexes { unique, expires })
}

/// Makes the index on one field, under MongoDB's own name for it. Does nothing if it is there.
async fn create(
    sessions: &Collection<RawDocumentBuf>,
    field: &str,
    unique: Option<bool>,
    expire_after: Option<Duration>,
) -> Result<(), Failure> {
    let options = IndexOptions::builder()
        .unique(unique)
        .expire_after(expire_after)
        .build();
    let index = IndexModel::builder()
        .keys(doc! { field: 1 })
        .options(options)
        .build();
    sessions.create_index(index).await?;
    Ok(())
}

/// Whether there is an index on this one field that has the property.
async fn find(sessions: &Collection<RawDocumentBuf>, field: &str, property: &str) -> bool {
    let Ok(mut indexes) = sessions.list_indexes().await else {
        return false;
    };
    while let Ok(true) = indexes.advance().await {
        let Ok(index) = indexes.deserialize_current() else {
            continue;
        };
        let on_it = index.keys.len() == 1 && index.keys.contains_key(field);
        let options = index.options.unwrap_or_default();
        let whole = options.partial_filter_expression.is_none() && options.sparse != Some(true);
        let has_it = match property {
            "unique" => options.unique == Some(true) && whole,
            _ => options.expire_after.is_some(),
        };
        if on_it && has_it {
            return true;
        }
    }
    false
}

fn warn(notices: &Notices, text: &str) {
    let mut notices = notices.lock().unwrap_or_else(PoisonError::into_inner);
    notices.push(Notice::warning(text));
}
