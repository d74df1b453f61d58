//! The client, made at the first operation.

use mongodb::bson::RawDocumentBuf;
use mongodb::options::{ClientOptions, CollectionOptions, ReadPreference, SelectionCriteria};
use mongodb::{Client, Collection};
use tokio::sync::OnceCell;

use super::failure::Failure;
use super::options::MongoOptions;

/// A collection on a client that isn't made before it is needed: making one begins to watch the
/// servers.
#[derive(Default)]
pub(super) struct Connection(OnceCell<Collection<RawDocumentBuf>>);

impl Connection {
    /// The collection with the sessions.
    pub(super) async fn sessions(
        &self,
        options: &MongoOptions,
    ) -> Result<&Collection<RawDocumentBuf>, Failure> {
        self.0.get_or_try_init(|| open(options)).await
    }
}

async fn open(options: &MongoOptions) -> Result<Collection<RawDocumentBuf>, Failure> {
    let mut settings = ClientOptions::parse(options.connection.clone()).await?;
    // Within the operation's time, so that the error says what was waited for.
    let wait = options.timeout.mul_f32(0.9);
    let shorter = |limit: Option<_>| Some(limit.map_or(wait, |limit| wait.min(limit)));
    settings.server_selection_timeout = shorter(settings.server_selection_timeout);
    settings.connect_timeout = shorter(settings.connect_timeout);
    // What became of a write whose reply was lost is settled by reading, on servers that can't
    // recognise a repeated write, too.
    settings.retry_writes = Some(false);
    let client = Client::with_options(settings)?;
    // An older state of a secondary would show sessions that were logged out.
    let primary = SelectionCriteria::ReadPreference(ReadPreference::Primary);
    let sessions = CollectionOptions::builder()
        .selection_criteria(primary)
        .build();
    Ok(client
        .database(&options.database)
        .collection_with_options(&options.collection, sessions))
}
