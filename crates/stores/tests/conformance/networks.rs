//! The ways in which a network keeps a store from its server, for stores that can't be
//! [tried with every fault](flask_session_testkit::faults): those of async hosts, and those whose
//! servers say themselves where the others are.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use flask_session_core::Store;
use flask_session_testkit::{Network, Proxy, Unreachable};

const NETWORKS: [(&str, Network); 5] = [
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

/// One proxy before `server` for each of the networks.
pub(crate) fn proxies(server: SocketAddr) -> Vec<Proxy> {
    NETWORKS.iter().map(|_| Proxy::before(server)).collect()
}

/// A store where nobody listens, and one behind each of the proxies. `at` makes a store that reaches
/// its server at the given address, and gives up on an operation after the given limit.
pub(crate) fn unreachable(
    proxies: &[Proxy],
    at: impl Fn(SocketAddr, Duration) -> Arc<dyn Store>,
) -> Vec<Unreachable> {
    let mut unreachable = Unreachable::nobody(&at);
    for (proxy, (why, network)) in proxies.iter().zip(NETWORKS) {
        proxy.becomes(network);
        unreachable.push(Unreachable::at(proxy.address(), why, &at));
    }
    unreachable
}
