//! Requests that overlap.

use tokio::join;

use crate::places::Place;
use crate::site::Site;

pub(crate) async fn changes_of_two_requests_are_both_kept(place: &Place) {
    let (here, there) = (Site::on(place.store()), Site::on(place.store()));
    let cookie = here.visit("", "/put/user/ann").await.cookie;
    let both_at_once = async {
        join!(here.has_slow(), there.has_slow());
        here.let_go();
        there.let_go();
    };
    let (first, second, ()) = join!(
        here.visit(&cookie, "/slow/a"),
        there.visit(&cookie, "/slow/b"),
        both_at_once
    );
    assert_eq!((first.status, second.status), (200, 200));
    for key in ["a", "b"] {
        let seen = here.visit(&cookie, &format!("/see/{key}")).await;
        assert_eq!(seen.body, "slow", "{key}");
    }
    assert_eq!(there.visit(&cookie, "/see/user").await.body, "ann");
}

pub(crate) async fn a_logout_wins_over_a_slow_request(place: &Place) {
    let (here, there) = (Site::on(place.store()), Site::on(place.store()));
    let cookie = here.visit("", "/put/user/ann").await.cookie;
    let log_out = async {
        here.has_slow().await;
        let answer = there.visit(&cookie, "/log-out").await;
        here.let_go();
        answer
    };
    let (slow, out) = join!(here.visit(&cookie, "/slow/a"), log_out);
    assert_eq!((slow.status, out.status), (200, 200));
    assert_eq!(slow.cookie, "");
    for site in [here, there] {
        assert_eq!(site.visit(&cookie, "/see/user").await.body, "");
        assert_eq!(site.visit(&cookie, "/see/a").await.body, "");
    }
}

pub(crate) async fn a_renewed_session_has_left_its_old_id(place: &Place) {
    let (here, there) = (Site::on(place.store()), Site::on(place.store()));
    let old = here.visit("", "/put/user/ann").await.cookie;
    let new = here.visit(&old, "/renew").await.cookie;
    assert!(!new.is_empty() && new != old);
    assert_eq!(there.visit(&new, "/see/user").await.body, "ann");
    assert_eq!(there.visit(&old, "/see/user").await.body, "");
}
