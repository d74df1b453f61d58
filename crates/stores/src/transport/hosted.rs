//! A socket on the runtime of an async host.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use flask_session_core::{Deadline, Result};
use socket2::{SockAddr, SockRef};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::{sleep, timeout};

use super::socket::{Endpoint, Socket, too_long, tune, unconnected, unknown, unreachable};
use crate::hosting::{on_a_runtime, outside};

/// Waits on the runtime that polls it; it belongs to that which opened it.
#[derive(Debug)]
pub struct Hosted(Stream);

#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket for Hosted {
    async fn connect(endpoint: &Endpoint, setting: &str, deadline: &Deadline) -> Result<Self> {
        Ok(Self(match endpoint {
            Endpoint::Tcp(host, port) => Stream::Tcp(tcp(host, *port, deadline).await?),
            Endpoint::Unix(path) => Stream::Unix(unix(path, setting).await?),
        }))
    }

    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
        _: &Deadline,
    ) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        let read = match &mut self.0 {
            Stream::Tcp(stream) => Pin::new(stream).poll_read(context, &mut buffer),
            Stream::Unix(stream) => Pin::new(stream).poll_read(context, &mut buffer),
        };
        read.map_ok(|()| buffer.filled().len())
    }

    fn poll_write(
        &mut self,
        context: &mut Context<'_>,
        bytes: &[u8],
        _: &Deadline,
    ) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Stream::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    async fn within<T: Send>(
        deadline: &Deadline,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        if !on_a_runtime() {
            return Err(outside());
        }
        match timeout(deadline.remaining()?, work).await {
            Ok(done) => done,
            Err(_) => Err(deadline.passed()),
        }
    }

    async fn sleep(duration: Duration) {
        sleep(duration).await;
    }
}

async fn tcp(host: &str, port: u16, deadline: &Deadline) -> Result<TcpStream> {
    let found = lookup_host((host, port)).await;
    let addresses: Vec<_> = found.map_err(|error| unknown(host, error))?.collect();
    let mut last = None;
    for (tried, address) in addresses.iter().enumerate() {
        // One address that swallows packets must not use up the others' time.
        let waiting = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        let share = deadline.remaining()? / waiting;
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                tune(&SockRef::from(&stream));
                return Ok(stream);
            }
            Ok(Err(error)) => last = Some(error),
            Err(_) => last = Some(io::ErrorKind::TimedOut.into()),
        }
    }
    Err(unconnected(host, port, last, deadline))
}

async fn unix(path: &Path, setting: &str) -> Result<UnixStream> {
    SockAddr::unix(path).map_err(|_| too_long(setting))?;
    UnixStream::connect(path).await.map_err(|error| {
        let detail = format!("can't connect to {}", path.display());
        unreachable(&detail, error)
    })
}
