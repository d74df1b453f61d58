//! Sessions in a table of PostgreSQL, as Flask-Session keeps them there.

mod connection;
mod failure;
mod tls;
mod url;

use std::sync::Arc;
use std::time::Duration;

use flask_session_core::{Clock, Deadline, Drive, Open, Result, Store, SystemClock};
use rustls::ClientConfig;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use crate::sql::{
    Address, Attempt, Body, Dialect, Driver, Encryption, Problem, Slot, SqlOptions, misconfigured,
};
use crate::{Backend, Hosting, Settings};

use connection::PostgresqlConnection;
use tls::Connector;

pub(crate) const BACKEND: Backend = Backend {
    name: Postgresql::NAME,
    schemes: url::SCHEMES,
    drive: Drive::Lane,
    hosting: Hosting::Native,
    open: |settings, _| open_with_clock(settings, Arc::new(SystemClock)),
};

/// Checks the settings and says how to open the store, on this clock.
///
/// ```
/// use std::sync::Arc;
///
/// use flask_session_core::{SystemClock, blocking};
/// use flask_session_stores::{Setting, Settings, postgresql};
///
/// let settings = Settings::new("postgresql://app:password@localhost/shop").with("timeout", Setting::Number(2.0));
/// let open = postgresql::open_with_clock(settings, Arc::new(SystemClock))?;
/// let store = blocking(flask_session_core::Drive::Lane, open)?; // connects at its first operation
/// # Ok::<(), flask_session_core::Error>(())
/// ```
pub fn open_with_clock(settings: Settings, clock: Arc<dyn Clock>) -> Result<Open> {
    let options = SqlOptions::read(settings, &url::WORDS)?;
    let tls = match options.encryption {
        Encryption::Off => None,
        _ => Some(crate::tls::configure(&options.tls, misconfigured)?),
    };
    Ok(Box::new(move || {
        let driver = Postgresql {
            options: options.clone(),
            tls: tls.clone(),
        };
        let body = Body::new(driver, options.storage.clone(), Arc::clone(&clock));
        Ok(Arc::new(body) as Arc<dyn Store>)
    }))
}

/// The way to a PostgreSQL server.
pub(crate) struct Postgresql {
    options: SqlOptions,
    tls: Option<Arc<ClientConfig>>,
}

impl std::fmt::Debug for Postgresql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.options.fmt(f)
    }
}

impl Postgresql {
    fn config(&self) -> Config {
        let options = &self.options;
        let mut config = Config::new();
        match &options.address {
            Address::Host(host) => config.host(host),
            Address::Unix(folder) => config.host(folder.to_string_lossy()),
        };
        config.port(options.port);
        if let Some(username) = &options.username {
            config.user(username);
        }
        if let Some(password) = &options.password {
            config.password(password);
        }
        if let Some(database) = &options.database {
            config.dbname(database);
        }
        if let Some(session_options) = &options.session_options {
            config.options(session_options);
        }
        let name = options.application_name.as_deref();
        config.application_name(name.unwrap_or("flask-session-rs"));
        config.ssl_mode(match options.encryption {
            Encryption::Off => SslMode::Disable,
            Encryption::Preferred => SslMode::Prefer,
            Encryption::Required => SslMode::Require,
        });
        config
    }
}

impl Driver for Postgresql {
    const NAME: &'static str = "postgresql";
    const DIALECT: Dialect = Dialect {
        quote: '"',
        mark: |slot, number| {
            let kind = match slot {
                Slot::Key | Slot::Prefix | Slot::Cursor => "text",
                Slot::Data | Slot::Old => "bytea",
                Slot::Expiry | Slot::Now => "timestamp",
                Slot::Limit => "bigint",
            };
            format!("${number}::{kind}")
        },
        positional: false,
        exact: "CAST({} AS text) COLLATE \"C\"",
        same_data: "data = :old",
        has_prefix: "starts_with(CAST(session_id AS text) COLLATE \"C\", :prefix)",
        from_nothing: "",
        returns: true,
        sweep: "DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE {dead} \
                LIMIT :limit FOR UPDATE SKIP LOCKED))",
        next_value: "nextval(CAST('{sequence}' AS regclass))",
    };

    type Connection = PostgresqlConnection;

    async fn connect(&self, deadline: &Deadline) -> Attempt<PostgresqlConnection> {
        let limit = deadline.remaining()?.min(self.options.connect_timeout);
        let connector = Connector(self.tls.clone());
        let config = self.config();
        let connecting = config.connect(connector);
        let (client, connection) = match tokio::time::timeout(limit, connecting).await {
            Ok(connected) => connected.map_err(|error| failure::of_connecting(&error))?,
            Err(_) => return Err(Problem::Final(Deadline::within(limit).passed())),
        };
        // It moves whenever its runtime is driven, that is, during our operations; between them
        // there is nothing to do. What it fails with, the operations are told.
        tokio::spawn(connection);
        Ok(PostgresqlConnection::new(client))
    }

    async fn within<T: Send>(
        deadline: &Deadline,
        attempt: impl Future<Output = T> + Send,
    ) -> Option<T> {
        let left = deadline.remaining().ok()?;
        tokio::time::timeout(left, attempt).await.ok()
    }

    async fn pause(duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
