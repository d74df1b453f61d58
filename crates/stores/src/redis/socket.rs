//! A blocking socket whose every wait ends at the operation's deadline.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use flask_session_core::{Deadline, Error, ErrorKind, Result};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use socket2::{Domain, SockAddr, SockRef, Socket, TcpKeepalive, Type};

use super::options::{Address, misconfigured};

/// By how much a wait may outlast the deadline, so that most operations needn't tell the kernel
/// a new limit.
const SLACK: Duration = Duration::from_millis(10);

/// Idle connections are probed after this time, so that firewalls don't forget them and dead
/// peers are noticed.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// A connection, plain or TLS.
#[derive(Debug)]
pub(super) struct Stream {
    plain: Plain,
    tls: Option<Box<ClientConnection>>,
}

#[derive(Debug)]
struct Plain {
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

impl Stream {
    /// Connects to `address`.
    pub(super) fn connect(
        address: &Address,
        tls: Option<&Arc<ClientConfig>>,
        deadline: &Deadline,
    ) -> Result<Self> {
        let socket = match address {
            Address::Tcp { host, port, .. } => Transport::Tcp(tcp(host, *port, deadline)?),
            Address::Unix(path) => Transport::Unix(unix(path, deadline)?),
        };
        let mut stream = Self {
            plain: Plain {
                socket,
                read_limit: Duration::ZERO,
                write_limit: Duration::ZERO,
            },
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

fn unix(path: &Path, deadline: &Deadline) -> Result<UnixStream> {
    let address = SockAddr::unix(path)
        .map_err(|_| misconfigured("its socket's path is too long for this system"))?;
    let connect = || -> io::Result<Socket> {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        // Not std's connect: that waits without limit while the server's queue is full.
        let left = deadline.remaining().map_err(|_| io::ErrorKind::TimedOut)?;
        socket.connect_timeout(&address, left)?;
        Ok(socket)
    };
    match connect() {
        Ok(socket) => Ok(UnixStream::from(socket)),
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
        _ => {
            let detail = format!("the connection broke: {error}");
            Error::new(ErrorKind::Unreachable, detail).caused_by(error)
        }
    }
}

impl Plain {
    fn until<'a>(&'a mut self, deadline: &'a Deadline) -> Until<'a> {
        Until {
            plain: self,
            deadline,
        }
    }
}

/// A socket that ends waiting at a deadline.
struct Until<'a> {
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
