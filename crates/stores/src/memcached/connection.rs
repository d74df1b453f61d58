//! One connection: opened, asked.

use std::future::poll_fn;
use std::io::{self, Read};
use std::pin::pin;

use flask_session_core::{Deadline, Error, ErrorKind, Result};

use super::findings::Findings;
use super::options::{MemcachedOptions, SETTING};
use super::protocol::{Parsed, Reply, Request, parse};
use crate::transport::{Polled, Socket, failure, ready, write_rest};

/// So much is read at once, unless more is known to come.
const STEP: usize = 8 * 1024;

/// The most that is reserved for what a server has only announced.
const TRUSTED: usize = 1024 * 1024;

/// A connection that is ready for requests.
pub(super) struct Connection<S> {
    socket: S,
    received: Vec<u8>,
}

impl<S: Socket> Connection<S> {
    /// Connects, and asks how the server is configured. What proxies don't tell isn't insisted on.
    pub(super) async fn open(
        options: &MemcachedOptions,
        findings: &Findings,
        deadline: &Deadline,
    ) -> Result<Self> {
        let limit = deadline.remaining()?.min(options.connect_timeout);
        let deadline = &Deadline::within(limit);
        let opened = async {
            let mut connection = Self::connect(options, deadline).await?;
            match connection.exchange(&Request::settings(), deadline).await {
                Ok(Reply::Settings(settings)) => findings.learn(&settings),
                Ok(Reply::Failed(failure)) if failure.error().kind() == ErrorKind::Unreachable => {
                    return Err(failure.error());
                }
                // Some proxies hang up on a command that they don't know.
                Err(error) if error.kind() == ErrorKind::Unreachable => {
                    connection = Self::connect(options, deadline).await?;
                }
                Err(error) => return Err(error),
                Ok(_) => {}
            }
            Ok(connection)
        };
        S::within(deadline, opened).await
    }

    async fn connect(options: &MemcachedOptions, deadline: &Deadline) -> Result<Self> {
        Ok(Self {
            socket: S::connect(&options.endpoint, SETTING, deadline).await?,
            received: Vec::new(),
        })
    }

    /// Sends `request` in one write and waits for its reply. `Unreachable` means that the
    /// connection broke, and that it is unknown what the server has done.
    pub(super) async fn exchange(
        &mut self,
        request: &Request,
        deadline: &Deadline,
    ) -> Result<Reply> {
        let asked = pin!(self.ask(request, deadline));
        S::within(deadline, asked).await
    }

    async fn ask(&mut self, request: &Request, deadline: &Deadline) -> Result<Reply> {
        let sent = self.send(request.packed(), deadline).await;
        sent.map_err(|error| failure(error, deadline))?;
        self.received.clear();
        let mut needed = STEP;
        loop {
            match self.receive(needed, deadline).await {
                Ok(0) => {
                    let end = io::Error::new(io::ErrorKind::UnexpectedEof, "closed by the server");
                    return Err(failure(end, deadline));
                }
                Ok(_) => {}
                Err(error) => return Err(failure(error, deadline)),
            }
            match parse(request, &self.received)? {
                Parsed::Incomplete(length) => needed = length,
                Parsed::Whole(reply, length) if length == self.received.len() => return Ok(reply),
                Parsed::Whole(..) => return Err(out_of_step()),
            }
        }
    }

    async fn send(&mut self, bytes: &[u8], deadline: &Deadline) -> io::Result<()> {
        let mut sent = 0;
        poll_fn(|context| {
            let socket = &mut self.socket;
            let mut socket = Polled {
                socket,
                context,
                deadline,
            };
            write_rest(&mut socket, bytes, &mut sent)
        })
        .await
    }

    /// Reads some of what is still missing of `needed` bytes.
    async fn receive(&mut self, needed: usize, deadline: &Deadline) -> io::Result<usize> {
        let held = self.received.len();
        let room = needed.saturating_sub(held).clamp(STEP, TRUSTED);
        self.received.resize(held + room, 0);
        let read = poll_fn(|context| {
            let socket = &mut self.socket;
            let mut socket = Polled {
                socket,
                context,
                deadline,
            };
            ready(socket.read(&mut self.received[held..]))
        })
        .await;
        self.received.truncate(held + *read.as_ref().unwrap_or(&0));
        read
    }
}

/// What comes after a whole reply belongs to somebody else.
fn out_of_step() -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "the connection is out of step with the server and was closed",
    )
}
