//! How long splitting and joining a session takes: `cargo bench -p flask-session-core --bench record`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program that measures"
)]

mod sample;

use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use flask_session_core::{Format, Record};

use sample::session;

/// The best of several rounds, in nanoseconds a call.
fn measure(name: &str, mut call: impl FnMut()) {
    const CALLS: u32 = 4_000;
    let mut best = f64::MAX;
    for _ in 0..25 {
        let start = Instant::now();
        for _ in 0..CALLS {
            call();
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS));
    }
    println!("{name:<40} {best:>8.0} ns");
}

fn main() {
    for (flashes, about) in [(false, "10 keys"), (true, "11 keys, a note")] {
        let data = session(flashes);
        for format in [Format::Msgpack, Format::Json] {
            let record = Record::from_data(&data, format).unwrap();
            let payload = Bytes::from(record.write(true).to_vec());
            let about = format!("{format:?}, {about}, {} B", payload.len());
            measure(&format!("read   {about}"), || {
                black_box(Record::read(black_box(&payload), format, true).unwrap());
            });
            measure(&format!("write  {about}"), || {
                black_box(black_box(&record).write(true));
            });
            measure(&format!("decode {about}"), || {
                black_box(black_box(&record).to_data().unwrap());
            });
            measure(&format!("encode {about}"), || {
                black_box(Record::from_data(black_box(&data), format).unwrap());
            });
        }
    }
    let text = "x".repeat(64 * 1024);
    for format in [Format::Msgpack, Format::Json] {
        let mut data = session(false);
        data.insert("large", text.as_str());
        let payload = Record::from_data(&data, format).unwrap().write(true);
        measure(&format!("read   {format:?}, 64 kB of text"), || {
            black_box(Record::read(black_box(&payload), format, true).unwrap());
        });
    }
}
