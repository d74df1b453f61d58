//! A connection to Redis, plain or TLS, on a socket that ends waiting at a deadline.

use std::io::{self, Read, Write};
use std::sync::Arc;

use flask_session_core::{Deadline, Error, ErrorKind, Result};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::options::{Address, SETTING, misconfigured};
use crate::transport::{self, Endpoint, Plain};

/// A connection, plain or TLS.
#[derive(Debug)]
pub(super) struct Stream {
    plain: Plain,
    tls: Option<Box<ClientConnection>>,
}

impl Stream {
    /// Connects to `address`.
    pub(super) fn connect(
        address: &Address,
        tls: Option<&Arc<ClientConfig>>,
        deadline: &Deadline,
    ) -> Result<Self> {
        let endpoint = match address {
            Address::Tcp { host, port, .. } => Endpoint::Tcp(host.clone(), *port),
            Address::Unix(path) => Endpoint::Unix(path.clone()),
        };
        let mut stream = Self {
            plain: Plain::connect(&endpoint, SETTING, deadline)?,
            tls: None,
        };
        if let (Address::Tcp { host, .. }, Some(config)) = (address, tls) {
            stream.secure(host, config, deadline)?;
        }
        Ok(stream)
    }

    fn secure(
        &mut self,
        host: &str,
        config: &Arc<ClientConfig>,
        deadline: &Deadline,
    ) -> Result<()> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| misconfigured("its host can't be the name in a certificate"))?;
        let connection = ClientConnection::new(Arc::clone(config), name)
            .map_err(|error| misconfigured(error.to_string()))?;
        let tls = self.tls.insert(Box::new(connection));
        let mut plain = self.plain.until(deadline);
        while tls.is_handshaking() {
            tls.complete_io(&mut plain)
                .map_err(|error| failure(error, deadline))?;
        }
        Ok(())
    }

    /// Writes all of `bytes`.
    pub(super) fn send(&mut self, bytes: &[u8], deadline: &Deadline) -> io::Result<()> {
        let mut plain = self.plain.until(deadline);
        match &mut self.tls {
            None => plain.write_all(bytes),
            Some(tls) => {
                let mut stream = rustls::Stream::new(&mut **tls, &mut plain);
                stream.write_all(bytes)?;
                stream.flush()
            }
        }
    }

    /// Reads what there is, at least one byte; 0 at the end.
    pub(super) fn receive(&mut self, buffer: &mut [u8], deadline: &Deadline) -> io::Result<usize> {
        let mut plain = self.plain.until(deadline);
        match &mut self.tls {
            None => plain.read(buffer),
            Some(tls) => rustls::Stream::new(&mut **tls, &mut plain).read(buffer),
        }
    }
}

/// What a failed read or write means.
pub(super) fn failure(error: io::Error, deadline: &Deadline) -> Error {
    if deadline.remaining().is_err() {
        return deadline.passed();
    }
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref());
    match tls {
        Some(rustls::Error::InvalidCertificate(reason)) => {
            misconfigured(format!("the server's certificate isn't accepted: {reason}"))
        }
        Some(rustls::Error::AlertReceived(alert)) => Error::new(
            ErrorKind::Refused,
            format!("the server ended the TLS handshake: {alert:?}"),
        ),
        Some(rustls::Error::InvalidMessage(_)) => {
            misconfigured("the server doesn't speak TLS on this port")
        }
        _ => transport::failure(error, deadline),
    }
}
