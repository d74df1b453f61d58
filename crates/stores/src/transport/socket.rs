//! A blocking socket whose every wait ends at the operation's deadline.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use flask_session_core::{Deadline, Error, ErrorKind, Result};
use socket2::{Domain, SockAddr, SockRef, Socket, TcpKeepalive, Type};

/// By how much a wait may outlast the deadline, so that most operations needn't tell the kernel
/// a new limit.
const SLACK: Duration = Duration::from_millis(10);

/// Idle connections are probed after this time, so that firewalls don't forget them and dead
/// peers are noticed.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// A host's name or address, and a port.
    Tcp(String, u16),
    /// The path of a socket.
    Unix(PathBuf),
}

/// A connection over TCP or a Unix socket.
#[derive(Debug)]
pub(crate) struct Plain {
    socket: Transport,
    /// The limits that the kernel knows.
    read_limit: Duration,
    write_limit: Duration,
}

#[derive(Debug)]
enum Transport {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Plain {
    /// Connects. An error in `endpoint` itself names `setting`.
    pub(crate) fn connect(endpoint: &Endpoint, setting: &str, deadline: &Deadline) -> Result<Self> {
        let socket = match endpoint {
            Endpoint::Tcp(host, port) => Transport::Tcp(tcp(host, *port, deadline)?),
            Endpoint::Unix(path) => Transport::Unix(unix(path, setting, deadline)?),
        };
        Ok(Self {
            socket,
            read_limit: Duration::ZERO,
            write_limit: Duration::ZERO,
        })
    }

    /// The socket, for reading and writing until `deadline`.
    pub(crate) fn until<'a>(&'a mut self, deadline: &'a Deadline) -> Until<'a> {
        Until {
            plain: self,
            deadline,
        }
    }
}

/// A socket that ends waiting at a deadline.
pub(crate) struct Until<'a> {
    plain: &'a mut Plain,
    deadline: &'a Deadline,
}

impl Until<'_> {
    /// Repeats `wait` until it has done something or the time is up.
    fn wait(
        &mut self,
        mut wait: impl FnMut(&mut Plain, Duration) -> io::Result<usize>,
    ) -> io::Result<usize> {
        loop {
            let left = self
                .deadline
                .remaining()
                .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
            match wait(self.plain, left) {
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
}

/// Whether the kernel has to be told that `left` is the limit now.
fn is_stale(limit: Duration, left: Duration) -> bool {
    limit.is_zero() || limit > left + SLACK || left > limit + limit
}

impl Read for Until<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wait(|plain, left| {
            if is_stale(plain.read_limit, left) {
                match &plain.socket {
                    Transport::Tcp(socket) => socket.set_read_timeout(Some(left))?,
                    Transport::Unix(socket) => socket.set_read_timeout(Some(left))?,
                }
                plain.read_limit = left;
            }
            match &mut plain.socket {
                Transport::Tcp(socket) => socket.read(buffer),
                Transport::Unix(socket) => socket.read(buffer),
            }
        })
    }
}

impl Write for Until<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.wait(|plain, left| {
            if is_stale(plain.write_limit, left) {
                match &plain.socket {
                    Transport::Tcp(socket) => socket.set_write_timeout(Some(left))?,
                    Transport::Unix(socket) => socket.set_write_timeout(Some(left))?,
                }
                plain.write_limit = left;
            }
            match &mut plain.socket {
                Transport::Tcp(socket) => socket.write(buffer),
                Transport::Unix(socket) => socket.write(buffer),
            }
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn tcp(host: &str, port: u16, deadline: &Deadline) -> Result<TcpStream> {
    let addresses: Vec<SocketAddr> = (host, port)
        .to_socket_addrs()
        .map_err(|error| unreachable(&format!("the host {host} isn't known"), error))?
        .collect();
    let mut last = None;
    for (tried, address) in addresses.iter().enumerate() {
        // One address that swallows packets must not use up the others' time.
        let waiting = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        match TcpStream::connect_timeout(address, deadline.remaining()? / waiting) {
            Ok(stream) => {
                // Without these it would still work, only worse.
                let _ = stream.set_nodelay(true);
                let keepalive = TcpKeepalive::new().with_time(KEEPALIVE);
                let _ = SockRef::from(&stream).set_tcp_keepalive(&keepalive);
                return Ok(stream);
            }
            Err(error) => last = Some(error),
        }
    }
    match last {
        Some(error) if error.kind() == io::ErrorKind::TimedOut => Err(deadline.passed()),
        Some(error) => Err(unreachable(
            &format!("can't connect to {host}:{port}"),
            error,
        )),
        None => Err(Error::new(
            ErrorKind::Unreachable,
            format!("the host {host} has no address"),
        )),
    }
}

fn unix(path: &Path, setting: &str, deadline: &Deadline) -> Result<UnixStream> {
    let address = SockAddr::unix(path).map_err(|_| too_long(setting))?;
    let connect = || -> io::Result<Socket> {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
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

fn unreachable(detail: &str, error: io::Error) -> Error {
    Error::new(ErrorKind::Unreachable, format!("{detail}: {error}")).caused_by(error)
}

fn too_long(setting: &str) -> Error {
    let detail = format!("{setting}: its socket's path is too long for this system");
    Error::new(ErrorKind::Misconfigured, detail)
}

/// What a failed read or write means.
pub(crate) fn failure(error: io::Error, deadline: &Deadline) -> Error {
    if deadline.remaining().is_err() {
        return deadline.passed();
    }
    let detail = format!("the connection broke: {error}");
    Error::new(ErrorKind::Unreachable, detail).caused_by(error)
}
