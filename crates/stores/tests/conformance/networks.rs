//! The ways in which a network keeps a store from its server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use flask_session_core::Store;
use flask_session_testkit::{Network, Proxy, Unreachable};

pub(crate) const NETWORKS: [(&str, Network); 5] = [
    ("requests hang", Network::HangsBeforeSending),
    ("replies hang", Network::HangsAfterSending),
    ("replies are reset", Network::ResetsReply { after: 0 }),
    (
        "replies drip",
        Network::Drips {
            pause: Duration::from_millis(40),
        },
    ),
    ("connections are closed", Network::Closes),
];

/// A store at `nobody`, and one behind each of the proxies, one for each of [`NETWORKS`].
pub(crate) fn unreachable(
    limit: Duration,
    nobody: SocketAddr,
    proxies: &[Proxy],
    at: impl Fn(SocketAddr) -> Arc<dyn Store>,
) -> Vec<Unreachable> {
    let mut unreachable = vec![Unreachable {
        why: "nobody listens",
        store: at(nobody),
        limit: limit * 2,
    }];
    for (proxy, (why, network)) in proxies.iter().zip(NETWORKS) {
        proxy.becomes(network);
        unreachable.push(Unreachable {
            why,
            store: at(proxy.address()),
            limit: limit * 2,
        });
    }
    unreachable
}
