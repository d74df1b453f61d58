//! Every interleaving of a few requests on one session.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::*;
use crate::record::{Entry, Format};
use crate::{Deleted, Loaded};

/// A store that can be cloned at each step: the search tries every schedule from there.
#[derive(Clone, Default)]
struct Model {
    writes: u64,
    live: BTreeMap<String, (Bytes, u64)>,
}

impl Model {
    fn perform(&mut self, operation: &Operation) -> Reply {
        match operation {
            Operation::Load(key) => Reply::Loaded(self.load(key)),
            Operation::Save(key, payload, expect) => {
                if !self.holds(key, expect) {
                    return Reply::Saved(Saved::Conflict);
                }
                self.writes += 1;
                let record = (payload.clone(), self.writes);
                self.live.insert(key.as_str().to_owned(), record);
                Reply::Saved(Saved::Stored(Revision::of_number(self.writes)))
            }
            Operation::Delete(key, expect) => Reply::Deleted(if self.load(key).is_none() {
                Deleted::Absent
            } else if self.holds(key, expect) {
                self.live.remove(key.as_str());
                Deleted::Removed
            } else {
                Deleted::Conflict
            }),
        }
    }

    fn load(&self, key: &Key) -> Option<Loaded> {
        self.live.get(key.as_str()).map(|(payload, number)| Loaded {
            payload: payload.clone(),
            revision: Revision::of_number(*number),
            remaining: None,
        })
    }

    fn holds(&self, key: &Key, expect: &Expect) -> bool {
        let found = self.load(key).map(|loaded| loaded.revision);
        match expect {
            Expect::Absent => found.is_none(),
            Expect::Revision(revision) => found.as_ref() == Some(revision),
            Expect::Anything => true,
        }
    }

    /// What is stored under `key`, as `key=value` text in order of keys.
    fn content(&self, key: &str) -> Option<Vec<String>> {
        let loaded = self.load(&Key::from_text(key))?;
        let record = Record::read(&loaded.payload, Format::Json, false)
            .unwrap()
            .unwrap();
        let mut texts: Vec<String> = record
            .entries()
            .iter()
            .map(|entry| format!("{}={}", text(&entry.key), text(&entry.value)))
            .collect();
        texts.sort();
        Some(texts)
    }
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).replace('"', "")
}

fn entry(key: &str, value: &str) -> Entry {
    Entry {
        key: format!("\"{key}\"").into(),
        value: value.to_owned().into(),
        note: None,
    }
}

fn encoding() -> Encoding {
    Encoding {
        format: Format::Json,
        ..Encoding::default()
    }
}

/// A request: what it assigns and deletes, on which target.
#[derive(Clone)]
struct Request {
    target: Target,
    assigned: Vec<(&'static str, &'static str)>,
    deleted: Vec<&'static str>,
    cleared: bool,
}

fn writes(assigned: &[(&'static str, &'static str)]) -> Request {
    Request {
        target: Target::Same(Key::from_text("s")),
        assigned: assigned.to_vec(),
        deleted: vec![],
        cleared: false,
    }
}

fn pops(keys: &[&'static str]) -> Request {
    Request {
        deleted: keys.to_vec(),
        ..writes(&[])
    }
}

fn logs_out() -> Request {
    Request {
        cleared: true,
        ..writes(&[])
    }
}

fn renews(to: &str, assigned: &[(&'static str, &'static str)]) -> Request {
    let target = Target::Renewed {
        from: Key::from_text("s"),
        to: Key::from_text(to),
    };
    Request {
        target,
        ..writes(assigned)
    }
}

impl Request {
    /// Loads from `model` as the host would at the first touch, and makes the request's edit.
    fn begin(&self, model: &Model) -> Commit {
        let from = match &self.target {
            Target::Same(key) | Target::Renewed { from: key, .. } | Target::Adopted(key) => key,
        };
        let loaded = model
            .load(from)
            .expect("the session is there when the requests start");
        let base = Base::read(loaded, encoding()).unwrap().unwrap();
        let mut entries: Vec<Entry> = if self.cleared {
            vec![]
        } else {
            base.record.entries().to_vec()
        };
        entries.retain(|entry| {
            !self
                .deleted
                .iter()
                .any(|key| entry.key == format!("\"{key}\""))
        });
        for (key, value) in &self.assigned {
            let new = entry(key, value);
            match entries.iter_mut().find(|entry| entry.key == new.key) {
                Some(old) => *old = new,
                None => entries.push(new),
            }
        }
        let keys = |texts: Vec<&str>| {
            texts
                .iter()
                .map(|key| format!("\"{key}\"").into())
                .collect()
        };
        let edit = Edit {
            entries,
            assigned: keys(self.assigned.iter().map(|(key, _)| *key).collect()),
            deleted: keys(self.deleted.clone()),
            cleared: self.cleared,
        };
        Commit::new(
            self.target.clone(),
            Some(base),
            edit,
            encoding(),
            OnConflict::Merge,
        )
        .unwrap()
    }
}

#[derive(Clone)]
enum Progress {
    Asking(Box<Commit>, Operation),
    Over(&'static str),
}

fn advance(commit: Commit, step: Step) -> Progress {
    match step {
        Step::Ask(operation) => Progress::Asking(Box::new(commit), operation),
        Step::Done(Outcome::Unchanged) => Progress::Over("unchanged"),
        Step::Done(Outcome::Stored(_)) => Progress::Over("stored"),
        Step::Done(Outcome::Merged(_)) => Progress::Over("merged"),
        Step::Done(Outcome::Deleted) => Progress::Over("deleted"),
        Step::Done(Outcome::Gone) => Progress::Over("gone"),
    }
}

/// Runs every interleaving of `requests`, all of which loaded the same record, and shows `check`
/// each end. With `losses`, each answer may also be lost, after or before the operation happened.
fn explore(requests: &[Request], losses: u8, check: &mut impl FnMut(&Model, &[&'static str])) {
    let mut model = Model::default();
    let payload = Record::new(Format::Json, vec![entry("a", "0"), entry("b", "0")]).write(true);
    let _ = model.perform(&Operation::Save(
        Key::from_text("s"),
        payload,
        Expect::Anything,
    ));
    let progress: Vec<Progress> = requests
        .iter()
        .map(|request| {
            let mut commit = request.begin(&model);
            let step = commit.start();
            advance(commit, step)
        })
        .collect();
    let mut ends = 0;
    search(&model, &progress, losses, &mut |model, outcomes| {
        ends += 1;
        check(model, outcomes);
    });
    assert!(ends > 1, "there must be several schedules");
}

fn search(
    model: &Model,
    progress: &[Progress],
    losses: u8,
    end: &mut impl FnMut(&Model, &[&'static str]),
) {
    let mut over = true;
    for (index, one) in progress.iter().enumerate() {
        let Progress::Asking(commit, operation) = one else {
            continue;
        };
        over = false;
        let mut go = |model: Model, reply: Reply, losses: u8| {
            let mut commit = commit.clone();
            let step = commit
                .resume(reply)
                .expect("a few races never exhaust a commit");
            let mut progress = progress.to_vec();
            progress[index] = advance(*commit, step);
            search(&model, &progress, losses, end);
        };
        let mut after = model.clone();
        let reply = after.perform(operation);
        if losses > 0 {
            go(after.clone(), Reply::Lost, losses - 1);
            go(model.clone(), Reply::Lost, losses - 1);
        }
        go(after, reply, losses);
    }
    if over {
        let outcomes: Vec<&str> = progress
            .iter()
            .map(|one| match one {
                Progress::Over(outcome) => *outcome,
                Progress::Asking(..) => unreachable!("all are over"),
            })
            .collect();
        end(model, &outcomes);
    }
}

#[test]
fn two_writers_of_different_keys_keep_both() {
    explore(
        &[writes(&[("a", "1")]), writes(&[("c", "2")])],
        1,
        &mut |model, _| {
            assert_eq!(model.content("s").unwrap(), ["a=1", "b=0", "c=2"]);
        },
    );
}

#[test]
fn two_racing_log_ins_leave_one_whole() {
    let one = writes(&[("user", "1"), ("name", "1")]);
    let two = writes(&[("user", "2"), ("name", "2")]);
    explore(&[one, two], 1, &mut |model, _| {
        let found = model.content("s").unwrap();
        let whole = [
            ["a=0", "b=0", "name=1", "user=1"],
            ["a=0", "b=0", "name=2", "user=2"],
        ];
        assert!(whole.iter().any(|whole| found == whole), "{found:?}");
    });
}

#[test]
fn a_logout_wins_over_a_slow_request() {
    for slow in [
        writes(&[("a", "1")]),
        pops(&["a"]),
        pops(&["a", "b"]),
        renews("n", &[("a", "1")]),
    ] {
        explore(&[logs_out(), slow], 1, &mut |model, outcomes| {
            assert_eq!(model.content("s"), None);
            assert_eq!(outcomes[0], "deleted");
            // A renewal that ended first moved the session away before the logout began.
            if outcomes[1] == "gone" {
                assert_eq!(model.content("n"), None);
            }
        });
    }
}

#[test]
fn after_a_logout_has_ended_a_renewal_leaves_nothing() {
    let mut model = Model::default();
    let payload = Record::new(Format::Json, vec![entry("a", "0")]).write(true);
    let _ = model.perform(&Operation::Save(
        Key::from_text("s"),
        payload,
        Expect::Anything,
    ));
    let mut renewal = renews("n", &[("a", "1")]).begin(&model);
    let _ = model.perform(&Operation::Delete(Key::from_text("s"), Expect::Anything));
    let mut step = renewal.start();
    while let Step::Ask(operation) = step {
        step = renewal.resume(model.perform(&operation)).unwrap();
    }
    assert_eq!(step, Step::Done(Outcome::Gone));
    assert!(model.live.is_empty());
}

#[test]
fn two_racing_renewals_leave_one_session_and_the_old_id_dies() {
    explore(
        &[renews("n", &[("a", "1")]), renews("m", &[("a", "2")])],
        0,
        &mut |model, outcomes| {
            assert_eq!(model.content("s"), None);
            assert_eq!(model.live.len(), 1, "{outcomes:?}");
            assert_eq!(
                outcomes
                    .iter()
                    .filter(|outcome| **outcome == "gone")
                    .count(),
                1
            );
        },
    );
}

#[test]
fn a_renewal_keeps_what_a_writer_added_meanwhile_or_the_writer_is_told() {
    explore(
        &[renews("n", &[("a", "1")]), writes(&[("c", "2")])],
        0,
        &mut |model, outcomes| {
            assert_eq!(model.content("s"), None);
            let found = model.content("n").unwrap();
            match outcomes[1] {
                "gone" => assert_eq!(found, ["a=1", "b=0"]),
                _ => assert_eq!(found, ["a=1", "b=0", "c=2"]),
            }
        },
    );
}

#[test]
fn a_renewed_session_emptied_by_pop_moves_with_what_another_request_added() {
    let renewed = Request {
        deleted: vec!["a", "b"],
        ..renews("n", &[])
    };
    explore(
        &[renewed, writes(&[("c", "2")])],
        0,
        &mut |model, outcomes| {
            assert_eq!(model.content("s"), None);
            match outcomes[1] {
                "gone" => assert_eq!(model.content("n"), None),
                _ => assert_eq!(model.content("n").unwrap(), ["c=2"]),
            }
        },
    );
}

#[test]
fn a_session_emptied_by_pop_keeps_another_requests_key() {
    explore(
        &[pops(&["a", "b"]), writes(&[("c", "2")])],
        1,
        &mut |model, outcomes| match outcomes[1] {
            "gone" => assert_eq!(model.content("s"), None),
            _ => assert_eq!(model.content("s").unwrap(), ["c=2"]),
        },
    );
}

#[test]
fn after_a_clear_and_set_nothing_older_survives() {
    let cleared = Request {
        cleared: true,
        ..writes(&[("user", "1")])
    };
    explore(&[cleared, writes(&[("c", "2")])], 1, &mut |model, _| {
        let found = model.content("s").unwrap();
        assert!(
            found == ["user=1"] || found == ["c=2", "user=1"],
            "{found:?}"
        );
    });
}

#[test]
fn three_writers_lose_nothing() {
    let requests = [
        writes(&[("a", "1")]),
        writes(&[("b", "2")]),
        writes(&[("c", "3")]),
    ];
    explore(&requests, 0, &mut |model, _| {
        assert_eq!(model.content("s").unwrap(), ["a=1", "b=2", "c=3"]);
    });
}

#[test]
fn an_unchanged_session_asks_nothing_of_the_store() {
    let mut model = Model::default();
    let payload = Record::new(Format::Json, vec![entry("a", "0")]).write(true);
    let _ = model.perform(&Operation::Save(
        Key::from_text("s"),
        payload,
        Expect::Anything,
    ));
    assert_eq!(
        writes(&[]).begin(&model).start(),
        Step::Done(Outcome::Unchanged)
    );
}

#[test]
fn an_empty_new_session_asks_nothing_of_the_store() {
    let target = Target::Same(Key::from_text("s"));
    let mut commit =
        Commit::new(target, None, Edit::default(), encoding(), OnConflict::Merge).unwrap();
    assert_eq!(commit.start(), Step::Done(Outcome::Unchanged));
}

#[test]
fn a_new_session_never_adopts_what_is_there() {
    let target = Target::Same(Key::from_text("s"));
    let edit = Edit {
        entries: vec![entry("a", "1")],
        ..Edit::default()
    };
    let mut commit = Commit::new(target, None, edit, encoding(), OnConflict::Merge).unwrap();
    let Step::Ask(Operation::Save(_, _, Expect::Absent)) = commit.start() else {
        panic!("a new session is saved only where nothing is")
    };
    let _ = commit.resume(Reply::Saved(Saved::Conflict)).unwrap();
    let theirs = Record::new(Format::Json, vec![entry("a", "2")]).write(true);
    let loaded = Loaded {
        payload: theirs,
        revision: Revision::of_number(1),
        remaining: None,
    };
    let error = commit.resume(Reply::Loaded(Some(loaded))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Contended);
}

#[test]
fn overwriting_is_flask_sessions_behaviour() {
    let mut model = Model::default();
    let payload = Record::new(Format::Json, vec![entry("a", "0")]).write(true);
    let _ = model.perform(&Operation::Save(
        Key::from_text("s"),
        payload,
        Expect::Anything,
    ));
    let mut commit = writes(&[("b", "1")]).begin(&model);
    commit.on_conflict = OnConflict::Overwrite;
    let _ = model.perform(&Operation::Delete(Key::from_text("s"), Expect::Anything));
    let Step::Ask(operation) = commit.start() else {
        panic!("a change is written")
    };
    let step = commit.resume(model.perform(&operation)).unwrap();
    assert!(matches!(step, Step::Done(Outcome::Stored(_))));
    assert_eq!(model.content("s").unwrap(), ["a=0", "b=1"]);
}
