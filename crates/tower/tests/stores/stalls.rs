//! A store that doesn't answer, and everybody else.

use crate::places::Place;
use crate::site::Site;

pub(crate) async fn while_a_load_is_stalled_a_thousand_other_requests_are_answered(place: &Place) {
    let (site, calm) = (Site::on(place.store()), Site::on(place.calm()));
    let slow = site.visit("", "/put/user/ann").await.cookie;
    let quick = calm.visit("", "/put/user/bob").await.cookie;
    assert!(!slow.is_empty() && !quick.is_empty());
    // Another process that doesn't know when the session was extended, with a connection open.
    let other = Site::on(place.store());
    other
        .visit("session=12345678901234567890", "/see/user")
        .await;
    let stall = place.stall(false);
    let stalled =
        tokio::spawn(async move { other.visit_when_it_answers(&slow, "/see/user").await });
    for number in 0..1000 {
        let answer = match number % 10 {
            0 => calm.visit(&quick, &format!("/put/number/{number}")).await,
            1 => site.visit("", "/see/user").await,
            _ => calm.visit(&quick, "/see/user").await,
        };
        assert_eq!(answer.status, 200);
    }
    assert!(!stalled.is_finished(), "it was not stalled");
    drop(stall);
    let answer = stalled.await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "ann"));
}
