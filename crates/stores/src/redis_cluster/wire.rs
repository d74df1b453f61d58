//! The way to the server that has a key.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flask_session_core::{Deadline, Error, ErrorKind, PerProcess, Result};

use super::line::ClusterLine;
use super::slots::{Slots, slot};
use crate::redis::{Address, Part, RedisOptions, Servers, Wire, reply};
use crate::transport::{self, Choice, Socket};

/// Connections to the servers of a cluster.
#[derive(Debug)]
pub(super) struct Clustered<S>(Arc<Cluster<S>>);

/// The cluster that the user named by some of its servers.
#[derive(Debug)]
pub(super) struct Cluster<S> {
    named: Vec<Address>,
    pub(super) servers: Servers<S>,
    state: PerProcess<Mutex<Known>>,
}

/// What this process knows.
#[derive(Debug, Default)]
struct Known {
    slots: Option<Arc<Slots>>,
    /// Whose word `slots` is.
    source: Option<Address>,
    /// Whether something was heard that doesn't fit to `slots`.
    doubted: bool,
    /// The server that was the last to cause trouble.
    troubled: Option<Address>,
}

impl<S: Socket> Clustered<S> {
    /// Checks the options and reads the files that they name.
    pub(super) fn new(named: Vec<Address>, options: RedisOptions) -> Result<Self> {
        Ok(Self(Arc::new(Cluster {
            named,
            servers: Servers::new(options)?,
            state: PerProcess::new(),
        })))
    }

    async fn connect(
        &self,
        address: &Address,
        choice: Choice,
        deadline: &Deadline,
    ) -> Result<ClusterLine<S>> {
        match self.0.servers.checkout(address, choice, deadline).await {
            Ok(held) => Ok(ClusterLine::new(&self.0, address, held)),
            Err(error) => {
                self.0.doubt(Some(address));
                Err(error)
            }
        }
    }
}

impl<S: Socket> Cluster<S> {
    /// Has a server asked again who has which keys, before the next connection; last the one at
    /// `troubled`, and the one that had led there: it may be behind the times.
    pub(super) fn doubt(&self, troubled: Option<&Address>) {
        let state = self.state.get(Mutex::default);
        let mut known = known(&state);
        known.doubted = true;
        known.troubled = troubled.cloned();
    }

    /// Who has which keys.
    async fn slots(&self, choice: Choice, deadline: &Deadline) -> Result<Arc<Slots>> {
        let state = self.state.get(Mutex::default);
        let servers = {
            let known = known(&state);
            match &known.slots {
                Some(slots) if choice == Choice::Pooled && !known.doubted => {
                    return Ok(Arc::clone(slots));
                }
                _ => self.to_ask(&known),
            }
        };
        let (slots, source) = self.ask(servers, deadline).await?;
        let wanted = |address: &Address| {
            slots.servers().any(|server| server == address) || self.named.contains(address)
        };
        self.servers.keep_only(wanted);
        let slots = Arc::new(slots);
        *known(&state) = Known {
            slots: Some(Arc::clone(&slots)),
            source: Some(source),
            doubted: false,
            troubled: None,
        };
        Ok(slots)
    }

    /// All servers that we know, those of which the answer helps most first.
    fn to_ask(&self, known: &Known) -> Vec<Address> {
        let mut servers: Vec<Address> = Vec::new();
        let slots = known.slots.iter().flat_map(|slots| slots.servers());
        for server in slots.chain(&self.named) {
            if !servers.contains(server) {
                servers.push(server.clone());
            }
        }
        let doubtful = |server: &Address| {
            let is = |other: &Option<Address>| other.as_ref() == Some(server);
            (is(&known.troubled), is(&known.source))
        };
        servers.sort_by_key(doubtful);
        servers
    }

    /// Asks `servers` one after the other, until one answers; its answer, and which it was. One
    /// that swallows packets uses up its share of the time only.
    async fn ask(&self, servers: Vec<Address>, deadline: &Deadline) -> Result<(Slots, Address)> {
        let count = servers.len();
        let mut failure = None;
        for (tried, server) in servers.into_iter().enumerate() {
            let waiting = u32::try_from(count - tried).unwrap_or(u32::MAX);
            let share = Deadline::within(deadline.remaining()? / waiting);
            match S::within(&share, self.ask_one(&server, &share)).await {
                Ok(slots) => return Ok((slots, server)),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(reply::unforeseen))
    }

    async fn ask_one(&self, server: &Address, deadline: &Deadline) -> Result<Slots> {
        let command = redis::cmd("CLUSTER").arg("SLOTS").take();
        let ask = async |choice| {
            let mut held = self.servers.checkout(server, choice, deadline).await?;
            let replies = held.connection.exchange(&[&command], deadline).await?;
            held.keep();
            Slots::read(&reply::sole(replies)?, server)
        };
        match ask(Choice::Pooled).await {
            Err(error) if error.kind() == ErrorKind::Unreachable => ask(Choice::Fresh).await,
            done => done,
        }
    }
}

fn known(state: &Mutex<Known>) -> MutexGuard<'_, Known> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: Socket> Wire for Clustered<S> {
    type Line = ClusterLine<S>;

    async fn line(&self, key: &str, choice: Choice, deadline: &Deadline) -> Result<Self::Line> {
        let slots = self.0.slots(choice, deadline).await?;
        let Some(owner) = slots.owner(slot(key)) else {
            self.0.doubt(None);
            let detail = "no server of the cluster has this part of the keys";
            return Err(Error::new(ErrorKind::Unreachable, detail));
        };
        self.connect(owner, choice, deadline).await
    }

    async fn line_to(
        &self,
        part: &Part,
        choice: Choice,
        deadline: &Deadline,
    ) -> Result<Self::Line> {
        let slots = self.0.slots(choice, deadline).await?;
        match slots.part(part.first) {
            Some((_, server)) if server.to_string() == part.server => {
                self.connect(server, choice, deadline).await
            }
            _ => {
                let detail = "another server took over while sessions were listed";
                Err(Error::new(ErrorKind::Unreachable, detail))
            }
        }
    }

    async fn part(&self, from: u16, deadline: &Deadline) -> Result<Option<Part>> {
        let slots = self.0.slots(Choice::Pooled, deadline).await?;
        Ok(slots.part(from).map(|(first, server)| Part {
            first,
            server: server.to_string(),
        }))
    }

    async fn pause(&self) {
        transport::pause::<S>().await;
    }
}
