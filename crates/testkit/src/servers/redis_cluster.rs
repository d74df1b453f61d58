//! A Redis Cluster.

use std::path::Path;
use std::thread;
use std::time::Duration;

use flask_session_core::Deadline;
use tempfile::TempDir;

use super::redis_sentinel::command;
use super::{Certificates, Port, RedisServer, RedisSettings};

/// How many servers share the keys.
const PRIMARIES: usize = 3;

/// The first slot of each of them, and the one after the last.
const BOUNDS: [u16; PRIMARIES + 1] = [0, 5461, 10923, 16384];

const FORMING: Duration = Duration::from_secs(60);

/// Three servers that share the keys, or each with a replica that takes over when it is gone.
///
/// ```no_run
/// use flask_session_testkit::servers::{RedisCluster, RedisSettings};
///
/// let cluster = RedisCluster::with(&RedisSettings::default(), true);
/// println!("{} is at {}", cluster.id(0), cluster.nodes[0].address());
/// println!("{}", cluster.command(0, &["CLUSTER", "SLOTS"]));
/// assert!(cluster.certificates().is_none());
/// ```
#[derive(Debug)]
pub struct RedisCluster {
    /// The servers that hold the keys at first, in the order of their slots; then their replicas.
    pub nodes: Vec<RedisServer>,
    buses: Vec<Port>,
    certificates: Option<(Certificates, TempDir)>,
}

impl RedisCluster {
    /// Starts one, each server with `settings`. Returns when all servers agree on it.
    pub fn with(settings: &RedisSettings, replicas: bool) -> Self {
        let certificates = settings.tls.then(|| {
            let folder = TempDir::with_prefix("cluster-").expect("a temporary folder");
            (Certificates::make(folder.path()), folder)
        });
        let count = if replicas { 2 * PRIMARIES } else { PRIMARIES };
        let buses: Vec<Port> = (0..count).map(|_| Port::reserve()).collect();
        let nodes: Vec<_> = buses
            .iter()
            .map(|bus| {
                let mut settings = settings.clone();
                let mut option = |name: &str, value: String| {
                    settings.options.push((name.to_owned(), value));
                };
                option("cluster-enabled", "yes".to_owned());
                option("cluster-port", bus.to_string());
                option("cluster-node-timeout", "1000".to_owned());
                option("repl-diskless-sync-delay", "0".to_owned());
                if let Some((files, _)) = &certificates {
                    let path = |path: &Path| path.display().to_string();
                    option("tls-cluster", "yes".to_owned());
                    option("tls-replication", "yes".to_owned());
                    option("tls-ca-cert-file", path(&files.authority));
                    option("tls-cert-file", path(&files.certificate));
                    option("tls-key-file", path(&files.key));
                }
                RedisServer::with(settings)
            })
            .collect();
        let cluster = Self {
            nodes,
            buses,
            certificates,
        };
        cluster.form();
        cluster
    }

    fn form(&self) {
        for (number, bounds) in BOUNDS.windows(2).enumerate() {
            let (first, last) = (bounds[0].to_string(), (bounds[1] - 1).to_string());
            self.command(number, &["CLUSTER", "ADDSLOTSRANGE", &first, &last]);
            let epoch = (number + 1).to_string();
            self.command(number, &["CLUSTER", "SET-CONFIG-EPOCH", &epoch]);
        }
        for (node, bus) in self.nodes.iter().zip(&self.buses).skip(1) {
            let port = node.address().port().to_string();
            let bus = bus.to_string();
            self.command(0, &["CLUSTER", "MEET", "127.0.0.1", &port, &bus]);
        }
        let known = format!("cluster_known_nodes:{}\r", self.nodes.len());
        self.wait_until("they know each other", |cluster, number| {
            cluster
                .command(number, &["CLUSTER", "INFO"])
                .contains(&known)
        });
        for replica in PRIMARIES..self.nodes.len() {
            let primary = self.id(replica - PRIMARIES);
            self.wait_until("replicas have their primaries", |cluster, _| {
                let reply = cluster.command(replica, &["CLUSTER", "REPLICATE", &primary]);
                reply == "+OK\r\n"
            });
        }
        self.wait_until("all is served", Self::is_ready);
    }

    fn is_ready(&self, number: usize) -> bool {
        let information = self.command(number, &["CLUSTER", "INFO"]);
        let slots = self.command(number, &["CLUSTER", "NODES"]);
        let replicas = self.nodes.len() - PRIMARIES;
        information.contains("cluster_state:ok")
            && slots.matches("slave").count() == replicas
            && (number < PRIMARIES
                || self
                    .command(number, &["INFO", "replication"])
                    .contains("master_link_status:up"))
    }

    fn wait_until(&self, what: &str, holds: impl Fn(&Self, usize) -> bool) {
        let deadline = Deadline::within(FORMING);
        while !(0..self.nodes.len()).all(|number| holds(self, number)) {
            assert!(deadline.remaining().is_ok(), "waited in vain until {what}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The name of a node in its cluster.
    pub fn id(&self, number: usize) -> String {
        let reply = self.command(number, &["CLUSTER", "MYID"]);
        reply.split("\r\n").nth(1).unwrap_or_default().to_owned()
    }

    /// Sends one command to a node and returns the raw reply.
    pub fn command(&self, number: usize, words: &[&str]) -> String {
        command(&self.nodes[number].socket(), words)
    }

    /// The certificates of all nodes, with TLS.
    pub fn certificates(&self) -> Option<&Certificates> {
        self.certificates.as_ref().map(|(files, _)| files)
    }
}
