//! One blocking connection: opened, asked.

use std::io::{self, Read, Write};

use flask_session_core::{Deadline, Error, ErrorKind, Result};

use super::findings::Findings;
use super::options::{MemcachedOptions, SETTING};
use super::protocol::{Parsed, Reply, Request, parse};
use crate::transport::{Plain, failure};

/// So much is read at once, unless more is known to come.
const STEP: usize = 8 * 1024;

/// The most that is reserved for what a server has only announced.
const TRUSTED: usize = 1024 * 1024;

/// A connection that is ready for requests.
pub(super) struct Connection {
    plain: Plain,
    received: Vec<u8>,
}

impl Connection {
    /// Connects, and asks how the server is configured. What proxies don't tell isn't insisted on.
    pub(super) fn open(
        options: &MemcachedOptions,
        findings: &Findings,
        deadline: &Deadline,
    ) -> Result<Self> {
        let limit = deadline.remaining()?.min(options.connect_timeout);
        let deadline = &Deadline::within(limit);
        let mut connection = Self::connect(options, deadline)?;
        match connection.exchange(&Request::settings(), deadline) {
            Ok(Reply::Settings(settings)) => findings.learn(&settings),
            Ok(Reply::Failed(failure)) if failure.error().kind() == ErrorKind::Unreachable => {
                return Err(failure.error());
            }
            // Some proxies hang up on a command that they don't know.
            Err(error) if error.kind() == ErrorKind::Unreachable => {
                connection = Self::connect(options, deadline)?;
            }
            Err(error) => return Err(error),
            Ok(_) => {}
        }
        Ok(connection)
    }

    fn connect(options: &MemcachedOptions, deadline: &Deadline) -> Result<Self> {
        Ok(Self {
            plain: Plain::connect(&options.endpoint, SETTING, deadline)?,
            received: Vec::new(),
        })
    }

    /// Sends `request` in one write and waits for its reply. `Unreachable` means that the
    /// connection broke, and that it is unknown what the server has done.
    pub(super) fn exchange(&mut self, request: &Request, deadline: &Deadline) -> Result<Reply> {
        let mut socket = self.plain.until(deadline);
        let sent = socket.write_all(request.packed());
        sent.map_err(|error| failure(error, deadline))?;
        self.received.clear();
        let mut needed = STEP;
        loop {
            let held = self.received.len();
            self.received
                .resize(held + (needed.saturating_sub(held)).clamp(STEP, TRUSTED), 0);
            let read = socket.read(&mut self.received[held..]);
            self.received.truncate(held + *read.as_ref().unwrap_or(&0));
            match read {
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
}

/// What comes after a whole reply belongs to somebody else.
fn out_of_step() -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "the connection is out of step with the server and was closed",
    )
}
