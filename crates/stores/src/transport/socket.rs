//! What the stores ask of a socket, so that each protocol is written once for threads that block
//! and for async hosts.

use std::fmt::Debug;
use std::future::Future;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::task::{Context, Poll};
use std::time::Duration;

use flask_session_core::{Deadline, Error, ErrorKind, Result};
use socket2::{SockRef, TcpKeepalive};

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

/// A connection over TCP or a Unix socket. A blocking one is never pending: it waits itself, until
/// the deadline; the futures are ready at the first poll then.
pub(crate) trait Socket: Debug + Sized + Send + 'static {
    /// Connects. An error in `endpoint` itself names `setting`.
    fn connect(
        endpoint: &Endpoint,
        setting: &str,
        deadline: &Deadline,
    ) -> impl Future<Output = Result<Self>> + Send;

    /// Reads what there is, at least one byte; 0 at the end.
    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
        deadline: &Deadline,
    ) -> Poll<io::Result<usize>>;

    /// Writes at least one byte.
    fn poll_write(
        &mut self,
        context: &mut Context<'_>,
        bytes: &[u8],
        deadline: &Deadline,
    ) -> Poll<io::Result<usize>>;

    /// Drops `work` when the time is up, if sockets of this kind don't see to that themselves.
    fn within<T: Send>(
        deadline: &Deadline,
        work: impl Future<Output = Result<T>> + Send,
    ) -> impl Future<Output = Result<T>> + Send;

    /// Waits, before an attempt is repeated.
    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send;
}

/// A socket as `std::io` has it, in one poll: what is pending there is `WouldBlock` here.
pub(crate) struct Polled<'a, 'context, S> {
    pub(crate) socket: &'a mut S,
    pub(crate) context: &'a mut Context<'context>,
    pub(crate) deadline: &'a Deadline,
}

impl<S: Socket> Read for Polled<'_, '_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        unready(self.socket.poll_read(self.context, buffer, self.deadline))
    }
}

impl<S: Socket> Write for Polled<'_, '_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        unready(self.socket.poll_write(self.context, bytes, self.deadline))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn unready(done: Poll<io::Result<usize>>) -> io::Result<usize> {
    match done {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

/// The way back from `std::io`.
pub(crate) fn ready<T>(result: io::Result<T>) -> Poll<io::Result<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        result => Poll::Ready(result),
    }
}

/// Writes what is left of `bytes` after the first `sent`, as far as it goes.
pub(crate) fn write_rest(
    to: &mut impl Write,
    bytes: &[u8],
    sent: &mut usize,
) -> Poll<io::Result<()>> {
    while *sent < bytes.len() {
        match to.write(&bytes[*sent..]) {
            Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Ok(count) => *sent += count,
            Err(error) => return ready(Err(error)),
        }
    }
    ready(to.flush())
}

/// Sets what every TCP connection has. Without it, it would still work, only worse.
pub(super) fn tune(socket: &SockRef<'_>) {
    let _ = socket.set_tcp_nodelay(true);
    let _ = socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE));
}

/// The error of a host at none of whose addresses anybody could be reached.
pub(super) fn unconnected(
    host: &str,
    port: u16,
    last: Option<io::Error>,
    deadline: &Deadline,
) -> Error {
    match last {
        Some(error) if error.kind() == io::ErrorKind::TimedOut => deadline.passed(),
        Some(error) => unreachable(&format!("can't connect to {host}:{port}"), error),
        None => Error::new(
            ErrorKind::Unreachable,
            format!("the host {host} has no address"),
        ),
    }
}

/// The error of a host whose addresses nobody knows.
pub(super) fn unknown(host: &str, error: io::Error) -> Error {
    unreachable(&format!("the host {host} isn't known"), error)
}

pub(super) fn unreachable(detail: &str, error: io::Error) -> Error {
    Error::new(ErrorKind::Unreachable, format!("{detail}: {error}")).caused_by(error)
}

pub(super) fn too_long(setting: &str) -> Error {
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
