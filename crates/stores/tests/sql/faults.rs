//! What a broken connection, a dead server or a stalled one does to an operation.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{Deadline, Deleted, ErrorKind, Expect, Saved, Store};
use flask_session_stores::{Setting, Settings};
use flask_session_testkit::{Network, PATIENCE, Proxy, faults};

use super::{Site, bytes, delete, key, load, refresh, save, store, stored, table, text, touch};

fn behind(site: &dyn Site) -> (Proxy, Arc<dyn Store>, Arc<dyn Store>) {
    let proxy = Proxy::before(site.address());
    let table = text(table());
    let settings = Settings::new(site.url_at(proxy.address()))
        .with("table", table.clone())
        .with("timeout", Setting::Number(0.6));
    let direct = Settings::new(site.url_at(site.address())).with("table", table);
    (proxy, store(settings), store(direct))
}

pub(super) fn one_connection_serves_one_thread_and_none_is_opened_before_the_first_use(
    site: &dyn Site,
) {
    let (proxy, store, _) = behind(site);
    let never = key("never");
    drop(store.load(&never, None));
    assert_eq!(proxy.accepted(), 0);
    for _ in 0..20 {
        load(&*store, &key("a")).unwrap();
    }
    assert_eq!(proxy.accepted(), 1);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    load(&*store, &key("a")).unwrap();
                }
            });
        }
    });
    assert!(proxy.accepted() <= 5, "{}", proxy.accepted());
}

pub(super) fn a_connection_that_was_cut_is_replaced_without_an_error(site: &dyn Site) {
    let (proxy, store, _) = behind(site);
    let key = key("a");
    let revision = stored(save(&*store, &key, &bytes(1, 10), Expect::Absent));
    proxy.cut();
    assert_eq!(load(&*store, &key).unwrap().unwrap().payload, bytes(1, 10));
    proxy.cut();
    assert!(refresh(&*store, &key).unwrap().is_some());
    proxy.cut();
    let expect = Expect::Revision(revision);
    let revision = stored(save(&*store, &key, &bytes(2, 10), expect));
    proxy.cut();
    assert!(touch(&*store, &key).unwrap());
    proxy.cut();
    let answer = delete(&*store, &key, Expect::Revision(revision)).unwrap();
    assert_eq!(answer, Deleted::Removed);
}

pub(super) fn a_save_whose_reply_is_lost_is_stored_if_it_took_place(site: &dyn Site) {
    let (proxy, store, direct) = behind(site);
    let key = key("a");
    let lose = |payload: Bytes, expect: Expect| {
        // Statements are prepared before, so that it is the save's own reply that is lost.
        load(&*store, &key).unwrap();
        let before = proxy.accepted();
        thread::scope(|scope| {
            proxy.becomes(Network::ResetsReply { after: 0 });
            scope.spawn(|| {
                let deadline = Deadline::within(Duration::from_secs(5));
                while proxy.accepted() == before && deadline.remaining().is_ok() {
                    thread::sleep(Duration::from_millis(1));
                }
                proxy.becomes(Network::Open);
            });
            save(&*store, &key, &payload, expect)
        })
    };
    let found = || load(&*direct, &key).unwrap().unwrap().payload;
    let warm = super::key("warm");
    let revision = stored(save(&*store, &warm, &bytes(1, 9), Expect::Absent));
    stored(save(
        &*store,
        &warm,
        &bytes(2, 9),
        Expect::Revision(revision),
    ));
    let revision = stored(lose(bytes(1, 200), Expect::Absent));
    assert_eq!(found(), bytes(1, 200));
    let revision = stored(lose(bytes(2, 200), Expect::Revision(revision)));
    assert_eq!(found(), bytes(2, 200));
    stored(lose(bytes(3, 200), Expect::Anything));
    assert_eq!(found(), bytes(3, 200));
    let conflict = lose(bytes(4, 200), Expect::Revision(revision));
    assert_eq!(conflict.unwrap(), Saved::Conflict);
    assert_eq!(found(), bytes(3, 200));
}

pub(super) fn the_limit_is_on_the_operation_not_on_each_byte(site: &dyn Site) {
    let (proxy, store, _) = behind(site);
    let key = key("a");
    stored(save(&*store, &key, &bytes(1, 1000), Expect::Absent));
    proxy.becomes(Network::Drips {
        pause: Duration::from_millis(50),
    });
    let deadline = Deadline::within(Duration::from_millis(900));
    let error = load(&*store, &key).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(deadline.remaining().is_ok(), "the limit was not kept");
}

pub(super) fn a_late_reply_is_nobodys(site: &dyn Site) {
    let (proxy, store, _) = behind(site);
    let (first, second) = (key("first"), key("second"));
    stored(save(&*store, &first, &bytes(1, 10), Expect::Absent));
    stored(save(&*store, &second, &bytes(2, 10), Expect::Absent));
    load(&*store, &first).unwrap();
    proxy.becomes(Network::HangsAfterSending);
    let error = load(&*store, &first).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    proxy.becomes(Network::Open);
    for _ in 0..3 {
        let found = load(&*store, &second).unwrap().unwrap();
        assert_eq!(found.payload, bytes(2, 10));
        let found = load(&*store, &first).unwrap().unwrap();
        assert_eq!(found.payload, bytes(1, 10));
    }
}

pub(super) fn while_connections_break_nobody_sees_anothers_record(site: &dyn Site) {
    let proxy = Proxy::before(site.address());
    let settings = Settings::new(site.url_at(proxy.address()))
        .with("table", text(table()))
        .with("timeout", Setting::Number(PATIENCE.as_secs_f64()));
    faults::while_connections_break_nobody_sees_anothers_record(&proxy, &*store(settings));
}

pub(super) fn a_server_that_was_restarted_costs_no_error_and_no_session(site: &mut dyn Site) {
    let settings = Settings::new(site.url_at(site.address())).with("table", text(table()));
    let (store, key) = (store(settings), key("a"));
    let revision = stored(save(&*store, &key, &bytes(1, 10), Expect::Absent));
    site.restart();
    assert_eq!(load(&*store, &key).unwrap().unwrap().payload, bytes(1, 10));
    site.restart();
    stored(save(
        &*store,
        &key,
        &bytes(2, 10),
        Expect::Revision(revision),
    ));
    site.restart();
    assert!(touch(&*store, &key).unwrap());
    site.stop();
    for _ in 0..2 {
        let error = load(&*store, &key).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
    }
    site.restart();
    assert_eq!(load(&*store, &key).unwrap().unwrap().payload, bytes(2, 10));
}
