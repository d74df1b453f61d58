//! Requests that are dropped: the client went away, a timeout layer gave up.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::places::Place;
use crate::site::Site;

/// Polls `operation` at most `times` times, waiting a little between two polls so that an answer can
/// arrive; then drops it. Whether it came to its end.
async fn finishes(operation: impl Future, times: usize) -> bool {
    let mut operation = pin!(operation);
    for _ in 0..times {
        let polled = poll_fn(|context| Poll::Ready(operation.as_mut().poll(context).is_ready()));
        if polled.await {
            return true;
        }
        sleep(Duration::from_micros(100)).await;
    }
    false
}

/// Wherever a request was dropped, its session has the old value or the new one, and nobody gets the
/// answer to somebody else's question.
pub(crate) async fn a_dropped_request_leaves_the_old_record_or_the_new_one(place: &Place) {
    let site = Site::on(place.store());
    let mine = site.visit("", "/put/user/ann").await.cookie;
    let theirs = site.visit("", "/put/user/bob").await.cookie;
    let mut dropped = 0;
    for round in 0..36 {
        let (old, new) = (format!("old{round}"), format!("new{round}"));
        let put = format!("/put/value/{old}");
        assert_eq!(site.visit(&mine, &put).await.status, 200);
        let put = format!("/put/value/{new}");
        let finished = finishes(site.visit(&mine, &put), round % 12).await;
        dropped += usize::from(!finished);
        assert_eq!(site.visit(&theirs, "/see/user").await.body, "bob");
        let found = site.visit(&mine, "/see/value").await.body;
        assert!(found == old || found == new, "{found}");
        assert!(!finished || found == new, "{found}");
    }
    assert!(dropped > 0, "no request was dropped");
}

/// A reply that comes after its request was dropped is nobody's.
pub(crate) async fn a_reply_to_a_dropped_request_is_nobodys(place: &Place) {
    let site = Site::on(place.store());
    let mine = site.visit("", "/put/user/ann").await.cookie;
    let theirs = site.visit("", "/put/user/bob").await.cookie;
    for late in [false, true] {
        for path in ["/see/user", "/put/value/new", "/renew"] {
            let stall = place.stall(late);
            let given_up = timeout(Duration::from_millis(100), site.visit(&mine, path)).await;
            assert!(given_up.is_err(), "{path} was answered");
            drop(stall);
            for _ in 0..3 {
                let answer = site.visit_when_it_answers(&theirs, "/see/user").await;
                assert_eq!((answer.status, answer.body.as_str()), (200, "bob"));
            }
        }
    }
}
