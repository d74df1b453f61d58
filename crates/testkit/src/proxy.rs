//! A network on demand, between a store and its real server.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use flask_session_core::Deadline;
use socket2::SockRef;

use crate::servers::Port;

/// How the network treats what passes, on connections old and new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Everything passes.
    Open,
    /// New connections are refused; existing ones work.
    Refuses,
    /// What the client sends arrives when the network behaves otherwise again; connecting works.
    HangsBeforeSending,
    /// What the client sends arrives and is carried out; the reply comes when the network behaves
    /// otherwise again.
    HangsAfterSending,
    /// The connection is reset after so many bytes of a reply; 0 loses the reply whole.
    ResetsReply {
        /// The bytes that still pass.
        after: usize,
    },
    /// The connection is closed, in order, after so many bytes of a reply; 0 loses the reply whole.
    ClosesReply {
        /// The bytes that still pass.
        after: usize,
    },
    /// Something that isn't the server's protocol comes instead of the reply.
    Garbles,
    /// Replies come one byte at a time.
    Drips {
        /// The pause before each byte.
        pause: Duration,
    },
    /// Each connection is closed, in order, when something passes; nothing is delivered.
    Closes,
}

/// Says which fault was made, for `dev/faults.py`, which counts them.
fn tell(fault: &dyn std::fmt::Debug) {
    eprintln!("fault: {}", format!("{fault:?}").replace('"', ""));
}

/// What comes from a server of another protocol.
const GARBAGE: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<html>\r\n";

/// A TCP proxy on a loopback port of its own. Dropping it closes everything.
///
/// ```
/// use std::io::{Read, Write};
/// use std::net::{TcpListener, TcpStream};
///
/// use flask_session_testkit::{Network, Proxy, wait_until};
///
/// let server = TcpListener::bind("127.0.0.1:0")?;
/// let proxy = Proxy::before(server.local_addr()?);
/// let mut client = TcpStream::connect(proxy.address())?;
/// let (mut served, _) = server.accept()?;
///
/// proxy.meets(Network::ResetsReply { after: 2 });
/// client.write_all(b"?")?;
/// served.read_exact(&mut [0])?;
/// served.write_all(b"whole")?;
/// let mut reply = Vec::new();
/// let _ = client.read_to_end(&mut reply); // ends by a reset
/// assert!(reply.len() <= 2);
/// wait_until("the flaw has come to pass", || proxy.has_met());
///
/// proxy.becomes(Network::Refuses);
/// assert!(TcpStream::connect(proxy.address()).is_err());
/// proxy.cut();
/// assert_eq!(proxy.accepted(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Proxy {
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    port: Port,
    server: SocketAddr,
    network: Mutex<Network>,
    next_reply: Mutex<Option<Network>>,
    listener: Mutex<Option<TcpListener>>,
    links: Mutex<Vec<Weak<Link>>>,
    accepted: AtomicUsize,
    over: AtomicBool,
}

impl Proxy {
    /// A proxy in front of the server at `server`; everything passes.
    pub fn before(server: SocketAddr) -> Self {
        let port = Port::reserve();
        let state = Arc::new(State {
            server,
            network: Mutex::new(Network::Open),
            next_reply: Mutex::default(),
            listener: Mutex::new(Some(listen(&port))),
            port,
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
        self.state.port.address()
    }

    /// Makes the network behave so from now on.
    pub fn becomes(&self, network: Network) {
        if network != Network::Open {
            tell(&network);
        }
        let mut listener = lock(&self.state.listener);
        if network == Network::Refuses {
            *listener = None;
        } else if listener.is_none() {
            *listener = Some(listen(&self.state.port));
        }
        *lock(&self.state.network) = network;
    }

    /// Makes the network behave so for the next reply only.
    pub fn meets(&self, network: Network) {
        tell(&network);
        *lock(&self.state.next_reply) = Some(network);
    }

    /// Whether what [`meets`](Self::meets) was told has come to pass.
    pub fn has_met(&self) -> bool {
        lock(&self.state.next_reply).is_none()
    }

    /// Resets every connection that there is; new ones are treated as before.
    pub fn cut(&self) {
        tell(&"Cut");
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

fn listen(port: &Port) -> TcpListener {
    let listener = TcpListener::bind(port.address()).expect("the port is ours");
    listener
        .set_nonblocking(true)
        .expect("a listener may be asked without waiting");
    listener
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
        let accepted = lock(&state.listener).as_ref().map(TcpListener::accept);
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
        let next = if reply {
            lock(&state.next_reply).take()
        } else {
            None
        };
        let network = next.unwrap_or(*lock(&state.network));
        let passed = match (network, reply) {
            (Network::HangsBeforeSending, false) | (Network::HangsAfterSending, true) => {
                while *lock(&state.network) == network && !link.over.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(1));
                }
                to.write_all(chunk)
            }
            (Network::Closes, _) => break,
            (Network::ClosesReply { after }, true) => {
                let _ = to.write_all(&chunk[..after.min(read)]);
                break;
            }
            (Network::Garbles, true) => to.write_all(GARBAGE),
            (Network::ResetsReply { after }, true) => {
                let _ = to.write_all(&chunk[..after.min(read)]);
                return link.reset();
            }
            (Network::Drips { pause }, true) => drip(state, link, chunk, pause),
            _ => to.write_all(chunk),
        };
        if passed.is_err() {
            break;
        }
    }
    link.close();
}

/// Passes one byte on after each pause, and the rest when the network behaves otherwise.
fn drip(state: &State, link: &Link, chunk: &[u8], pause: Duration) -> std::io::Result<()> {
    let mut left = chunk;
    while let Some((byte, rest)) = left.split_first() {
        let deadline = Deadline::within(pause);
        while deadline.remaining().is_ok() {
            if link.over.load(Ordering::SeqCst) {
                return Ok(());
            }
            if *lock(&state.network) != (Network::Drips { pause }) {
                return (&link.client).write_all(left);
            }
            thread::sleep(pause.min(Duration::from_millis(2)));
        }
        (&link.client).write_all(&[*byte])?;
        left = rest;
    }
    Ok(())
}
