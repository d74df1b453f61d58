//! Times to live.

use std::time::Duration;

use flask_session_core::{Clock, Deleted, Expect, Refresh, Saved, SystemClock};

use crate::Subject;
use crate::samples::{LONG, get, key, merges, noise, put, put_for, stored};

/// A time to live that ends soon.
fn short(subject: &dyn Subject) -> Duration {
    (subject.tick() * 3).max(Duration::from_secs(1))
}

/// The expired is absent: for loading, touching, deleting, and for whoever expects it absent or
/// unchanged.
pub async fn the_expired_is_absent(subject: &dyn Subject) {
    let store = subject.open();
    let keys: Vec<_> = (0..6).map(|_| key()).collect();
    let mut revisions = Vec::new();
    for key in &keys {
        revisions.push(put_for(&*store, key, &noise(1, 50), subject.tick()).await);
    }
    subject.wait(subject.tick() * 2);
    let [loaded, refreshed, touched, deleted, saved, fresh] = keys.try_into().unwrap();
    assert!(store.load(&loaded, None).await.unwrap().is_none());
    let refresh = Some(Refresh { ttl: LONG });
    assert!(store.load(&refreshed, refresh).await.unwrap().is_none());
    assert!(!store.touch(&touched, LONG).await.unwrap());
    let answer = store.delete(&deleted, Expect::Anything).await.unwrap();
    assert_eq!(answer, Deleted::Absent);
    for key in [&refreshed, &touched] {
        assert_eq!(get(&*store, key).await, None, "the expired came back");
    }
    if merges(subject) {
        let expect = Expect::Revision(revisions.swap_remove(4));
        let answer = store.save(&saved, noise(2, 50), LONG, expect).await;
        assert_eq!(answer.unwrap(), Saved::Conflict);
    }
    let answer = store.save(&fresh, noise(3, 50), LONG, Expect::Absent).await;
    stored(answer.unwrap());
    assert_eq!(get(&*store, &fresh).await, Some(noise(3, 50)));
}

/// Repeats what must happen within a life, with a longer life each time, until it was quick enough:
/// `attempt` says whether it found the record alive. Gives the life.
async fn within_a_life(subject: &dyn Subject, attempt: impl AsyncFn(Duration) -> bool) -> Duration {
    let mut life = short(subject);
    loop {
        let start = SystemClock.ticks();
        if attempt(life).await {
            return life;
        }
        // A backend may round down.
        let took = Duration::from_millis(SystemClock.ticks() - start) + subject.tick();
        assert!(took >= life, "the record died early, within {took:?}");
        life *= 4;
    }
}

/// Loading without a refresh leaves the time to live as it is.
pub async fn loading_alone_does_not_extend_a_life(subject: &dyn Subject) {
    let (store, key) = (subject.open(), key());
    let life = within_a_life(subject, async |life| {
        put_for(&*store, &key, &noise(1, 50), life).await;
        subject.wait(subject.tick());
        get(&*store, &key).await.is_some()
    });
    subject.wait(life.await);
    assert_eq!(get(&*store, &key).await, None);
}

/// Loading with a refresh restarts the time to live; what it reports is what was left before.
pub async fn a_refresh_restarts_the_time_to_live(subject: &dyn Subject) {
    let (store, key) = (subject.open(), key());
    let life = within_a_life(subject, async |life| {
        put_for(&*store, &key, &noise(1, 50), life).await;
        let refresh = Some(Refresh { ttl: LONG });
        let Some(loaded) = store.load(&key, refresh).await.unwrap() else {
            return false;
        };
        assert_eq!(loaded.payload, noise(1, 50));
        assert!(loaded.remaining.is_none_or(|remaining| remaining <= life));
        true
    });
    let life = life.await;
    subject.wait(life + subject.tick());
    let loaded = store.load(&key, None).await.unwrap();
    let loaded = loaded.expect("the refresh did not extend the life");
    assert!(loaded.remaining.is_none_or(|remaining| remaining > life));
}

/// Touching restarts the time to live; so does a save, and both can also shorten it.
pub async fn touching_restarts_the_time_to_live(subject: &dyn Subject) {
    let store = subject.open();
    let (longer, shorter, saved) = (key(), key(), key());
    let life = within_a_life(subject, async |life| {
        put_for(&*store, &longer, &noise(1, 50), life).await;
        store.touch(&longer, LONG).await.unwrap()
    });
    let life = life.await;
    put_for(&*store, &shorter, &noise(2, 50), LONG).await;
    put_for(&*store, &saved, &noise(3, 50), LONG).await;
    assert!(store.touch(&shorter, subject.tick()).await.unwrap());
    put_for(&*store, &saved, &noise(3, 50), subject.tick()).await;
    subject.wait(life + subject.tick());
    assert_eq!(get(&*store, &longer).await, Some(noise(1, 50)));
    assert_eq!(get(&*store, &shorter).await, None);
    assert_eq!(get(&*store, &saved).await, None);
}

/// Touching what isn't there, or no longer, says so and makes nothing.
pub async fn touching_the_absent_makes_nothing(subject: &dyn Subject) {
    let (store, key) = (subject.open(), key());
    assert!(!store.touch(&key, LONG).await.unwrap());
    assert_eq!(get(&*store, &key).await, None);
    put(&*store, &key, &noise(1, 50)).await;
    let _ = store.delete(&key, Expect::Anything).await.unwrap();
    assert!(!store.touch(&key, LONG).await.unwrap());
    assert_eq!(get(&*store, &key).await, None);
}

/// Neither touching nor refreshing changes bytes or revision.
pub async fn touching_changes_neither_bytes_nor_revision(subject: &dyn Subject) {
    let (store, key) = (subject.open(), key());
    let revision = put(&*store, &key, &noise(1, 500)).await;
    assert!(store.touch(&key, LONG * 2).await.unwrap());
    let refresh = Some(Refresh { ttl: LONG * 3 });
    let loaded = store.load(&key, refresh).await.unwrap().unwrap();
    assert_eq!(loaded.payload, noise(1, 500));
    assert_eq!(get(&*store, &key).await, Some(noise(1, 500)));
    if merges(subject) {
        let saved = store
            .save(&key, noise(2, 500), LONG, Expect::Revision(revision))
            .await;
        stored(saved.unwrap());
    }
}

/// A touch or a save that changes nothing, because it comes within the same second or brings the
/// same bytes, still finds the record.
pub async fn touching_or_saving_twice_within_one_second_finds_the_record(subject: &dyn Subject) {
    let (store, key) = (subject.open(), key());
    let mut revision = put(&*store, &key, &noise(1, 50)).await;
    for _ in 0..3 {
        assert!(store.touch(&key, LONG).await.unwrap());
        let expect = if merges(subject) {
            Expect::Revision(revision)
        } else {
            Expect::Anything
        };
        let saved = store.save(&key, noise(1, 50), LONG, expect).await;
        revision = stored(saved.unwrap());
    }
    assert_eq!(get(&*store, &key).await, Some(noise(1, 50)));
}

/// Nothing, less than a second, over thirty days (where memcached changes its mind) and ten
/// years: none is an error, and none is for ever or over at once by mistake.
pub async fn any_time_to_live_is_legal(subject: &dyn Subject) {
    let store = subject.open();
    let day = Duration::from_secs(86_400);
    let short = [
        Duration::ZERO,
        Duration::from_nanos(1),
        Duration::from_millis(300),
    ];
    let saved = short.map(|ttl| (key(), ttl));
    let touched = short.map(|ttl| (key(), ttl));
    for (key, ttl) in &saved {
        put_for(&*store, key, &noise(1, 50), *ttl).await;
    }
    for (key, ttl) in &touched {
        put_for(&*store, key, &noise(1, 50), LONG).await;
        assert!(store.touch(key, *ttl).await.unwrap(), "{ttl:?}");
    }
    for ttl in [day * 30, day * 31, day * 3650] {
        let key = key();
        put_for(&*store, &key, &noise(1, 50), ttl).await;
        assert_eq!(get(&*store, &key).await, Some(noise(1, 50)), "{ttl:?}");
        assert!(store.touch(&key, ttl).await.unwrap(), "{ttl:?}");
        assert_eq!(get(&*store, &key).await, Some(noise(1, 50)), "{ttl:?}");
    }
    // A backend of whole seconds may round up.
    subject.wait(subject.tick().max(Duration::from_secs(1)) * 2);
    for (key, ttl) in saved.iter().chain(&touched) {
        assert_eq!(get(&*store, key).await, None, "{ttl:?}");
    }
}
