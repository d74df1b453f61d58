//! The way to the primary.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flask_session_core::{Deadline, Error, ErrorKind, PerProcess, Result};
use redis::{Cmd, Value};

use super::options::SentinelOptions;
use super::sentinels::Sentinels;
use crate::redis::{Address, Connection, Line, Part, Server, Servers, Wire};
use crate::transport::{self, Choice, Held, Socket};

/// Connections to whichever server the sentinels call primary.
#[derive(Debug)]
pub(super) struct Watched<S> {
    sentinels: Sentinels,
    servers: Servers<S>,
    state: PerProcess<State>,
}

/// What this process knows.
#[derive(Debug, Default)]
struct State(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    primary: Option<Address>,
    /// The sentinel to begin with: the last that answered.
    first: usize,
}

impl State {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the sentinels asked again before the next connection.
    fn doubt(&self, primary: &Address) {
        let mut known = self.known();
        if known.primary.as_ref() == Some(primary) {
            known.primary = None;
        }
    }
}

impl<S: Socket> Watched<S> {
    /// Checks the options and reads the files that they name.
    pub(super) fn new(options: SentinelOptions) -> Result<Self> {
        Ok(Self {
            servers: Servers::new(options.data.clone())?,
            sentinels: Sentinels::new(options)?,
            state: PerProcess::new(),
        })
    }

    async fn primary(&self, state: &State, choice: Choice, deadline: &Deadline) -> Result<Address> {
        let first = {
            let known = state.known();
            match &known.primary {
                Some(primary) if choice == Choice::Pooled => return Ok(primary.clone()),
                _ => known.first,
            }
        };
        let answer = self.sentinels.ask::<S>(first, deadline).await?;
        self.servers.keep_only(|address| *address == answer.primary);
        *state.known() = Known {
            primary: Some(answer.primary.clone()),
            first: answer.sentinel,
        };
        Ok(answer.primary)
    }

    async fn connect(
        &self,
        state: Arc<State>,
        primary: Address,
        choice: Choice,
        deadline: &Deadline,
    ) -> Result<PrimaryLine<S>> {
        let opened = async {
            let mut held = self.servers.checkout(&primary, choice, deadline).await?;
            if held.connection.is_to_primary(deadline).await? {
                Ok(held)
            } else {
                Err(Error::new(
                    ErrorKind::Unreachable,
                    "the server that the sentinels name isn't the primary yet, or no more",
                ))
            }
        };
        match opened.await {
            Ok(held) => Ok(PrimaryLine {
                held,
                state,
                primary,
            }),
            Err(error) => {
                state.doubt(&primary);
                // The sentinel that named it may be behind the times.
                state.known().first += 1;
                Err(error)
            }
        }
    }
}

impl<S: Socket> Wire for Watched<S> {
    type Line = PrimaryLine<S>;

    async fn line(&self, _: &str, choice: Choice, deadline: &Deadline) -> Result<Self::Line> {
        let state = self.state.get(State::default);
        let primary = self.primary(&state, choice, deadline).await?;
        self.connect(state, primary, choice, deadline).await
    }

    async fn line_to(
        &self,
        part: &Part,
        choice: Choice,
        deadline: &Deadline,
    ) -> Result<Self::Line> {
        let state = self.state.get(State::default);
        let primary = self.primary(&state, choice, deadline).await?;
        if primary.to_string() != part.server {
            let detail = "another server became the primary while sessions were listed";
            return Err(Error::new(ErrorKind::Unreachable, detail));
        }
        self.connect(state, primary, choice, deadline).await
    }

    async fn part(&self, from: u16, deadline: &Deadline) -> Result<Option<Part>> {
        let state = self.state.get(State::default);
        let primary = self.primary(&state, Choice::Pooled, deadline).await?;
        Ok(Part::whole(primary.to_string(), from))
    }

    async fn pause(&self) {
        transport::pause::<S>().await;
    }
}

/// A connection to the primary. What fails on it casts doubt on whether it still is that.
pub(super) struct PrimaryLine<S> {
    held: Held<Connection<S>>,
    state: Arc<State>,
    primary: Address,
}

impl<S: Socket> Line for PrimaryLine<S> {
    fn server(&self) -> Server {
        self.held.connection.server()
    }

    async fn exchange(&mut self, commands: &[&Cmd], deadline: &Deadline) -> Result<Vec<Value>> {
        let replies = self.held.connection.exchange(commands, deadline).await;
        if replies
            .as_ref()
            .map_or(true, |replies| replies.iter().any(is_from_replica))
        {
            self.state.doubt(&self.primary);
        }
        replies
    }

    fn keep(self) {
        self.held.keep();
    }
}

fn is_from_replica(reply: &Value) -> bool {
    matches!(reply, Value::ServerError(refusal) if matches!(refusal.code(), "READONLY" | "MASTERDOWN"))
}
