//! Ports that stay ours.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::OnceLock;

use socket2::{Domain, Socket, Type};

/// A free loopback port that nobody else is given while this lives. A socket is bound to it and
/// doesn't listen, so that connections are refused; a server that sets `SO_REUSEADDR`, as all do,
/// may listen there, end, and listen again.
///
/// ```
/// use std::net::TcpStream;
///
/// use flask_session_testkit::servers::{Port, nobody};
///
/// let port = Port::reserve();
/// assert!(TcpStream::connect(port.address()).is_err(), "a server of yours may listen there");
/// assert!(TcpStream::connect(nobody()).is_err());
/// ```
#[derive(Debug)]
pub struct Port {
    address: SocketAddr,
    _bound: Socket,
}

impl Port {
    /// Takes one. Panics if there is none.
    pub fn reserve() -> Self {
        let free = "a free loopback port";
        let bound = Socket::new(Domain::IPV4, Type::STREAM, None).expect(free);
        bound.set_reuse_address(true).expect(free);
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        bound.bind(&any.into()).expect(free);
        let address = bound.local_addr().expect(free).as_socket();
        Self {
            address: address.expect(free),
            _bound: bound,
        }
    }

    /// Where a server on it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.port().fmt(f)
    }
}

/// A loopback address where nobody listens, ever.
pub fn nobody() -> SocketAddr {
    static PORT: OnceLock<Port> = OnceLock::new();
    PORT.get_or_init(Port::reserve).address()
}
