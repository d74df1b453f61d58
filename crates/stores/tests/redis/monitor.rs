//! What a server is really sent, by MONITOR.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use flask_session_testkit::PATIENCE;
use flask_session_testkit::servers::RedisServer;

pub(crate) struct Monitor<'a> {
    server: &'a RedisServer,
    lines: BufReader<TcpStream>,
}

impl<'a> Monitor<'a> {
    pub(crate) fn start(server: &'a RedisServer) -> Self {
        let mut connection = TcpStream::connect(server.address()).unwrap();
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        connection.write_all(b"MONITOR\r\n").unwrap();
        let mut lines = BufReader::new(connection);
        let mut answer = String::new();
        lines.read_line(&mut answer).unwrap();
        assert_eq!(answer, "+OK\r\n");
        Self { server, lines }
    }

    /// The names of the commands since the last call, without those of scripts and those that
    /// set a connection up.
    pub(crate) fn commands(&mut self) -> Vec<String> {
        self.arguments()
            .into_iter()
            .map(|mut arguments| arguments.remove(0))
            .collect()
    }

    /// The same, with all their arguments as MONITOR quotes them.
    pub(crate) fn arguments(&mut self) -> Vec<Vec<String>> {
        self.server.command(&["ECHO", "that's all"]);
        let mut commands = Vec::new();
        loop {
            let mut line = String::new();
            self.lines.read_line(&mut line).unwrap();
            let (origin, command) = line.split_once("] ").unwrap();
            let arguments: Vec<String> = command
                .trim()
                .split(' ')
                .map(|argument| argument.trim_matches('"').to_owned())
                .collect();
            match arguments[0].to_ascii_uppercase().as_str() {
                "ECHO" => return commands,
                "HELLO" | "CLIENT" | "SELECT" | "AUTH" | "QUIT" => {}
                _ if origin.ends_with("lua") => {}
                _ => commands.push(arguments),
            }
        }
    }
}
