//! What one commit asks for, step by step. Every schedule of several commits is explored by
//! `crates/model`.

use super::*;
use crate::record::{Entry, Format};
use crate::{Deleted, Loaded};

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

fn session() -> Target {
    Target::Same(Key::from_text("s"))
}

fn loaded(entries: Vec<Entry>) -> Loaded {
    Loaded {
        payload: Record::new(Format::Json, entries).write(true),
        revision: Revision::of_number(1),
        remaining: None,
    }
}

/// What a request does that loaded `a = 0` and leaves `entries`.
fn commit(target: Target, entries: Vec<Entry>, on_conflict: OnConflict) -> Commit {
    let base = Base::read(loaded(vec![entry("a", "0")]), encoding()).unwrap();
    let edit = Edit {
        entries,
        ..Edit::default()
    };
    Commit::new(target, base, edit, encoding(), on_conflict).unwrap()
}

#[test]
fn an_unchanged_session_asks_nothing_of_the_store() {
    let mut commit = commit(session(), vec![entry("a", "0")], OnConflict::Merge);
    assert_eq!(commit.start().unwrap(), Step::Done(Outcome::Unchanged));
}

#[test]
fn an_unchanged_session_is_touched_if_its_refresh_is_due() {
    let mut commit = commit(session(), vec![entry("a", "0")], OnConflict::Merge).touching();
    let touch = Step::Ask(Operation::Touch(Key::from_text("s")));
    assert_eq!(commit.start().unwrap(), touch);
    assert_eq!(commit.resume(Reply::Lost).unwrap(), touch);
    let step = commit.resume(Reply::Touched(true)).unwrap();
    assert_eq!(step, Step::Done(Outcome::Touched));
}

#[test]
fn an_empty_new_session_asks_nothing_of_the_store() {
    let edit = Edit::default();
    let mut commit = Commit::new(session(), None, edit, encoding(), OnConflict::Merge).unwrap();
    assert_eq!(commit.start().unwrap(), Step::Done(Outcome::Unchanged));
}

#[test]
fn a_new_session_never_adopts_what_is_there() {
    let edit = Edit {
        entries: vec![entry("a", "1")],
        ..Edit::default()
    };
    let mut commit = Commit::new(session(), None, edit, encoding(), OnConflict::Merge).unwrap();
    let Step::Ask(Operation::Save(_, _, Expect::Absent)) = commit.start().unwrap() else {
        panic!("a new session is saved only where nothing is")
    };
    let _ = commit.resume(Reply::Saved(Saved::Conflict)).unwrap();
    let theirs = Reply::Loaded(Some(loaded(vec![entry("a", "2")])));
    assert_eq!(
        commit.resume(theirs).unwrap_err().kind(),
        ErrorKind::Contended
    );
}

#[test]
fn overwriting_is_flask_sessions_behaviour() {
    let entries = vec![entry("a", "0"), entry("b", "1")];
    let mut commit = commit(session(), entries, OnConflict::Overwrite);
    let Step::Ask(Operation::Save(_, payload, Expect::Anything)) = commit.start().unwrap() else {
        panic!("a change is written, whatever is there")
    };
    assert_eq!(payload, "{\"a\":0,\"b\":1}");
    let saved = Reply::Saved(Saved::Stored(Revision::of_number(2)));
    let step = commit.resume(saved).unwrap();
    assert!(matches!(step, Step::Done(Outcome::Stored(_))));
}

#[test]
fn a_renewal_that_cannot_know_who_ended_the_session_fails_and_leaves_nothing() {
    let target = Target::Renewed {
        from: Key::from_text("s"),
        to: Key::from_text("n"),
    };
    let mut commit = commit(target, vec![entry("a", "1")], OnConflict::Merge);
    let Step::Ask(Operation::Save(_, _, Expect::Absent)) = commit.start().unwrap() else {
        panic!("first the new record is saved")
    };
    let saved = Reply::Saved(Saved::Stored(Revision::of_number(2)));
    let delete = commit.resume(saved).unwrap();
    assert_eq!(commit.resume(Reply::Lost).unwrap(), delete);
    let withdraw = commit.resume(Reply::Deleted(Deleted::Absent)).unwrap();
    let everything = Operation::Delete(Key::from_text("n"), Expect::Anything);
    assert_eq!(withdraw, Step::Ask(everything));
    let error = commit.resume(Reply::Deleted(Deleted::Removed)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
}

#[test]
fn what_is_too_large_is_refused_before_the_store_is_asked() {
    let large = entry("b", &format!("\"{}\"", "x".repeat(100)));
    let limited = |entries, most| {
        let mut commit = commit(session(), entries, OnConflict::Merge);
        commit.encoding.max_bytes = most;
        commit
    };
    let both = vec![entry("a", "0"), large];
    let size = Record::new(Format::Json, both.clone()).write(true).len();
    let error = limited(both.clone(), size - 1).start().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let text = error.to_string();
    assert!(text.contains(&format!(
        "{size} bytes, and SESSION_MAX_BYTES allows {}",
        size - 1
    )));
    assert!(limited(both, size).start().is_ok());
    let unchanged = limited(vec![entry("a", "0")], 1).start().unwrap();
    assert_eq!(unchanged, Step::Done(Outcome::Unchanged), "it isn't stored");
    let keys = (0..=crate::MAX_KEYS).map(|key| entry(&key.to_string(), "0"));
    let error = limited(keys.collect(), usize::MAX).start().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(error.to_string().contains("65537 keys"), "{error}");
}

#[test]
fn what_is_too_large_after_a_merge_is_refused_and_a_renewal_withdraws() {
    let long = |key| entry(key, &format!("\"{}\"", "x".repeat(100)));
    let theirs = || Reply::Loaded(Some(loaded(vec![entry("a", "0"), long("theirs")])));
    let mine = || vec![entry("a", "0"), long("mine")];
    let mut saving = commit(session(), mine(), OnConflict::Merge);
    saving.encoding.max_bytes = 200;
    let _ = saving.start().unwrap();
    let _ = saving.resume(Reply::Saved(Saved::Conflict)).unwrap();
    assert_eq!(
        saving.resume(theirs()).unwrap_err().kind(),
        ErrorKind::TooLarge
    );

    let (from, to) = (Key::from_text("old"), Key::from_text("new"));
    let renewed = Target::Renewed {
        from,
        to: to.clone(),
    };
    let mut renewal = commit(renewed, mine(), OnConflict::Merge);
    renewal.encoding.max_bytes = 200;
    let _ = renewal.start().unwrap();
    let stored = Reply::Saved(Saved::Stored(Revision::of_number(2)));
    let _ = renewal.resume(stored).unwrap();
    let _ = renewal.resume(Reply::Deleted(Deleted::Conflict)).unwrap();
    let withdraws = Step::Ask(Operation::Delete(to, Expect::Anything));
    assert_eq!(renewal.resume(theirs()).unwrap(), withdraws);
    let end = renewal.resume(Reply::Deleted(Deleted::Removed));
    assert_eq!(end.unwrap_err().kind(), ErrorKind::TooLarge);
}
