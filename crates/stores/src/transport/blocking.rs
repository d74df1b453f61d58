//! A blocking socket whose every wait ends at the operation's deadline.

use std::future::Future;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use flask_session_core::{Deadline, Result};
use socket2::{Domain, SockAddr, SockRef, Type};

use super::socket::{Endpoint, Socket, too_long, tune, unconnected, unknown, unreachable};

/// By how much a wait may outlast the deadline, so that most operations needn't tell the kernel
/// a new limit.
const SLACK: Duration = Duration::from_millis(10);

/// Waits in the calling thread.
#[derive(Debug)]
pub struct Blocking {
    stream: Stream,
    /// The limits that the kernel knows.
    read_limit: Duration,
    write_limit: Duration,
}

#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket for Blocking {
    async fn connect(endpoint: &Endpoint, setting: &str, deadline: &Deadline) -> Result<Self> {
        let stream = match endpoint {
            Endpoint::Tcp(host, port) => Stream::Tcp(tcp(host, *port, deadline)?),
            Endpoint::Unix(path) => Stream::Unix(unix(path, setting, deadline)?),
        };
        Ok(Self {
            stream,
            read_limit: Duration::ZERO,
            write_limit: Duration::ZERO,
        })
    }

    fn poll_read(
        &mut self,
        _: &mut Context<'_>,
        buffer: &mut [u8],
        deadline: &Deadline,
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(wait(deadline, |left| {
            if is_stale(self.read_limit, left) {
                match &self.stream {
                    Stream::Tcp(stream) => stream.set_read_timeout(Some(left))?,
                    Stream::Unix(stream) => stream.set_read_timeout(Some(left))?,
                }
                self.read_limit = left;
            }
            match &mut self.stream {
                Stream::Tcp(stream) => stream.read(buffer),
                Stream::Unix(stream) => stream.read(buffer),
            }
        }))
    }

    fn poll_write(
        &mut self,
        _: &mut Context<'_>,
        bytes: &[u8],
        deadline: &Deadline,
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(wait(deadline, |left| {
            if is_stale(self.write_limit, left) {
                match &self.stream {
                    Stream::Tcp(stream) => stream.set_write_timeout(Some(left))?,
                    Stream::Unix(stream) => stream.set_write_timeout(Some(left))?,
                }
                self.write_limit = left;
            }
            match &mut self.stream {
                Stream::Tcp(stream) => stream.write(bytes),
                Stream::Unix(stream) => stream.write(bytes),
            }
        }))
    }

    async fn within<T: Send>(
        _: &Deadline,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        work.await
    }

    async fn sleep(duration: Duration) {
        thread::sleep(duration);
    }
}

/// Repeats `attempt` until it has done something or the time is up.
fn wait(
    deadline: &Deadline,
    mut attempt: impl FnMut(Duration) -> io::Result<usize>,
) -> io::Result<usize> {
    loop {
        let left = deadline
            .remaining()
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
        match attempt(left) {
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock
                        | io::ErrorKind::TimedOut
                        | io::ErrorKind::Interrupted
                ) => {}
            done => return done,
        }
    }
}

/// Whether the kernel has to be told that `left` is the limit now.
fn is_stale(limit: Duration, left: Duration) -> bool {
    limit.is_zero() || limit > left + SLACK || left > limit + limit
}

fn tcp(host: &str, port: u16, deadline: &Deadline) -> Result<TcpStream> {
    let addresses: Vec<SocketAddr> = (host, port)
        .to_socket_addrs()
        .map_err(|error| unknown(host, error))?
        .collect();
    let mut last = None;
    for (tried, address) in addresses.iter().enumerate() {
        // One address that swallows packets must not use up the others' time.
        let waiting = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        match TcpStream::connect_timeout(address, deadline.remaining()? / waiting) {
            Ok(stream) => {
                tune(&SockRef::from(&stream));
                return Ok(stream);
            }
            Err(error) => last = Some(error),
        }
    }
    Err(unconnected(host, port, last, deadline))
}

fn unix(path: &Path, setting: &str, deadline: &Deadline) -> Result<UnixStream> {
    let address = SockAddr::unix(path).map_err(|_| too_long(setting))?;
    let connect = || -> io::Result<socket2::Socket> {
        let socket = socket2::Socket::new(Domain::UNIX, Type::STREAM, None)?;
        // Not std's connect: that waits without limit while the server's queue is full.
        let left = deadline.remaining().map_err(|_| io::ErrorKind::TimedOut)?;
        socket.connect_timeout(&address, left)?;
        Ok(socket)
    };
    match connect() {
        Ok(socket) => Ok(UnixStream::from(OwnedFd::from(socket))),
        Err(error) if error.kind() == io::ErrorKind::TimedOut => Err(deadline.passed()),
        Err(error) => {
            let detail = format!("can't connect to {}", path.display());
            Err(unreachable(&detail, error))
        }
    }
}
