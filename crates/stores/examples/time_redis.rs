//! What the Redis store adds to a bare round trip: medians, each kind in turn within a round.
//!
//! `cargo run --release --features redis --example time_redis -- redis://127.0.0.1:6379 [bytes]`

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that measures time and prints it"
)]

use std::env;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use bytes::Bytes;
use flask_session_core::{Expect, Key, Refresh, Revision, Saved, Store, drive};
use flask_session_stores::redis::{RedisOptions, RedisStore};

const ROUNDS: usize = 30;
const CALLS: usize = 500;
const LIFE: Duration = Duration::from_secs(3600);

fn main() {
    let url = env::args().nth(1).expect("a URL");
    let size = env::args().nth(2).map_or(200, |size| size.parse().unwrap());
    let store = RedisStore::blocking(RedisOptions::from_url(&url).unwrap()).unwrap();
    let address = url.trim_start_matches("redis://").trim_end_matches("/0");
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_nodelay(true).unwrap();
    let key = Key::from_text("session:timed");
    let payloads = [Bytes::from(vec![1; size]), Bytes::from(vec![2; size])];
    let saved = |expect, round: usize| {
        let save = store.save(&key, payloads[round % 2].clone(), LIFE, expect);
        match drive(save).unwrap() {
            Saved::Stored(revision) => revision,
            Saved::Conflict => panic!("a conflict"),
        }
    };
    let mut revision: Revision = saved(Expect::Anything, 0);
    let mut calls = 0;
    let mut kinds: [(&str, Vec<Duration>); 6] = [
        "bare PING",
        "load",
        "load and refresh",
        "touch",
        "save, anything",
        "save, revision",
    ]
    .map(|name| (name, Vec::new()));
    for _ in 0..ROUNDS {
        for (name, times) in &mut kinds {
            for _ in 0..CALLS {
                calls += 1;
                let start = Instant::now();
                match *name {
                    "bare PING" => {
                        socket.write_all(b"*1\r\n$4\r\nPING\r\n").unwrap();
                        socket.read_exact(&mut [0; 7]).unwrap();
                    }
                    "load" => drop(drive(store.load(&key, None)).unwrap()),
                    "load and refresh" => {
                        let refresh = Some(Refresh { ttl: LIFE });
                        drop(drive(store.load(&key, refresh)).unwrap());
                    }
                    "touch" => assert!(drive(store.touch(&key, LIFE)).unwrap()),
                    "save, anything" => revision = saved(Expect::Anything, calls),
                    _ => revision = saved(Expect::Revision(revision.clone()), calls),
                }
                times.push(start.elapsed());
            }
        }
    }
    println!("{size} bytes, {} calls of each kind", ROUNDS * CALLS);
    for (name, mut times) in kinds {
        times.sort_unstable();
        let at = |part: usize| times[times.len() * part / 100].as_secs_f64() * 1e6;
        println!("{name:18} p50 {:6.1} us   p99 {:6.1} us", at(50), at(99));
    }
}
