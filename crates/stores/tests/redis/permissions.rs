//! What a restricted user gets, and what it is told.

use flask_session_core::{Deleted, ErrorKind, Expect, Guarantee, Saved, Store};
use flask_session_stores::redis::RedisStore;
use flask_session_testkit::blocking::{bytes, delete, key, load, refresh, save, stored, touch};
use flask_session_testkit::servers::{RedisServer, RedisSettings};

use super::monitor::Monitor;
use super::options;

fn permitting(permissions: &str) -> (RedisServer, RedisStore) {
    let server = RedisServer::with(RedisSettings {
        users: vec![format!("app on >word ~session:* {permissions}")],
        ..RedisSettings::default()
    });
    let options = options(&server).username("app").password("word");
    (server, RedisStore::blocking(options).unwrap())
}

#[test]
fn get_set_and_del_suffice_with_one_warning() {
    let (server, store) = permitting("+get +set +del");
    let key = key("a");
    let revision = stored(save(&store, &key, &bytes(1, 200), Expect::Absent));
    assert!(refresh(&store, &key).unwrap().is_some());
    assert!(touch(&store, &key).unwrap());
    stored(save(
        &store,
        &key,
        &bytes(2, 200),
        Expect::Revision(revision.clone()),
    ));
    assert_eq!(store.capability().guarantee, Guarantee::Overwrite);
    let notices = store.take_notices();
    let warnings: Vec<_> = notices
        .iter()
        .filter(|notice| notice.is_warning())
        .collect();
    assert_eq!(warnings.len(), 1, "{notices:?}");
    for permission in ["+evalsha", "+watch", "+getex", "+expire"] {
        assert!(warnings[0].text().contains(permission), "{warnings:?}");
    }
    // From now on nothing is tried that was denied.
    let mut monitor = Monitor::start(&server);
    stored(save(
        &store,
        &key,
        &bytes(3, 200),
        Expect::Revision(revision.clone()),
    ));
    assert_eq!(monitor.commands(), ["SET"]);
    assert!(refresh(&store, &key).unwrap().is_some());
    assert_eq!(monitor.commands(), ["GET", "SET"]);
    assert_eq!(load(&store, &key).unwrap().unwrap().payload, bytes(3, 200));
    let answer = delete(&store, &key, Expect::Revision(revision.clone())).unwrap();
    assert_eq!(answer, Deleted::Removed);
    // What is gone stays gone, even here.
    let saved = save(&store, &key, &bytes(4, 200), Expect::Revision(revision));
    assert_eq!(saved.unwrap(), Saved::Conflict);
    assert!(store.take_notices().is_empty());
}

#[test]
fn without_getex_the_life_is_extended_in_the_same_write() {
    let (server, store) = permitting("+@all -getex");
    let key = key("a");
    stored(save(&store, &key, &bytes(1, 200), Expect::Absent));
    assert!(refresh(&store, &key).unwrap().is_some());
    let mut monitor = Monitor::start(&server);
    assert!(refresh(&store, &key).unwrap().is_some());
    assert_eq!(monitor.commands(), ["GET", "EXPIRE"]);
    assert!(
        store
            .take_notices()
            .iter()
            .all(|notice| !notice.is_warning())
    );
    assert_eq!(store.capability().guarantee, Guarantee::Merge);
}

#[test]
fn without_expire_a_touch_reads() {
    let (server, store) = permitting("+@all -expire -pexpire");
    let key = key("a");
    stored(save(&store, &key, &bytes(1, 200), Expect::Absent));
    assert!(touch(&store, &key).unwrap());
    let mut monitor = Monitor::start(&server);
    assert!(touch(&store, &key).unwrap());
    assert_eq!(monitor.commands(), ["GETEX"]);
}

#[test]
fn without_scripts_a_small_record_is_watched_and_without_transactions_a_large_one_is_scripted() {
    for (permissions, length, last) in [
        ("+@all -@scripting", 200, "EXEC"),
        ("+@all -@transaction", 9000, "EVAL"),
    ] {
        let (server, store) = permitting(permissions);
        let key = key("a");
        let revision = stored(save(&store, &key, &bytes(1, length), Expect::Absent));
        let mut monitor = Monitor::start(&server);
        stored(save(
            &store,
            &key,
            &bytes(2, length),
            Expect::Revision(revision),
        ));
        let commands = monitor.commands();
        assert_eq!(
            commands.last().map(String::as_str),
            Some(last),
            "{commands:?}"
        );
        assert_eq!(store.capability().guarantee, Guarantee::Merge);
        assert!(store.take_notices().is_empty());
    }
}

#[test]
fn who_may_write_nothing_is_refused_and_nothing_is_concluded_from_it() {
    let (_server, store) = permitting("+get");
    let key = key("a");
    let error = save(&store, &key, &bytes(1, 10), Expect::Anything).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    let other = flask_session_core::Key::from_text("other:a");
    let error = load(&store, &other).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(!error.to_string().contains("other"), "{error}");
    assert_eq!(store.capability().guarantee, Guarantee::Merge);
}
