//! No layer: the least that the server must be asked, on a socket of the same runtime.

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderName;
use axum::http::header::SET_COOKIE;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

#[derive(Clone)]
struct Server {
    idle: Arc<Mutex<Vec<TcpStream>>>,
    address: Arc<str>,
}

/// As many bytes as a session takes.
const RECORD: [u8; 200] = [b'x'; 200];

impl Server {
    /// Sends a command, and reads its reply of `length` bytes.
    async fn ask(&self, command: &[&[u8]], length: usize) {
        let idle = self.idle.lock().await.pop();
        let mut stream = match idle {
            Some(stream) => stream,
            None => self.connect().await,
        };
        let mut bytes = format!("*{}\r\n", command.len()).into_bytes();
        for word in command {
            bytes.extend(format!("${}\r\n", word.len()).bytes());
            bytes.extend([word, &b"\r\n"[..]].concat());
        }
        stream.write_all(&bytes).await.unwrap();
        let mut reply = [0; 1024];
        let mut received = 0;
        while received < length {
            received += stream.read(&mut reply[received..]).await.unwrap();
        }
        assert_eq!(received, length);
        self.idle.lock().await.push(stream);
    }

    async fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&*self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    async fn get(&self) {
        self.ask(
            &[b"GET", b"bare:record"],
            b"$200\r\n\r\n".len() + RECORD.len(),
        )
        .await;
    }

    async fn set(&self) {
        let command: [&[u8]; 5] = [b"SET", b"bare:record", &RECORD, b"EX", b"2678400"];
        self.ask(&command, b"+OK\r\n".len()).await;
    }
}

async fn read(server: State<Server>) {
    server.get().await;
}

async fn modify(server: State<Server>) {
    server.get().await;
    server.set().await;
}

async fn new(server: State<Server>) -> [(HeaderName, &'static str); 1] {
    server.set().await;
    [(
        SET_COOKIE,
        "bare=12345678901234567890123456789012345678901234",
    )]
}

pub async fn open(url: &str) -> Result<Router, Box<dyn Error>> {
    let address = url.trim_start_matches("redis://");
    let address = address.split('/').next().unwrap_or_default();
    let server = Server {
        idle: Arc::default(),
        address: address.into(),
    };
    Ok(super::routes(read, modify, new).with_state(server))
}
