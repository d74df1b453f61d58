//! Looking behind the store's back, in a database that no other test uses.

use std::sync::atomic::{AtomicUsize, Ordering};

use flask_session_testkit::servers::MongoServer;
use mongodb::bson::{Document, doc};
use mongodb::{Client, Database, IndexModel};
use tokio::runtime::{Builder, Runtime};

pub(crate) struct Behind {
    pub(crate) url: String,
    pub(crate) name: String,
    runtime: Runtime,
    database: Database,
}

impl Behind {
    /// A new database on the server that all tests share.
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("own_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let url = MongoServer::shared().url(&name);
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let database = wait(&runtime, async {
            let client = Client::with_uri_str(&url).await.unwrap();
            client.database(&name)
        });
        Self {
            url,
            name,
            runtime,
            database,
        }
    }

    pub(crate) fn insert(&self, document: Document) {
        let sessions = self.database.collection("sessions");
        wait(&self.runtime, async {
            sessions.insert_one(document).await.unwrap()
        });
    }

    /// All documents.
    pub(crate) fn documents(&self) -> Vec<Document> {
        self.found("sessions", doc! {})
    }

    pub(crate) fn remove(&self, filter: Document) {
        let sessions = self.database.collection::<Document>("sessions");
        wait(&self.runtime, async {
            sessions.delete_one(filter).await.unwrap()
        });
    }

    pub(crate) fn create_index(&self, keys: Document) {
        let sessions = self.database.collection::<Document>("sessions");
        let index = IndexModel::builder().keys(keys).build();
        wait(&self.runtime, async {
            sessions.create_index(index).await.unwrap()
        });
    }

    pub(crate) fn drop_index(&self, name: &str) {
        let sessions = self.database.collection::<Document>("sessions");
        wait(&self.runtime, async {
            sessions.drop_index(name).await.unwrap();
        });
    }

    /// The indexes: name, whether it is unique, after how many seconds it expires.
    pub(crate) fn indexes(&self) -> Vec<(String, bool, Option<u64>)> {
        let sessions = self.database.collection::<Document>("sessions");
        let mut indexes = wait(&self.runtime, async {
            let mut found = Vec::new();
            let Ok(mut cursor) = sessions.list_indexes().await else {
                return found;
            };
            while cursor.advance().await.unwrap() {
                let options = cursor.deserialize_current().unwrap().options.unwrap();
                let expires = options.expire_after.map(|after| after.as_secs());
                found.push((options.name.unwrap(), options.unique == Some(true), expires));
            }
            found
        });
        indexes.sort();
        indexes
    }

    /// From now on the server notes each command in this database.
    pub(crate) fn watch(&self) {
        wait(&self.runtime, async {
            let watch = self.database.run_command(doc! { "profile": 2 });
            watch.await.unwrap()
        });
    }

    /// The commands since, as their first words.
    pub(crate) fn commands(&self) -> Vec<String> {
        let commands = self.found(
            "system.profile",
            doc! { "ns": format!("{}.sessions", self.name) },
        );
        commands
            .iter()
            .map(|noted| {
                let command = noted.get_document("command").unwrap();
                command.keys().next().unwrap().clone()
            })
            .collect()
    }

    fn found(&self, collection: &str, filter: Document) -> Vec<Document> {
        let collection = self.database.collection::<Document>(collection);
        wait(&self.runtime, async {
            let mut cursor = collection.find(filter).await.unwrap();
            let mut found = Vec::new();
            while cursor.advance().await.unwrap() {
                found.push(cursor.deserialize_current().unwrap());
            }
            found
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "a test looks at its database")]
fn wait<T>(runtime: &Runtime, work: impl Future<Output = T>) -> T {
    runtime.block_on(work)
}
