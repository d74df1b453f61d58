//! One connection: opened, logged in, asked.

use std::future::poll_fn;
use std::io::{self, Read};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use flask_session_core::{Deadline, Error, ErrorKind, Result};
use redis::{Cmd, Parser, Value};
use rustls::ClientConfig;

use super::options::{Address, RedisOptions, misconfigured};
use super::reply;
use super::server::{Role, Server};
use super::socket::{Stream, failure};
use crate::transport::Socket;

/// A connection that is ready for commands.
pub(crate) struct Connection<S> {
    stream: Stream<S>,
    parser: Parser,
    server: Server,
}

impl<S: Socket> Connection<S> {
    /// Connects to `address` and logs in.
    pub(super) async fn open(
        address: &Address,
        options: &RedisOptions,
        tls: Option<&Arc<ClientConfig>>,
        deadline: &Deadline,
    ) -> Result<Self> {
        let limit: Duration = deadline.remaining()?.min(options.connect_timeout);
        let deadline = &Deadline::within(limit);
        let opened = async {
            let mut connection = Self::connect(address, tls, deadline).await?;
            match connection.greet(options, deadline).await {
                Ok(()) => Ok(connection),
                // Some proxies hang up on a command that they don't know.
                Err(error) if error.kind() == ErrorKind::Unreachable => {
                    connection = Self::connect(address, tls, deadline).await?;
                    connection.greet_without_hello(options, deadline).await?;
                    Ok(connection)
                }
                Err(error) => Err(error),
            }
        };
        S::within(deadline, opened).await
    }

    async fn connect(
        address: &Address,
        tls: Option<&Arc<ClientConfig>>,
        deadline: &Deadline,
    ) -> Result<Self> {
        Ok(Self {
            stream: Stream::connect(address, tls, deadline).await?,
            parser: Parser::new(),
            server: Server::default(),
        })
    }

    pub(crate) fn server(&self) -> Server {
        self.server
    }

    /// Whether the server has data of its own, as it said when the connection was opened.
    pub(crate) async fn is_to_primary(&mut self, deadline: &Deadline) -> Result<bool> {
        if self.server.role() == Role::Unknown {
            let reply = reply::sole(self.exchange(&[&redis::cmd("ROLE")], deadline).await?)?;
            self.server = self.server.with_role(&reply);
        }
        Ok(self.server.role() == Role::Primary)
    }

    /// Logs in and selects the database. What a restricted user may lack, and what older
    /// servers and proxies don't know, isn't insisted on.
    async fn greet(&mut self, options: &RedisOptions, deadline: &Deadline) -> Result<()> {
        let mut hello = redis::cmd("HELLO");
        hello.arg(2);
        if let Some((username, password)) = options.credentials() {
            let username = username.unwrap_or("default");
            hello.arg("AUTH").arg(username).arg(password);
        }
        if let Some(name) = &options.client_name {
            hello.arg("SETNAME").arg(name);
        }
        let mut commands = vec![hello];
        if options.database != 0 {
            commands.push(select(options));
        }
        for (what, text) in [
            ("LIB-NAME", "flask-session-rs"),
            ("LIB-VER", env!("CARGO_PKG_VERSION")),
        ] {
            let mut command = redis::cmd("CLIENT");
            commands.push(command.arg("SETINFO").arg(what).arg(text).take());
        }
        let commands: Vec<&Cmd> = commands.iter().collect();
        let replies = self.exchange(&commands, deadline).await?;
        match &replies[0] {
            // Some servers answer what they don't know with NOAUTH while nobody is logged in.
            Value::ServerError(refusal)
                if reply::is_denial(refusal)
                    || refusal.code() == "NOAUTH" && options.credentials().is_some() =>
            {
                return self.greet_without_hello(options, deadline).await;
            }
            Value::ServerError(refusal) => return Err(reply::refused(refusal)),
            hello => self.server = Server::from_hello(hello),
        }
        if options.database != 0 {
            is_selected(&replies[1])?;
        }
        Ok(())
    }

    async fn greet_without_hello(
        &mut self,
        options: &RedisOptions,
        deadline: &Deadline,
    ) -> Result<()> {
        if let Some((username, password)) = options.credentials() {
            let mut command = redis::cmd("AUTH");
            command.arg(username).arg(password);
            match self.exchange(&[&command], deadline).await?.first() {
                Some(Value::Okay) => {}
                Some(Value::ServerError(refusal)) if reply::is_passing(refusal) => {
                    return Err(reply::refused(refusal));
                }
                Some(Value::ServerError(_)) => {
                    let detail = "the server refused the user name or password";
                    return Err(Error::new(ErrorKind::Refused, detail));
                }
                _ => return Err(reply::unforeseen()),
            }
        }
        if options.database != 0 {
            let replies = self.exchange(&[&select(options)], deadline).await?;
            is_selected(&replies[0])?;
        }
        if let Some(name) = &options.client_name {
            let mut command = redis::cmd("CLIENT");
            command.arg("SETNAME").arg(name);
            self.exchange(&[&command], deadline).await?;
        }
        Ok(())
    }

    /// Sends `commands` in one write and waits for one reply to each.
    pub(crate) async fn exchange(
        &mut self,
        commands: &[&Cmd],
        deadline: &Deadline,
    ) -> Result<Vec<Value>> {
        let asked = pin!(self.ask(commands, deadline));
        S::within(deadline, asked).await
    }

    async fn ask(&mut self, commands: &[&Cmd], deadline: &Deadline) -> Result<Vec<Value>> {
        let mut packed = Vec::new();
        for command in commands {
            command.write_packed_command(&mut packed);
        }
        let sent = self.stream.send(&packed, deadline).await;
        sent.map_err(|error| failure(error, deadline))?;
        let mut replies = Vec::with_capacity(commands.len());
        let mut received = false;
        let Self { stream, parser, .. } = self;
        poll_fn(|context| {
            let mut incoming = Incoming {
                stream: &mut *stream,
                context,
                deadline,
                failed: None,
                received: &mut received,
            };
            while replies.len() < commands.len() {
                match parser.parse_value(&mut incoming) {
                    Ok(_) if !*incoming.received => return Poll::Ready(Err(out_of_step())),
                    Ok(reply) => replies.push(reply),
                    // The parser goes on with what it has when there is more.
                    Err(_) if incoming.is_pending() => return Poll::Pending,
                    Err(_) => {
                        return Poll::Ready(Err(match (incoming.failed.take(), replies.first()) {
                            (None, _) => not_redis(),
                            // What the server said before it closed says more than that it did.
                            (Some(_), Some(Value::ServerError(refusal))) => reply::refused(refusal),
                            (Some(error), _) => failure(error, deadline),
                        }));
                    }
                }
            }
            Poll::Ready(Ok(()))
        })
        .await?;
        Ok(replies)
    }
}

/// A reply that was there before anything was asked belongs to somebody else.
fn out_of_step() -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "the connection is out of step with the server and was closed",
    )
}

fn not_redis() -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "what answers there doesn't speak Redis's protocol",
    )
}

fn select(options: &RedisOptions) -> Cmd {
    let mut command = redis::cmd("SELECT");
    command.arg(options.database);
    command
}

fn is_selected(reply: &Value) -> Result<()> {
    match reply {
        Value::Okay => Ok(()),
        Value::ServerError(refusal) if refusal.code() == "ERR" => {
            Err(misconfigured("the server has no database of that number"))
        }
        Value::ServerError(refusal) => Err(reply::refused(refusal)),
        _ => Err(reply::unforeseen()),
    }
}

/// What the parser reads from, in one poll; remembers why it failed, since the parser's error
/// doesn't say.
struct Incoming<'a, 'context, S> {
    stream: &'a mut Stream<S>,
    context: &'a mut Context<'context>,
    deadline: &'a Deadline,
    failed: Option<io::Error>,
    received: &'a mut bool,
}

impl<S> Incoming<'_, '_, S> {
    fn is_pending(&self) -> bool {
        let failed = self.failed.as_ref();
        failed.is_some_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}

impl<S: Socket> Read for Incoming<'_, '_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.stream.receive(self.context, buffer, self.deadline) {
            Ok(0) => {
                self.failed = Some(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "closed by the server",
                ));
                Ok(0)
            }
            Ok(count) => {
                *self.received = true;
                Ok(count)
            }
            Err(error) => {
                let kind = error.kind();
                self.failed = Some(error);
                Err(kind.into())
            }
        }
    }
}
