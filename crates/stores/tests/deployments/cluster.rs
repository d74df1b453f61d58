//! Keys that move between servers, and servers that are gone.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use bytes::Bytes;
use flask_session_core::{ErrorKind, Expect, Key, Saved, Store, drive};
use flask_session_stores::Setting;
use flask_session_testkit::servers::{RedisCluster, RedisServer, RedisSettings, nobody};
use flask_session_testkit::{Network, Proxy};

use super::{LIFE, fails, key, load, open, save, text, until, works};

fn start(replicas: bool) -> RedisCluster {
    RedisCluster::with(&RedisSettings::default(), replicas)
}

fn url(cluster: &RedisCluster) -> String {
    format!("redis+cluster://{}", cluster.nodes[0].address())
}

/// A key of the slot of `tag`, whatever its name.
pub(super) fn tagged(tag: &str, name: &str) -> Key {
    key(&format!("{{{tag}}}{name}"))
}

fn slot(cluster: &RedisCluster, tag: &str) -> String {
    let reply = cluster.command(0, &["CLUSTER", "KEYSLOT", tag]);
    reply.trim_start_matches(':').trim_end().to_owned()
}

/// A tag whose slot is the server's that is number `node`.
pub(super) fn tag_of(cluster: &RedisCluster, node: usize) -> String {
    let bounds = [0, 5461, 10923, 16384];
    let tags = (0..1000).map(|number| format!("tag-{number}"));
    let owned = |tag: &String| {
        let slot: u16 = slot(cluster, tag).parse().unwrap();
        (bounds[node]..bounds[node + 1]).contains(&slot)
    };
    tags.into_iter().find(owned).unwrap()
}

/// A slot on its way from one server to another.
struct Move<'a> {
    cluster: &'a RedisCluster,
    slot: &'a str,
    from: usize,
    to: usize,
}

impl Move<'_> {
    fn ask(&self, node: usize, words: &[&str]) -> String {
        let reply = self.cluster.command(node, words);
        assert!(!reply.starts_with('-'), "{words:?}: {reply}");
        reply
    }

    fn begin(&self) {
        let (from, to) = (self.cluster.id(self.from), self.cluster.id(self.to));
        self.ask(
            self.to,
            &["CLUSTER", "SETSLOT", self.slot, "IMPORTING", &from],
        );
        self.ask(
            self.from,
            &["CLUSTER", "SETSLOT", self.slot, "MIGRATING", &to],
        );
    }

    /// Moves the keys that are there.
    fn carry(&self) {
        let port = self.cluster.nodes[self.to].address().port().to_string();
        loop {
            let keys = ["CLUSTER", "GETKEYSINSLOT", self.slot, "10"];
            let reply = self.ask(self.from, &keys);
            let keys: Vec<&str> = reply
                .split("\r\n")
                .filter(|line| line.contains(':'))
                .collect();
            if keys.is_empty() {
                return;
            }
            let mut words = vec!["MIGRATE", "127.0.0.1", &port, "", "0", "30000", "KEYS"];
            words.extend(keys);
            self.ask(self.from, &words);
        }
    }

    fn end(&self) {
        let to = self.cluster.id(self.to);
        for node in [self.to, self.from] {
            self.ask(node, &["CLUSTER", "SETSLOT", self.slot, "NODE", &to]);
        }
    }
}

#[test]
fn sessions_are_followed_while_their_slot_moves_and_after_it_has() {
    let cluster = start(false);
    let tag = tag_of(&cluster, 0);
    let slot = slot(&cluster, &tag);
    let store = open(&url(&cluster), &[]).unwrap();
    // Compared by a script, and between WATCH and EXEC.
    let names = [("small", 10), ("large", 50_000)];
    let moving = Move {
        cluster: &cluster,
        slot: &slot,
        from: 0,
        to: 1,
    };
    let change = |round: u8| {
        for (name, size) in names {
            let key = tagged(&tag, name);
            let loaded = drive(store.load(&key, None)).unwrap().unwrap();
            assert_eq!(loaded.payload, vec![round; size]);
            let expect = Expect::Revision(loaded.revision);
            let saved = drive(store.save(&key, vec![round + 1; size].into(), LIFE, expect));
            assert!(matches!(saved.unwrap(), Saved::Stored(_)));
            assert!(drive(store.touch(&key, LIFE)).unwrap());
        }
    };
    for (name, size) in names {
        let new = drive(store.save(
            &tagged(&tag, name),
            vec![0; size].into(),
            LIFE,
            Expect::Absent,
        ));
        assert!(matches!(new.unwrap(), Saved::Stored(_)));
    }
    moving.begin();
    change(0);
    // What isn't there any more, or not yet, is where the slot goes.
    let _ = save(&*store, &tagged(&tag, "new"), "born on the way").unwrap();
    moving.carry();
    change(1);
    assert_eq!(
        load(&*store, &tagged(&tag, "new")).unwrap().unwrap(),
        "born on the way"
    );
    let gone = drive(store.delete(&tagged(&tag, "new"), Expect::Anything)).unwrap();
    assert_eq!(gone, flask_session_core::Deleted::Removed);
    moving.end();
    change(2);
    let other = open(&url(&cluster), &[]).unwrap();
    assert_eq!(
        load(&*other, &tagged(&tag, "small")).unwrap().unwrap(),
        "\u{3}".repeat(10)
    );
}

#[test]
fn no_change_is_lost_or_made_twice_while_a_slot_moves_to_and_fro() {
    const PADDING: [usize; 4] = [0, 100, 6000, 60_000];
    let cluster = start(false);
    let tag = tag_of(&cluster, 0);
    let slot = slot(&cluster, &tag);
    let ended = AtomicBool::new(false);
    let saved = [const { AtomicUsize::new(0) }; PADDING.len()];
    let unknown = [const { AtomicUsize::new(0) }; PADDING.len()];
    // What two workers write differs: after a lost reply, equal bytes count as one's own.
    let counted = |store: &dyn Store, worker: usize| {
        let number = worker % PADDING.len();
        let key = tagged(&tag, &format!("{number}"));
        let loaded = drive(store.load(&key, None))?;
        let (count, expect) = match loaded {
            None => (0, Expect::Absent),
            Some(loaded) => {
                let text = std::str::from_utf8(&loaded.payload).unwrap();
                let count: usize = text.split(' ').next().unwrap().parse().unwrap();
                (count, Expect::Revision(loaded.revision))
            }
        };
        let next = format!("{} {worker} {}", count + 1, " ".repeat(PADDING[number]));
        drive(store.save(&key, Bytes::from(next), LIFE, expect))
    };
    thread::scope(|scope| {
        for worker in 0..8 {
            let (ended, saved, unknown, cluster) = (&ended, &saved, &unknown, &cluster);
            scope.spawn(move || {
                let store = open(&url(cluster), &[]).unwrap();
                let number = worker % PADDING.len();
                while !ended.load(Ordering::SeqCst) {
                    match counted(&*store, worker) {
                        Ok(Saved::Stored(_)) => saved[number].fetch_add(1, Ordering::SeqCst),
                        Ok(Saved::Conflict) => 0,
                        Err(error) => {
                            assert!(error.is_transient(), "{error}");
                            unknown[number].fetch_add(1, Ordering::SeqCst)
                        }
                    };
                }
            });
        }
        let all_saved = || saved.each_ref().map(|saved| saved.load(Ordering::SeqCst));
        for round in 0..10 {
            let before = all_saved();
            until("every worker has written on the way", || {
                let now = all_saved();
                before
                    .iter()
                    .zip(now)
                    .all(|(before, now)| now > *before)
                    .then_some(())
            });
            let (from, to) = (round % 2, (round + 1) % 2);
            let moving = Move {
                cluster: &cluster,
                slot: &slot,
                from,
                to,
            };
            moving.begin();
            moving.carry();
            moving.end();
        }
        ended.store(true, Ordering::SeqCst);
    });
    let store = open(&url(&cluster), &[]).unwrap();
    for number in 0..PADDING.len() {
        let text = load(&*store, &tagged(&tag, &format!("{number}")))
            .unwrap()
            .unwrap();
        let count: usize = text.split(' ').next().unwrap().parse().unwrap();
        let (saved, unknown) = (&saved[number], &unknown[number]);
        let least = saved.load(Ordering::SeqCst);
        let most = least + unknown.load(Ordering::SeqCst);
        let size = PADDING[number];
        assert!(
            (least..=most).contains(&count),
            "{size}: {least} <= {count} <= {most}"
        );
    }
}

#[test]
fn a_replica_takes_over_and_a_listing_shows_what_every_server_has() {
    let mut cluster = start(true);
    let store = open(&url(&cluster), &[]).unwrap();
    let keys: Vec<Key> = (0..60).map(|number| key(&format!("{number}"))).collect();
    for key in &keys {
        let _ = save(&*store, key, "kept").unwrap();
    }
    // What is asked after WAIT was acknowledged by the replica.
    let replicated = |node: usize| cluster.command(node, &["DBSIZE"]);
    until("the replicas have all of them", || {
        (0..3)
            .all(|node| replicated(node) == replicated(node + 3))
            .then_some(())
    });
    let page = drive(store.list("session:", None, 5)).unwrap();
    assert!(page.next.is_some());
    let tag = tag_of(&cluster, 0);
    // It's also the one that the URL names.
    cluster.nodes[0].stop();
    let limit = [("timeout", Setting::Number(0.5))];
    let shown = format!(
        "redis+cluster://{},{}",
        nobody(),
        cluster.nodes[2].address()
    );
    let late = open(&shown, &limit).unwrap();
    for store in [&store, &late] {
        until("the replica has taken over", || {
            match save(&**store, &tagged(&tag, "after"), "failover") {
                Ok(_) => Some(()),
                Err(error) => {
                    assert!(error.is_transient(), "{error}");
                    None
                }
            }
        });
    }
    let there = cluster.command(3, &["GET", tagged(&tag, "after").as_str()]);
    assert!(there.contains("failover"), "{there}");
    for key in &keys {
        assert_eq!(load(&*store, key).unwrap().unwrap(), "kept");
    }
    // The first page came from the server that is gone.
    let mut listed = Vec::new();
    let mut next = page.next;
    while let Some(cursor) = next {
        let page = drive(store.list("session:", Some(cursor), 5)).unwrap();
        listed.extend(page.keys);
        next = page.next;
    }
    listed.sort_unstable();
    listed.dedup();
    assert_eq!(listed.len(), keys.len() + 1);
}

#[test]
fn a_user_with_few_permissions_is_enough_over_tls_under_an_authority_of_our_own() {
    let permissions = "+get +set +del +getex +expire +eval +evalsha +scan +cluster|slots";
    let cluster = RedisCluster::with(
        &RedisSettings {
            tls: true,
            users: vec![format!("sessions on >hush ~session:* {permissions}")],
            ..RedisSettings::default()
        },
        false,
    );
    let authority = cluster.certificates().unwrap().authority.display();
    let at = |user: &str| {
        let (first, second) = (cluster.nodes[0].address(), cluster.nodes[1].address());
        format!("rediss+cluster://{user}{first},{second}/0")
    };
    let trusting = [("ca_file", text(&authority))];
    let store = open(&at("sessions:hush@"), &trusting).unwrap();
    for number in 0..20 {
        let key = key(&format!("{number}"));
        let _ = save(&*store, &key, "kept").unwrap();
        assert_eq!(load(&*store, &key).unwrap().unwrap(), "kept");
    }
    let page = drive(store.list("session:", None, 100)).unwrap();
    assert_eq!((page.keys.len(), page.next), (20, None));
    let kind = |store: &dyn Store| fails(store).kind();
    let wrong = open(&at("sessions:hush-hush@"), &trusting).unwrap();
    assert_eq!(kind(&*wrong), ErrorKind::Refused);
    let strangers = open(&at("sessions:hush@"), &[]).unwrap();
    assert_eq!(kind(&*strangers), ErrorKind::Misconfigured);
}

#[test]
fn servers_that_are_gone_or_silent_are_passed_over() {
    let cluster = start(false);
    let silent = Proxy::before(cluster.nodes[1].address());
    silent.becomes(Network::HangsBeforeSending);
    let (gone, good) = (nobody(), cluster.nodes[2].address());
    let url = format!("redis+cluster://{gone},{},{good}", silent.address());
    let store = open(&url, &[("timeout", Setting::Number(12.0))]).unwrap();
    for _ in 0..3 {
        works(&*store);
    }
    assert_eq!(silent.accepted(), 1);
}

#[test]
fn a_server_without_a_cluster_and_a_cluster_without_slots_are_told_apart() {
    let single = RedisServer::start();
    let store = open(&format!("redis+cluster://{}", single.address()), &[]).unwrap();
    let error = fails(&*store);
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(error.to_string().contains("SESSION_REDIS"), "{error}");
    let bare = RedisServer::with(RedisSettings {
        options: vec![
            ("cluster-enabled".to_owned(), "yes".to_owned()),
            ("cluster-port".to_owned(), nobody().port().to_string()),
        ],
        ..RedisSettings::default()
    });
    let store = open(&format!("redis+cluster://{}", bare.address()), &[]).unwrap();
    assert_eq!(fails(&*store).kind(), ErrorKind::Unreachable);
}
