//! A network on demand, between a store and its real server.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use socket2::SockRef;

/// How the network treats what passes, on connections old and new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Everything passes.
    Open,
    /// New connections are refused; existing ones work.
    Refuses,
    /// What the client sends doesn't arrive at the server; connecting works.
    HangsBeforeSending,
    /// What the client sends arrives and is carried out; the reply doesn't come.
    HangsAfterSending,
    /// The connection is reset after so many bytes of a reply; 0 loses the reply whole.
    ResetsReply {
        /// The bytes that still pass.
        after: usize,
    },
    /// Replies come one byte at a time.
    Drips {
        /// The pause before each byte.
        pause: Duration,
    },
    /// Each connection is closed, in order, when something passes; nothing is delivered.
    Closes,
}

/// A TCP proxy on a free loopback port. Dropping it closes everything.
#[derive(Debug)]
pub struct Proxy {
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    address: SocketAddr,
    server: SocketAddr,
    network: Mutex<Network>,
    listener: Mutex<Option<TcpListener>>,
    links: Mutex<Vec<Weak<Link>>>,
    accepted: AtomicUsize,
    over: AtomicBool,
}

impl Proxy {
    /// A proxy in front of the server at `server`; everything passes.
    pub fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free loopback port");
        let state = Arc::new(State {
            address: listener.local_addr().expect("a bound port has an address"),
            server,
            network: Mutex::new(Network::Open),
            listener: Mutex::new(Some(listener)),
            links: Mutex::default(),
            accepted: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&state);
        thread::spawn(move || accept(&accepting));
        Self { state }
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.state.address
    }

    /// Makes the network behave so from now on.
    pub fn becomes(&self, network: Network) {
        let mut listener = lock(&self.state.listener);
        if network == Network::Refuses {
            *listener = None;
        } else if listener.is_none() {
            let bound = TcpListener::bind(self.state.address).expect("the same port is still free");
            *listener = Some(bound);
        }
        *lock(&self.state.network) = network;
    }

    /// Resets every connection that there is; new ones are treated as before.
    pub fn cut(&self) {
        for link in lock(&self.state.links).drain(..) {
            if let Some(link) = link.upgrade() {
                link.reset();
            }
        }
    }

    /// How many connections were accepted so far.
    pub fn accepted(&self) -> usize {
        self.state.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::SeqCst);
        *lock(&self.state.listener) = None;
        self.cut();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A client's connection and ours to the server. Only here are the two sockets, so that the
/// client's is really closed, and an RST sent, when the last thread lets go of it.
#[derive(Debug)]
struct Link {
    client: TcpStream,
    server: TcpStream,
    over: AtomicBool,
}

impl Link {
    /// Ends it as a program does that has said all.
    fn close(&self) {
        if !self.over.swap(true, Ordering::SeqCst) {
            let _ = self.client.shutdown(Shutdown::Both);
            let _ = self.server.shutdown(Shutdown::Both);
        }
    }

    /// Ends it with an RST to the client.
    fn reset(&self) {
        if !self.over.swap(true, Ordering::SeqCst) {
            let _ = SockRef::from(&self.client).set_linger(Some(Duration::ZERO));
            let _ = self.server.shutdown(Shutdown::Both);
        }
    }
}

fn accept(state: &Arc<State>) {
    while !state.over.load(Ordering::SeqCst) {
        let accepted = lock(&state.listener).as_ref().map(|listener| {
            listener.set_nonblocking(true)?;
            listener.accept()
        });
        let Some(Ok((client, _))) = accepted else {
            thread::sleep(Duration::from_millis(1));
            continue;
        };
        state.accepted.fetch_add(1, Ordering::SeqCst);
        let Ok(server) = TcpStream::connect(state.server) else {
            continue;
        };
        for socket in [&client, &server] {
            let _ = socket.set_nonblocking(false);
            let _ = socket.set_nodelay(true);
            // So that an end that another thread decides is noticed while nothing comes.
            let _ = socket.set_read_timeout(Some(Duration::from_millis(10)));
        }
        let link = Arc::new(Link {
            client,
            server,
            over: AtomicBool::new(false),
        });
        lock(&state.links).push(Arc::downgrade(&link));
        for reply in [false, true] {
            let (state, link) = (Arc::clone(state), Arc::clone(&link));
            thread::spawn(move || copy(&state, &link, reply));
        }
    }
}

/// Passes bytes on in one direction until the link is over.
fn copy(state: &State, link: &Link, reply: bool) {
    let (mut from, mut to) = if reply {
        (&link.server, &link.client)
    } else {
        (&link.client, &link.server)
    };
    let mut buffer = vec![0; 64 * 1024];
    while !link.over.load(Ordering::SeqCst) {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                continue;
            }
            Err(_) => break,
        };
        let chunk = &buffer[..read];
        let network = *lock(&state.network);
        let passed = match (network, reply) {
            (Network::HangsBeforeSending, false) | (Network::HangsAfterSending, true) => continue,
            (Network::Closes, _) => break,
            (Network::ResetsReply { after }, true) => {
                let _ = to.write_all(&chunk[..after.min(read)]);
                return link.reset();
            }
            (Network::Drips { pause }, true) => drip(link, chunk, pause),
            _ => to.write_all(chunk),
        };
        if passed.is_err() {
            break;
        }
    }
    link.close();
}

fn drip(link: &Link, chunk: &[u8], pause: Duration) -> std::io::Result<()> {
    for byte in chunk {
        thread::sleep(pause);
        if link.over.load(Ordering::SeqCst) {
            break;
        }
        (&link.client).write_all(&[*byte])?;
    }
    Ok(())
}
