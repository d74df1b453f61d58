//! One connection that follows a key to where it is.

use std::mem;
use std::sync::Arc;

use flask_session_core::{Deadline, Error, ErrorKind, Result};
use redis::{Cmd, RedisError, Value};

use super::slots::named;
use super::wire::Cluster;
use crate::redis::{Address, Connection, Line, Server};
use crate::transport::{Choice, Held, Socket};

/// So often a command is sent elsewhere before it fails.
const REDIRECTIONS: usize = 5;

/// A connection to the server that has a key, as far as is known. A server that hasn't answers
/// MOVED, or, while it hands its keys over one by one, ASK; nothing was done then, and the commands
/// are sent to the server that it names.
pub(super) struct ClusterLine<S> {
    cluster: Arc<Cluster<S>>,
    address: Address,
    held: Held<Connection<S>>,
    /// Whether the server is only about to get the key, and has to be told that we know.
    asking: bool,
    /// Whether a MULTI waits for its EXEC. What belongs to it can't be sent to another server.
    open: bool,
}

/// Where a server sends us.
struct Redirection {
    address: Option<Address>,
    asking: bool,
}

impl<S: Socket> ClusterLine<S> {
    pub(super) fn new(
        cluster: &Arc<Cluster<S>>,
        address: &Address,
        held: Held<Connection<S>>,
    ) -> Self {
        Self {
            cluster: Arc::clone(cluster),
            address: address.clone(),
            held,
            asking: false,
            open: false,
        }
    }

    async fn send(
        &mut self,
        commands: &[&Cmd],
        ask: bool,
        deadline: &Deadline,
    ) -> Result<Vec<Value>> {
        if !ask {
            return self.held.connection.exchange(commands, deadline).await;
        }
        let asking = redis::cmd("ASKING");
        let pairs: Vec<&Cmd> = commands.iter().flat_map(|&one| [&asking, one]).collect();
        let replies = self.held.connection.exchange(&pairs, deadline).await?;
        Ok(replies.into_iter().skip(1).step_by(2).collect())
    }

    /// Goes on with another server; what was the connection until then.
    async fn follow(
        &mut self,
        to: Redirection,
        deadline: &Deadline,
    ) -> Result<Held<Connection<S>>> {
        let address = to.address.ok_or_else(moved)?;
        let servers = &self.cluster.servers;
        let held = servers.checkout(&address, Choice::Pooled, deadline).await?;
        self.asking = to.asking;
        self.address = address;
        Ok(mem::replace(&mut self.held, held))
    }
}

impl<S: Socket> Line for ClusterLine<S> {
    fn server(&self) -> Server {
        self.held.connection.server()
    }

    async fn exchange(&mut self, commands: &[&Cmd], deadline: &Deadline) -> Result<Vec<Value>> {
        let was_open = mem::take(&mut self.open);
        for _ in 0..=REDIRECTIONS {
            let replies = self
                .send(commands, self.asking && !was_open, deadline)
                .await;
            let replies = replies.inspect_err(|_| self.cluster.doubt(Some(&self.address)))?;
            let sent_on = replies
                .iter()
                .find_map(|reply| sent_on(reply, &self.address));
            let Some(redirection) = sent_on else {
                self.open = commands.last().is_some_and(|last| begins_transaction(last));
                return Ok(replies);
            };
            if !redirection.asking {
                self.cluster.doubt(Some(&self.address));
            }
            if was_open {
                return Err(moved());
            }
            let left = self.follow(redirection, deadline).await?;
            // Several commands may have left a MULTI there.
            if commands.len() == 1 {
                left.keep();
            }
        }
        Err(moved())
    }

    fn keep(self) {
        self.held.keep();
    }
}

fn begins_transaction(command: &Cmd) -> bool {
    command.args_iter().eq([redis::Arg::Simple(&b"MULTI"[..])])
}

/// Reads a redirection by the server at `from`.
fn sent_on(reply: &Value, from: &Address) -> Option<Redirection> {
    let Value::ServerError(refusal) = reply else {
        return None;
    };
    let asking = match refusal.code() {
        "MOVED" => false,
        "ASK" => true,
        _ => return None,
    };
    let error = RedisError::from(refusal.clone());
    let address = error.redirect_node().and_then(|(node, _)| {
        let (host, port) = node.rsplit_once(':')?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        named(host, port.parse().ok()?, from)
    });
    Some(Redirection { address, asking })
}

/// As if the connection had broken: the store finds out by reading what has become of a save.
fn moved() -> Error {
    let detail = "its part of the keys is moving from server to server";
    Error::new(ErrorKind::Unreachable, detail)
}
