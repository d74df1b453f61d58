//! A test of the tests: each rule fails on a store that breaks it.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flask_session_core::{
    Capability, Cursor, Deleted, Error, ErrorKind, Expect, Guarantee, Key, Loaded, MemoryStore,
    Page, Refresh, Result, Revision, Saved, Store,
};
use flask_session_testkit::{ManualClock, Subject, Unreachable, keep, rules};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    CutsLargePayloads,
    TrimsPayloads,
    FoldsCase,
    RefusesWithoutLimit,
    ClaimsOverwrite,
    ForgetsExpiry,
    ExtendsOnLoad,
    IgnoresRefresh,
    IgnoresTouch,
    TouchMakesRecords,
    TouchChangesRevision,
    SaysGoneWhenNothingChanged,
    ShortLivesNever,
    OverwritesOnConflict,
    ComparesThenWaitsThenWrites,
    Resurrects,
    DeletesWhateverIsThere,
    WritesInTwoSteps,
    CountsDeletesTwice,
    ListsTwice,
    ListsTheDead,
    ReadsPrefixAsPattern,
    SweepsTheLiving,
    SweepsOverItsLimit,
    LosesTheOldRecordFirst,
    Swaps,
    AnswersWhereNobodyIs,
    PrintsPayloads,
}

struct Broken {
    wrong: Wrong,
    clock: Arc<ManualClock>,
    inner: Arc<MemoryStore>,
    /// What some of the wrongs remember between operations.
    last: Arc<Mutex<Option<(Key, Loaded)>>>,
}

impl std::fmt::Debug for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.wrong, &*self.last.lock().unwrap()) {
            (Wrong::PrintsPayloads, Some((_, loaded))) => write!(f, "{:?}", loaded.payload),
            _ => f.write_str("Broken"),
        }
    }
}

/// Gives the caller a chance to give up.
async fn pause() {
    let mut paused = false;
    std::future::poll_fn(move |_| {
        if std::mem::replace(&mut paused, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

impl Broken {
    fn key(&self, key: &Key) -> Key {
        match self.wrong {
            Wrong::FoldsCase => Key::from_text(key.as_str().to_lowercase()),
            _ => key.clone(),
        }
    }
}

const YEAR: Duration = Duration::from_secs(31_536_000);

#[async_trait]
impl Store for Broken {
    fn capability(&self) -> Capability {
        let mut capability = self.inner.capability();
        match self.wrong {
            Wrong::ClaimsOverwrite => capability.guarantee = Guarantee::Overwrite,
            Wrong::CutsLargePayloads => capability.max_payload = Some(1_000_000),
            _ => {}
        }
        capability
    }

    async fn load(&self, key: &Key, refresh: Option<Refresh>) -> Result<Option<Loaded>> {
        let key = &self.key(key);
        let refresh = match self.wrong {
            Wrong::IgnoresRefresh => None,
            Wrong::ExtendsOnLoad => Some(Refresh { ttl: YEAR }),
            _ => refresh,
        };
        if self.wrong == Wrong::Swaps {
            let before = self.last.lock().unwrap().take();
            if let Some((_, loaded)) = before {
                return Ok(Some(loaded));
            }
            let loaded = self.inner.load(key, refresh).await?;
            if let (Some(loaded), Some(_)) = (&loaded, refresh) {
                *self.last.lock().unwrap() = Some((key.clone(), loaded.clone()));
                pause().await;
                *self.last.lock().unwrap() = None;
            }
            return Ok(loaded);
        }
        self.inner.load(key, refresh).await
    }

    async fn save(
        &self,
        key: &Key,
        mut payload: Bytes,
        mut ttl: Duration,
        mut expect: Expect,
    ) -> Result<Saved> {
        let key = &self.key(key);
        match self.wrong {
            Wrong::CutsLargePayloads => payload.truncate(1_000_000),
            Wrong::TrimsPayloads => payload = payload.trim_ascii().to_vec().into(),
            Wrong::RefusesWithoutLimit if payload.len() > 1_000_000 => {
                return Err(Error::new(ErrorKind::TooLarge, "too large"));
            }
            Wrong::ForgetsExpiry => ttl = YEAR,
            Wrong::ShortLivesNever if ttl < Duration::from_secs(1) => ttl = YEAR,
            Wrong::OverwritesOnConflict => expect = Expect::Anything,
            Wrong::ComparesThenWaitsThenWrites => {
                let found = self.inner.load(key, None).await?;
                let revision = found.map(|loaded| loaded.revision);
                let holds = match &expect {
                    Expect::Absent => revision.is_none(),
                    Expect::Revision(expected) => revision.as_ref() == Some(expected),
                    Expect::Anything => true,
                };
                if !holds {
                    return Ok(Saved::Conflict);
                }
                std::thread::sleep(Duration::from_millis(1));
                expect = Expect::Anything;
            }
            Wrong::Resurrects if self.inner.load(key, None).await?.is_none() => {
                expect = Expect::Anything;
            }
            Wrong::SaysGoneWhenNothingChanged => {
                let found = self.inner.load(key, None).await?;
                if found.is_some_and(|loaded| loaded.payload == payload) {
                    return Ok(Saved::Conflict);
                }
            }
            Wrong::WritesInTwoSteps => {
                let half = payload.slice(..payload.len() / 2);
                let _ = self.inner.save(key, half, ttl, Expect::Anything).await?;
                std::thread::sleep(Duration::from_micros(300));
                expect = Expect::Anything;
            }
            Wrong::LosesTheOldRecordFirst => {
                let _ = self.inner.delete(key, Expect::Anything).await?;
                if matches!(expect, Expect::Revision(_)) {
                    pause().await;
                }
                expect = Expect::Anything;
            }
            Wrong::PrintsPayloads => {
                let loaded = Loaded {
                    payload: payload.clone(),
                    revision: Revision::of_number(1),
                    remaining: None,
                };
                *self.last.lock().unwrap() = Some((key.clone(), loaded));
            }
            _ => {}
        }
        self.inner.save(key, payload, ttl, expect).await
    }

    async fn touch(&self, key: &Key, ttl: Duration) -> Result<bool> {
        let key = &self.key(key);
        match self.wrong {
            Wrong::IgnoresTouch => return Ok(self.inner.load(key, None).await?.is_some()),
            Wrong::TouchMakesRecords => {
                let save = self.inner.save(key, Bytes::new(), ttl, Expect::Absent);
                let _ = save.await?;
            }
            Wrong::TouchChangesRevision => {
                if let Some(loaded) = self.inner.load(key, None).await? {
                    let _ = self
                        .inner
                        .save(key, loaded.payload, ttl, Expect::Anything)
                        .await?;
                }
            }
            _ => {}
        }
        self.inner.touch(key, ttl).await
    }

    async fn delete(&self, key: &Key, mut expect: Expect) -> Result<Deleted> {
        let key = &self.key(key);
        if self.wrong == Wrong::DeletesWhateverIsThere {
            expect = Expect::Anything;
        }
        let answer = self.inner.delete(key, expect).await?;
        if self.wrong == Wrong::CountsDeletesTwice {
            return Ok(Deleted::Removed);
        }
        Ok(answer)
    }

    async fn list(&self, prefix: &str, cursor: Option<Cursor>, limit: usize) -> Result<Page> {
        if self.wrong == Wrong::ReadsPrefixAsPattern {
            let stem = prefix.split('*').next().unwrap();
            return self.inner.list(stem, cursor, limit).await;
        }
        let mut page = self.inner.list(prefix, cursor, limit).await?;
        match self.wrong {
            Wrong::ListsTwice if limit > 1 && page.keys.len() > 1 && page.keys.len() < limit => {
                page.keys.push(page.keys[0].clone());
            }
            Wrong::ListsTheDead if page.keys.len() < limit && page.next.is_none() => {
                page.keys.push(Key::from_text(format!("{prefix}dead-1")));
            }
            _ => {}
        }
        Ok(page)
    }

    async fn sweep(&self, limit: usize) -> Result<usize> {
        match self.wrong {
            Wrong::SweepsTheLiving => {
                let page = self.inner.list("", None, limit).await?;
                for key in &page.keys {
                    let _ = self.inner.delete(key, Expect::Anything).await?;
                }
                self.inner.sweep(limit).await
            }
            Wrong::SweepsOverItsLimit => self.inner.sweep(usize::MAX).await,
            _ => self.inner.sweep(limit).await,
        }
    }
}

struct BrokenSubject(Broken);

impl BrokenSubject {
    fn new(wrong: Wrong) -> Self {
        let clock = Arc::new(ManualClock::new());
        let inner = Arc::new(MemoryStore::with_clock(clock.clone()));
        let last = Arc::default();
        Self(Broken {
            wrong,
            clock,
            inner,
            last,
        })
    }
}

impl Subject for BrokenSubject {
    fn open(&self) -> Arc<dyn Store> {
        let Broken {
            wrong,
            clock,
            inner,
            last,
        } = &self.0;
        Arc::new(Broken {
            wrong: *wrong,
            clock: clock.clone(),
            inner: inner.clone(),
            last: last.clone(),
        })
    }

    fn wait(&self, duration: Duration) {
        self.0.clock.advance(duration);
    }

    fn unreachable(&self) -> Vec<Unreachable> {
        match self.0.wrong {
            Wrong::AnswersWhereNobodyIs => vec![Unreachable {
                why: "it works, though nothing should answer",
                store: self.open(),
                limit: Duration::from_secs(30),
            }],
            _ => Vec::new(),
        }
    }
}

macro_rules! wrong_stores_fail {
    ($($rule:ident: $($wrong:ident)*;)*) => {$(
        #[test]
        fn $rule() {
            $({
                let subject = BrokenSubject::new(Wrong::$wrong);
                let kept = catch_unwind(AssertUnwindSafe(|| {
                    keep(&subject, async |subject| rules::$rule(subject).await);
                }));
                let panic = kept.expect_err(concat!(stringify!($wrong), " went unnoticed"));
                let message = panic.downcast_ref::<String>().map_or("", String::as_str);
                assert!(!message.contains("could not be tried"), "{message}");
            })*
        }
    )*};
}

wrong_stores_fail! {
    any_bytes_under_any_legal_key_come_back: TrimsPayloads FoldsCase;
    what_is_too_large_is_refused_never_cut: CutsLargePayloads RefusesWithoutLimit;
    the_guarantee_is_what_is_claimed: ClaimsOverwrite;
    the_expired_is_absent: ForgetsExpiry Resurrects TouchMakesRecords CountsDeletesTwice;
    loading_alone_does_not_extend_a_life: ExtendsOnLoad;
    a_refresh_restarts_the_time_to_live: IgnoresRefresh;
    touching_restarts_the_time_to_live: IgnoresTouch;
    touching_the_absent_makes_nothing: TouchMakesRecords;
    touching_changes_neither_bytes_nor_revision: TouchChangesRevision;
    touching_or_saving_twice_within_one_second_finds_the_record: SaysGoneWhenNothingChanged;
    any_time_to_live_is_legal: ShortLivesNever;
    saving_to_an_absent_key_wins_once: OverwritesOnConflict ComparesThenWaitsThenWrites;
    a_revision_wins_once_among_racers: OverwritesOnConflict ComparesThenWaitsThenWrites;
    a_revision_never_saves_while_the_record_is_absent: Resurrects OverwritesOnConflict;
    a_delete_wins_over_a_racing_save_with_a_revision: Resurrects ComparesThenWaitsThenWrites;
    a_delete_with_an_old_revision_loses: DeletesWhateverIsThere;
    an_old_revision_never_saves: OverwritesOnConflict;
    readers_among_writers_see_whole_records: WritesInTwoSteps;
    deleting_is_idempotent: CountsDeletesTwice;
    listing_shows_each_live_key_once: ListsTwice ListsTheDead;
    listing_takes_its_prefix_literally: ReadsPrefixAsPattern;
    sweeping_takes_only_the_dead: SweepsTheLiving SweepsOverItsLimit;
    a_dropped_future_leaves_the_old_record_or_the_new_one: LosesTheOldRecordFirst;
    a_dropped_future_never_gives_its_reply_to_another_caller: Swaps;
    an_unreachable_server_is_an_error_within_its_limit: AnswersWhereNobodyIs;
    nothing_prints_a_key_a_payload_or_a_password: PrintsPayloads;
}
