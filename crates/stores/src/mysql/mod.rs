//! Sessions in a table of MySQL or MariaDB, as Flask-Session keeps them there.

mod connection;
mod failure;
mod url;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use flask_session_core::{Clock, Deadline, Drive, Open, Result, Store, SystemClock};
use mysql_async::{ClientIdentity, Conn, DriverError, Error, OptsBuilder, SslOpts};

use crate::sql::{
    Address, Attempt, Body, Dialect, Driver, Encryption, Problem, SqlOptions, misconfigured,
};
use crate::{Backend, Hosting, Settings};

use connection::MysqlConnection;

pub(crate) const BACKEND: Backend = Backend {
    name: Mysql::NAME,
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
/// use flask_session_stores::{Setting, Settings, mysql};
///
/// let settings = Settings::new("mysql://app:password@localhost/shop").with("timeout", Setting::Number(2.0));
/// let open = mysql::open_with_clock(settings, Arc::new(SystemClock))?;
/// let store = blocking(flask_session_core::Drive::Lane, open)?; // connects at its first operation
/// # Ok::<(), flask_session_core::Error>(())
/// ```
pub fn open_with_clock(settings: Settings, clock: Arc<dyn Clock>) -> Result<Open> {
    let options = SqlOptions::read(settings, &url::WORDS)?;
    if options.encryption != Encryption::Off {
        // Read here so that a wrong file is said at once; the driver reads them again.
        crate::tls::configure(&options.tls, misconfigured)?;
    }
    Ok(Box::new(move || {
        let driver = Mysql {
            options: options.clone(),
            has_no_tls: AtomicBool::new(false),
        };
        let body = Body::new(driver, options.storage.clone(), Arc::clone(&clock));
        Ok(Arc::new(body) as Arc<dyn Store>)
    }))
}

/// The way to a MySQL or MariaDB server.
#[derive(Debug)]
pub(crate) struct Mysql {
    options: SqlOptions,
    /// Where encryption is only preferred: that the server has said it can't.
    has_no_tls: AtomicBool,
}

impl Mysql {
    fn encrypts(&self) -> bool {
        match self.options.encryption {
            Encryption::Off => false,
            Encryption::Preferred => !self.has_no_tls.load(Ordering::Relaxed),
            Encryption::Required => true,
        }
    }

    async fn open(&self) -> mysql_async::Result<Conn> {
        let opened = Conn::new(self.opts()).await;
        if self.options.encryption == Encryption::Preferred
            && let Err(Error::Driver(DriverError::NoClientSslFlagFromServer)) = opened
        {
            self.has_no_tls.store(true, Ordering::Relaxed);
            return Conn::new(self.opts()).await;
        }
        opened
    }

    fn opts(&self) -> OptsBuilder {
        let options = &self.options;
        let seconds = options.storage.timeout.as_secs().max(1);
        let mut opts = OptsBuilder::default()
            .user(options.username.clone())
            .pass(options.password.clone())
            .db_name(options.database.clone())
            // A row that was found and needed no change counts as changed.
            .client_found_rows(true)
            .prefer_socket(false)
            .stmt_cache_size(32)
            .setup(vec![format!(
                "SET autocommit = 1, innodb_lock_wait_timeout = {seconds}, lock_wait_timeout = {seconds}"
            )]);
        opts = match &options.address {
            Address::Host(host) => opts.ip_or_hostname(host.clone()).tcp_port(options.port),
            Address::Unix(path) => opts.socket(Some(path.to_string_lossy())),
        };
        if !self.encrypts() {
            return opts;
        }
        let tls = &options.tls;
        let mut ssl = SslOpts::default()
            .with_danger_accept_invalid_certs(!tls.verify)
            .with_danger_skip_domain_validation(!tls.verify_hostname);
        if let Some(file) = &tls.ca_file {
            ssl = ssl
                .with_root_certs(vec![file.clone().into()])
                .with_disable_built_in_roots(true);
        }
        if let Some(certificate) = &tls.cert_file {
            let key = tls.key_file.as_ref().unwrap_or(certificate);
            let identity = ClientIdentity::new(certificate.clone().into(), key.clone().into());
            ssl = ssl.with_client_identity(Some(identity));
        }
        opts.ssl_opts(ssl)
    }
}

impl Driver for Mysql {
    const NAME: &'static str = "mysql";
    const DIALECT: Dialect = Dialect {
        quote: '`',
        mark: |_, _| "?".to_owned(),
        positional: true,
        exact: "CAST(CONVERT({} USING utf8mb4) AS BINARY)",
        same_data: "CAST(data AS BINARY) = CAST(:old AS BINARY)",
        has_prefix: "LEFT(CAST(CONVERT(session_id USING utf8mb4) AS BINARY), \
                     LENGTH(CAST(CONVERT(:prefix USING utf8mb4) AS BINARY))) \
                     = CAST(CONVERT(:prefix USING utf8mb4) AS BINARY)",
        from_nothing: " FROM DUAL",
        returns: false,
        sweep: "DELETE FROM {table} WHERE {dead} ORDER BY expiry LIMIT :limit",
        next_value: "NEXTVAL({sequence})",
    };

    type Connection = MysqlConnection;

    async fn connect(&self, deadline: &Deadline) -> Attempt<MysqlConnection> {
        let limit = deadline.remaining()?.min(self.options.connect_timeout);
        match tokio::time::timeout(limit, self.open()).await {
            Ok(Ok(connection)) => Ok(MysqlConnection::new(connection)),
            Ok(Err(error)) => Err(failure::of_connecting(&error)),
            Err(_) => Err(Problem::Final(Deadline::within(limit).passed())),
        }
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
