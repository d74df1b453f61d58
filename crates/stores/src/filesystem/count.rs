//! How many session files there are: kept in a small file, not counted each time.

use std::os::unix::fs::FileExt;

use flask_session_core::Result;

use super::failure::{is_missing, refused};
use super::layout::{Layout, Name, SHARDS};
use super::lock::Lock;

/// Twenty digits and a line feed, so that a new number covers the old one.
const LENGTH: usize = 21;

/// Adds `change` and returns the new number. Counts the files if nobody did so yet.
pub(super) fn change(layout: &Layout, change: i64) -> Result<u64> {
    let file = layout
        .open_or_make(&layout.count())
        .map_err(|error| refused("opening the count of sessions", error))?;
    let lock = Lock::take(file)?;
    let number = match read(&lock) {
        Some(number) => number.saturating_add_signed(change),
        None => scan(layout)?,
    };
    write(&lock, number)?;
    Ok(number)
}

/// Replaces the number by one that was counted.
pub(super) fn correct(layout: &Layout, number: u64) -> Result<()> {
    let file = layout
        .open_or_make(&layout.count())
        .map_err(|error| refused("opening the count of sessions", error))?;
    write(&Lock::take(file)?, number)
}

fn read(lock: &Lock) -> Option<u64> {
    let mut text = [0; LENGTH];
    lock.file().read_exact_at(&mut text, 0).ok()?;
    std::str::from_utf8(&text).ok()?.trim_end().parse().ok()
}

fn write(lock: &Lock, number: u64) -> Result<()> {
    let text = format!("{number:020}\n");
    lock.file()
        .write_all_at(text.as_bytes(), 0)
        .map_err(|error| refused("writing the count of sessions", error))
}

fn scan(layout: &Layout) -> Result<u64> {
    let mut number = 0;
    for shard in 0..SHARDS {
        number += names(layout, shard)?.len() as u64;
    }
    Ok(number)
}

/// The session files of one shard, in no order.
pub(super) fn names(layout: &Layout, shard: usize) -> Result<Vec<Name>> {
    let failed = |error| refused("listing a session folder", error);
    let entries = match std::fs::read_dir(layout.shard(shard)) {
        Err(error) if is_missing(&error) => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        names.extend(entry.file_name().to_str().and_then(Name::parse));
    }
    Ok(names)
}
