//! Writes each target's seeds to a folder of its name below the one that is given, and says the names.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool")]

use std::path::PathBuf;

use flask_session_fuzz::{TARGETS, seeds};

fn main() {
    let root = PathBuf::from(std::env::args().nth(1).expect("a folder"));
    for target in TARGETS {
        let folder = root.join(target.name);
        std::fs::create_dir_all(&folder).unwrap();
        for (number, seed) in seeds(target.name).iter().enumerate() {
            std::fs::write(folder.join(format!("{number:05}")), seed).unwrap();
        }
        println!("{}", target.name);
    }
}
