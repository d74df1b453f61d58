//! One site on one session layer, measured as it is told: `rivals SIDE RUNTIME URL`, then a line of JSON for each
//! round, each answered by a line. See benches/rust.py.

mod measuring;
mod sides;

use std::io::{self, BufRead, Write};

use tokio::runtime::{Builder, Runtime};

use measuring::Task;

fn runtime(kind: &str) -> io::Result<Runtime> {
    match kind {
        "current-thread" => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    }
    .enable_all()
    .build()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, side, kind, url] = &arguments[..] else {
        return Err("usage: rivals SIDE RUNTIME URL".into());
    };
    let runtime = runtime(kind)?;
    let site = runtime.block_on(sides::open(side, url))?;
    for line in io::stdin().lock().lines() {
        let task: Task = serde_json::from_str(&line?)?;
        // On a thread of the runtime, as a server's requests are.
        let figures = runtime.block_on(runtime.spawn(measuring::measure(site.clone(), task)))?;
        println!("{}", serde_json::to_string(&figures)?);
        io::stdout().flush()?;
    }
    Ok(())
}
