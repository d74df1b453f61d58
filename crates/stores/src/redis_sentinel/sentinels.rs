//! Asking the sentinels who is primary.

use flask_session_core::{Deadline, Error, ErrorKind, Result};
use redis::Value;

use super::options::SentinelOptions;
use crate::redis::{Address, Connection, Opener, misconfigured, reply};
use crate::transport::Socket;

/// The sentinels that watch one primary.
#[derive(Debug)]
pub(super) struct Sentinels {
    name: String,
    addresses: Vec<Address>,
    opener: Opener,
    /// Whether the servers that they watch speak TLS.
    tls: bool,
}

/// What the sentinels answered, and which of them did.
pub(super) struct Answer {
    pub(super) primary: Address,
    pub(super) sentinel: usize,
}

impl Sentinels {
    /// Checks the options and reads the files that they name.
    pub(super) fn new(options: SentinelOptions) -> Result<Self> {
        Ok(Self {
            name: options.name,
            addresses: options.sentinels,
            opener: Opener::new(options.sentinel)?,
            tls: options.data.address.is_secure(),
        })
    }

    /// Asks them one after the other, beginning with number `first`, until one knows the primary.
    /// One that swallows packets uses up its share of the time only.
    pub(super) async fn ask<S: Socket>(&self, first: usize, deadline: &Deadline) -> Result<Answer> {
        let count = self.addresses.len();
        let mut failure = None;
        for tried in 0..count {
            let sentinel = (first + tried) % count;
            let waiting = u32::try_from(count - tried).unwrap_or(u32::MAX);
            let share = Deadline::within(deadline.remaining()? / waiting);
            let asked = self.ask_one::<S>(&self.addresses[sentinel], &share);
            match S::within(&share, asked).await {
                Ok(Some(primary)) => return Ok(Answer { primary, sentinel }),
                Ok(None) => {}
                Err(error) => {
                    let detail = format!("sentinel {}: {error}", self.addresses[sentinel]);
                    failure = Some(Error::new(error.kind(), detail).caused_by(error));
                }
            }
        }
        Err(failure.unwrap_or_else(|| misconfigured("the sentinels know no primary of this name")))
    }

    async fn ask_one<S: Socket>(
        &self,
        sentinel: &Address,
        deadline: &Deadline,
    ) -> Result<Option<Address>> {
        let mut connection: Connection<S> = self.opener.open(sentinel, deadline).await?;
        let mut command = redis::cmd("SENTINEL");
        command.arg("GET-MASTER-ADDR-BY-NAME").arg(&self.name);
        let replies = connection.exchange(&[&command], deadline).await?;
        let words = match replies.as_slice() {
            [Value::Nil] => return Ok(None),
            [Value::Array(words)] => words.as_slice(),
            [Value::ServerError(refusal)] if refusal.code() != "ERR" => {
                return Err(reply::refused(refusal));
            }
            _ => return Err(not_a_sentinel()),
        };
        let [Value::BulkString(host), Value::BulkString(port)] = words else {
            return Err(not_a_sentinel());
        };
        let port = std::str::from_utf8(port)
            .ok()
            .and_then(|port| port.parse().ok());
        Ok(Some(Address::Tcp {
            host: String::from_utf8_lossy(host).into_owned(),
            port: port.ok_or_else(not_a_sentinel)?,
            tls: self.tls,
        }))
    }
}

fn not_a_sentinel() -> Error {
    Error::new(ErrorKind::Refused, "what answers there is no sentinel")
}
