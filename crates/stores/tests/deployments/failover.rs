//! A server of a cluster is killed while sessions are written.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use bytes::Bytes;
use flask_session_core::{Expect, Result, Saved, Store, drive};
use flask_session_stores::Setting;
use flask_session_testkit::servers::{RedisCluster, RedisSettings};

use super::cluster::{tag_of, tagged};
use super::{LIFE, open, until};

const WRITERS: usize = 4;

/// Counts in its own session, and notes what it was told is stored.
#[derive(Default)]
struct Writer {
    stored: AtomicUsize,
    /// What a replica is known to have.
    acknowledged: AtomicUsize,
    failed: AtomicUsize,
}

impl Writer {
    fn count(&self, store: &dyn Store, tag: &str, number: usize) -> Result<()> {
        let key = tagged(tag, &format!("{number}"));
        let known = self.acknowledged.load(Ordering::SeqCst);
        let (count, expect) = match drive(store.load(&key, None))? {
            None => (0, Expect::Absent),
            Some(loaded) => {
                let text = std::str::from_utf8(&loaded.payload).unwrap();
                let (writer, count) = text.split_once(' ').unwrap();
                assert_eq!(writer, number.to_string(), "another's session");
                (count.parse().unwrap(), Expect::Revision(loaded.revision))
            }
        };
        assert!(
            count >= known,
            "what was acknowledged is lost: {count} < {known}"
        );
        let next = Bytes::from(format!("{number} {}", count + 1));
        if let Saved::Stored(_) = drive(store.save(&key, next, LIFE, expect))? {
            self.stored.store(count + 1, Ordering::SeqCst);
        }
        Ok(())
    }
}

fn offset(cluster: &RedisCluster, node: usize, name: &str) -> u64 {
    let text = cluster.command(node, &["INFO", "replication"]);
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap().trim().parse().unwrap()
}

#[test]
fn a_failover_while_sessions_are_written_loses_nothing_that_the_replica_had() {
    let mut cluster = RedisCluster::with(&RedisSettings::default(), true);
    let tag = tag_of(&cluster, 0);
    let named = cluster.nodes.iter().map(|node| node.address().to_string());
    let url = format!("redis+cluster://{}", named.collect::<Vec<_>>().join(","));
    let ended = AtomicBool::new(false);
    let writers: [Writer; WRITERS] = Default::default();
    thread::scope(|scope| {
        // Without this, a failed assertion would leave the others writing for ever.
        let ending = Ending(&ended);
        for (number, writer) in writers.iter().enumerate() {
            let (url, tag, ended) = (&url, &tag, &ended);
            scope.spawn(move || {
                let _ending = Ending(ended);
                let store = open(url, &[("timeout", Setting::Number(1.0))]).unwrap();
                while !ended.load(Ordering::SeqCst) {
                    if let Err(error) = writer.count(&*store, tag, number) {
                        assert!(error.is_transient(), "{error}");
                        writer.failed.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
        let stored = || {
            writers
                .each_ref()
                .map(|one| one.stored.load(Ordering::SeqCst))
        };
        let all_beyond = |counts: [usize; WRITERS], more: usize| {
            until("all have written more", || {
                let now = stored();
                assert!(!ended.load(Ordering::SeqCst), "a writer has given up");
                counts
                    .iter()
                    .zip(now)
                    .all(|(then, now)| now >= then + more)
                    .then_some(())
            });
        };
        all_beyond([0; WRITERS], 20);
        let counts = stored();
        let needed = offset(&cluster, 0, "master_repl_offset:");
        until("the replica has it", || {
            (offset(&cluster, 3, "slave_repl_offset:") >= needed).then_some(())
        });
        for (writer, count) in writers.iter().zip(counts) {
            writer.acknowledged.store(count, Ordering::SeqCst);
        }
        cluster.nodes[0].stop();
        until("the server is missed", || {
            let failed = writers.iter().map(|one| one.failed.load(Ordering::SeqCst));
            failed.min().filter(|failed| *failed > 0)
        });
        all_beyond(stored(), 20);
        drop(ending);
    });
    let store = open(&url, &[]).unwrap();
    for (number, writer) in writers.iter().enumerate() {
        let key = tagged(&tag, &format!("{number}"));
        // A new store may ask a server that hasn't heard of the failover yet.
        let loaded = until("it is loaded", || drive(store.load(&key, None)).ok());
        let payload = loaded.unwrap().payload;
        let text = std::str::from_utf8(&payload).unwrap();
        let count: usize = text.split(' ').nth(1).unwrap().parse().unwrap();
        assert!(count >= writer.acknowledged.load(Ordering::SeqCst));
    }
}

struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
