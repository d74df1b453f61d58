//! Who wins when several come at once. Tried only on stores that guarantee a merge.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use flask_session_core::{Clock, Deleted, Expect, Saved, SystemClock};

use crate::samples::{LONG, get, instances, key, merges, noise, put, run, stored};
use crate::{Subject, race, race_for};

const RACERS: usize = 8;
/// So many rounds find a store that compares and writes without a lock, nearly always; a slow
/// server gets fewer.
const ROUNDS: usize = 150;
const FEWEST_ROUNDS: usize = 20;
const PATIENCE: u64 = 1_000;

fn rounds() -> impl Iterator<Item = usize> {
    let start = SystemClock.ticks();
    (0..ROUNDS)
        .take_while(move |round| *round < FEWEST_ROUNDS || SystemClock.ticks() - start < PATIENCE)
}

/// Of many who save to an absent key at once, one wins, and it is the winner's record that is
/// there.
pub async fn saving_to_an_absent_key_wins_once(subject: &dyn Subject) {
    if !merges(subject) {
        return;
    }
    let stores = instances(subject, RACERS);
    for _ in rounds() {
        let key = key();
        let answers = race(RACERS, |racer| {
            let save = stores[racer].save(&key, noise(racer as u64, 200), LONG, Expect::Absent);
            run(subject, save)
        });
        let winner = only_winner(&answers);
        assert_eq!(
            get(&*stores[0], &key).await,
            Some(noise(winner as u64, 200))
        );
    }
}

/// Of many who save with the same revision at once, one wins, and it is the winner's record that
/// is there.
pub async fn a_revision_wins_once_among_racers(subject: &dyn Subject) {
    if !merges(subject) {
        return;
    }
    let stores = instances(subject, RACERS);
    for round in rounds() {
        let key = key();
        // Small ones, and some that a store may treat as large.
        let length = if round % 4 == 0 { 20_000 } else { 200 };
        put(&*stores[0], &key, &noise(100, length)).await;
        let revision = stores[0].load(&key, None).await.unwrap().unwrap().revision;
        let answers = race(RACERS, |racer| {
            let expect = Expect::Revision(revision.clone());
            let payload = noise(racer as u64, length);
            run(subject, stores[racer].save(&key, payload, LONG, expect))
        });
        let winner = only_winner(&answers);
        assert_eq!(
            get(&*stores[0], &key).await,
            Some(noise(winner as u64, length))
        );
    }
}

fn only_winner(answers: &[Saved]) -> usize {
    let winners: Vec<usize> = (0..answers.len())
        .filter(|racer| matches!(answers[*racer], Saved::Stored(_)))
        .collect();
    assert_eq!(
        winners.len(),
        1,
        "{} of {} won",
        winners.len(),
        answers.len()
    );
    winners[0]
}

/// A save with a revision never makes a record: neither after a delete nor under another key.
pub async fn a_revision_never_saves_while_the_record_is_absent(subject: &dyn Subject) {
    if !merges(subject) {
        return;
    }
    let (store, deleted, never) = (subject.open(), key(), key());
    let revision = put(&*store, &deleted, &noise(1, 50)).await;
    let answer = store.delete(&deleted, Expect::Anything).await.unwrap();
    assert_eq!(answer, Deleted::Removed);
    for key in [&deleted, &never] {
        let expect = Expect::Revision(revision.clone());
        let answer = store.save(key, noise(2, 50), LONG, expect).await.unwrap();
        assert_eq!(answer, Saved::Conflict);
        assert_eq!(get(&*store, key).await, None, "the deleted came back");
    }
}

/// A logout is final: whichever comes first, after an unconditional delete and a save with a
/// revision nothing is left.
pub async fn a_delete_wins_over_a_racing_save_with_a_revision(subject: &dyn Subject) {
    if !merges(subject) {
        return;
    }
    let stores = instances(subject, RACERS);
    for round in rounds() {
        let key = key();
        let revision = put(&*stores[0], &key, &noise(1, 200)).await;
        race(RACERS, |racer| {
            let store = &stores[racer];
            // So that each comes first in some rounds.
            if round % 9 == racer {
                thread::sleep(Duration::from_micros(100));
            }
            match racer {
                0 => {
                    let _ = run(subject, store.delete(&key, Expect::Anything));
                }
                1 => {
                    run(subject, store.touch(&key, LONG));
                }
                _ => {
                    let expect = Expect::Revision(revision.clone());
                    let _ = run(subject, store.save(&key, noise(2, 200), LONG, expect));
                }
            }
        });
        assert_eq!(get(&*stores[0], &key).await, None, "the deleted came back");
    }
}

/// A delete with an old revision, or one that expects nothing there, loses and leaves the record;
/// with the current revision it wins.
pub async fn a_delete_with_an_old_revision_loses(subject: &dyn Subject) {
    if !merges(subject) {
        return;
    }
    let (store, key) = (subject.open(), key());
    let old = put(&*store, &key, &noise(1, 50)).await;
    let current = put(&*store, &key, &noise(2, 50)).await;
    for expect in [Expect::Revision(old), Expect::Absent] {
        let answer = store.delete(&key, expect).await.unwrap();
        assert_eq!(answer, Deleted::Conflict);
        assert_eq!(get(&*store, &key).await, Some(noise(2, 50)));
    }
    let expect = Expect::Revision(current.clone());
    assert_eq!(store.delete(&key, expect).await.unwrap(), Deleted::Removed);
    assert_eq!(get(&*store, &key).await, None);
    let expect = Expect::Revision(current);
    assert_eq!(store.delete(&key, expect).await.unwrap(), Deleted::Absent);
}

/// A save with an old revision, or to a key that isn't absent, loses and leaves the record.
pub async fn an_old_revision_never_saves(subject: &dyn Subject) {
    if !merges(subject) {
        return;
    }
    let (store, key) = (subject.open(), key());
    let first = put(&*store, &key, &noise(1, 50)).await;
    let saved = store
        .save(&key, noise(2, 50), LONG, Expect::Revision(first.clone()))
        .await;
    stored(saved.unwrap());
    for expect in [Expect::Revision(first), Expect::Absent] {
        let answer = store.save(&key, noise(3, 50), LONG, expect).await.unwrap();
        assert_eq!(answer, Saved::Conflict);
        assert_eq!(get(&*store, &key).await, Some(noise(2, 50)));
    }
}

/// Who reads while others write and touch sees one whole record, never parts of two and never
/// none.
pub async fn readers_among_writers_see_whole_records(subject: &dyn Subject) {
    let (stores, key) = (instances(subject, 4), key());
    let writes = AtomicUsize::new(0);
    let lengths = [10, 5_000, 60_000];
    put(&*stores[3], &key, &vec![0; lengths[0]].into()).await;
    let write = |writer: usize| {
        for (number, length) in lengths.into_iter().enumerate() {
            let payload = vec![u8::try_from(number).unwrap_or(9); length].into();
            let save = stores[writer].save(&key, payload, LONG, Expect::Anything);
            let _ = run(subject, save);
            run(subject, stores[writer].touch(&key, LONG));
            writes.fetch_add(1, Ordering::SeqCst);
        }
    };
    race_for(3, write, || {
        while writes.load(Ordering::SeqCst) < FEWEST_ROUNDS * 5 {
            let loaded = run(subject, stores[3].load(&key, None));
            let payload = loaded.expect("a reader saw no record").payload;
            let number = usize::from(payload[0]);
            assert_eq!(payload.len(), lengths[number], "a record was cut");
            assert!(
                payload.iter().all(|byte| *byte == payload[0]),
                "two records were mixed"
            );
        }
    });
}
