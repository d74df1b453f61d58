//! A connection to Redis, plain or TLS, on a socket that ends waiting at a deadline.

use std::future::poll_fn;
use std::io::{self, Read};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use flask_session_core::{Deadline, Error, ErrorKind, Result};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::options::{Address, SETTING, misconfigured};
use crate::transport::{self, Endpoint, Polled, Socket, write_rest};

/// A connection, plain or TLS.
#[derive(Debug)]
pub(super) struct Stream<S> {
    socket: S,
    tls: Option<Box<ClientConnection>>,
}

impl<S: Socket> Stream<S> {
    /// Connects to `address`.
    pub(super) async fn connect(
        address: &Address,
        tls: Option<&Arc<ClientConfig>>,
        deadline: &Deadline,
    ) -> Result<Self> {
        let endpoint = match address {
            Address::Tcp { host, port, .. } => Endpoint::Tcp(host.clone(), *port),
            Address::Unix(path) => Endpoint::Unix(path.clone()),
        };
        let mut stream = Self {
            socket: S::connect(&endpoint, SETTING, deadline).await?,
            tls: None,
        };
        if let (Address::Tcp { host, .. }, Some(config)) = (address, tls) {
            stream.secure(host, config, deadline).await?;
        }
        Ok(stream)
    }

    async fn secure(
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
        let shaken = poll_fn(|context| {
            let socket = &mut self.socket;
            let mut plain = Polled {
                socket,
                context,
                deadline,
            };
            while tls.is_handshaking() {
                if let Err(error) = ready!(transport::ready(tls.complete_io(&mut plain))) {
                    return Poll::Ready(Err(error));
                }
            }
            Poll::Ready(Ok(()))
        });
        shaken.await.map_err(|error| failure(error, deadline))
    }

    /// Writes all of `bytes`.
    pub(super) async fn send(&mut self, bytes: &[u8], deadline: &Deadline) -> io::Result<()> {
        let mut sent = 0;
        poll_fn(|context| {
            let socket = &mut self.socket;
            let mut plain = Polled {
                socket,
                context,
                deadline,
            };
            match &mut self.tls {
                None => write_rest(&mut plain, bytes, &mut sent),
                Some(tls) => {
                    let mut stream = rustls::Stream::new(&mut **tls, &mut plain);
                    write_rest(&mut stream, bytes, &mut sent)
                }
            }
        })
        .await
    }

    /// Reads what there is, at least one byte; 0 at the end. `WouldBlock` if it is pending.
    pub(super) fn receive(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
        deadline: &Deadline,
    ) -> io::Result<usize> {
        let socket = &mut self.socket;
        let mut plain = Polled {
            socket,
            context,
            deadline,
        };
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
