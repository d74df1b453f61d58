//! MySQL and MariaDB.

use flask_session_core::{Deleted, ErrorKind, Expect};
use flask_session_stores::{Setting, Settings};
use flask_session_testkit::blocking::{bytes, delete, key, load, refresh, save, stored, touch};
use flask_session_testkit::servers::MysqlServer;
use flask_session_testkit::{PATIENCE, race};

use super::{said, store, table, text};

fn server() -> &'static MysqlServer {
    MysqlServer::shared()
}

fn settings(table: &str) -> Settings {
    let patience = Setting::Number(PATIENCE.as_secs_f64());
    Settings::new(server().url())
        .with("table", text(table))
        .with("timeout", patience)
}

#[test]
fn a_connection_that_the_server_ended_is_replaced_without_an_error() {
    let (store, key) = (store(settings(&table())), key("a"));
    server().command("CREATE USER IF NOT EXISTS ended@'%' IDENTIFIED BY 'x'");
    server().command("GRANT ALL ON sessions.* TO ended@'%'");
    let url = server()
        .url()
        .replace("app:", "ended:")
        .replace(MysqlServer::PASSWORD, "x");
    let ended = super::store(Settings::new(url).with("table", text(table())));
    let revision = stored(save(&*ended, &key, &bytes(1, 10), Expect::Absent));
    server().command("KILL USER ended");
    stored(save(
        &*ended,
        &key,
        &bytes(2, 10),
        Expect::Revision(revision),
    ));
    server().command("KILL USER ended");
    assert_eq!(load(&*ended, &key).unwrap().unwrap().payload, bytes(2, 10));
    assert!(load(&*store, &key).unwrap().is_none());
}

#[test]
fn the_table_is_made_as_flask_session_makes_it_for_large_data_exact_keys_and_with_an_index() {
    let table = table();
    let store = store(settings(&table));
    stored(save(&*store, &key("a"), &bytes(0x80, 1), Expect::Absent));
    let columns = server().command(&format!(
        "SELECT CONCAT_WS(' ', column_name, column_type, is_nullable, extra, collation_name) \
         FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position"
    ));
    assert_eq!(
        columns,
        "id int(11) NO auto_increment\nsession_id varchar(255) YES  utf8mb4_bin\n\
         data longblob YES \nexpiry datetime YES"
    );
    let indexes = server().command(&format!(
        "SELECT CONCAT_WS(' ', column_name, non_unique) FROM information_schema.statistics \
         WHERE table_name = '{table}' ORDER BY column_name"
    ));
    assert_eq!(indexes, "expiry 1\nid 0\nsession_id 0");
    let row = server().command(&format!(
        "SELECT session_id, HEX(data), expiry > UTC_TIMESTAMP() + INTERVAL 30 DAY FROM {table}"
    ));
    assert_eq!(row, "session:a\t80\t1");
}

#[test]
fn workers_that_make_the_table_at_the_same_time_all_succeed() {
    for _ in 0..5 {
        let settings = settings(&table());
        let stores: Vec<_> = (0..8).map(|_| store(settings.clone())).collect();
        race(8, |racer| {
            let key = key(&racer.to_string());
            stored(save(&*stores[racer], &key, &bytes(1, 1), Expect::Absent));
        });
    }
}

#[test]
fn a_missing_table_is_named_where_it_is_not_to_be_made_and_found_when_it_is_there() {
    let table = table();
    let store = store(settings(&table).with("create", Setting::Flag(false)));
    let error = load(&*store, &key("a")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    let made = super::store(settings(&table));
    stored(save(&*made, &key("a"), &bytes(1, 1), Expect::Absent));
    assert!(load(&*store, &key("a")).unwrap().is_some());
    server().command(&format!("DROP TABLE {table}"));
    assert!(load(&*made, &key("a")).unwrap().is_none(), "made again");
    stored(save(&*made, &key("a"), &bytes(1, 1), Expect::Absent));
}

#[test]
fn rows_of_every_release_are_read_and_those_without_expiry_are_live() {
    let table = table();
    let store = store(settings(&table));
    load(&*store, &key("a")).unwrap();
    server().command(&format!(
        "INSERT INTO {table} (session_id, data, expiry) VALUES \
         ('session:a', x'81', UTC_TIMESTAMP() + INTERVAL 1 HOUR), ('session:b', x'82', NULL), \
         ('session:c', x'83', UTC_TIMESTAMP() - INTERVAL 2 SECOND)"
    ));
    let first = load(&*store, &key("a")).unwrap().unwrap();
    assert_eq!(first.payload, bytes(0x81, 1));
    assert!(first.remaining.unwrap().as_secs().abs_diff(3600) < 600);
    let second = load(&*store, &key("b")).unwrap().unwrap();
    assert_eq!((second.payload, second.remaining), (bytes(0x82, 1), None));
    assert!(load(&*store, &key("c")).unwrap().is_none());
    assert!(refresh(&*store, &key("b")).unwrap().is_some());
    let second = load(&*store, &key("b")).unwrap().unwrap();
    assert!(second.remaining.is_some());
}

#[test]
fn a_key_never_matches_another_that_its_column_takes_for_equal() {
    let table = table();
    server().command(&format!(
        "CREATE TABLE {table} (id int AUTO_INCREMENT PRIMARY KEY, session_id varchar(255), \
         data blob, expiry datetime) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"
    ));
    let store = store(settings(&table));
    stored(save(&*store, &key("aB"), &bytes(1, 1), Expect::Absent));
    assert!(load(&*store, &key("Ab")).unwrap().is_none());
    assert!(!touch(&*store, &key("Ab")).unwrap());
    let answer = delete(&*store, &key("Ab"), Expect::Anything).unwrap();
    assert_eq!(answer, Deleted::Absent);
    stored(save(&*store, &key("Ab"), &bytes(2, 1), Expect::Absent));
    let first = load(&*store, &key("aB")).unwrap().unwrap();
    assert_eq!(first.payload, bytes(1, 1));
}

#[test]
fn what_a_blob_of_flask_session_cannot_hold_is_refused_and_never_cut() {
    let table = table();
    server().command(&format!(
        "CREATE TABLE {table} (id int AUTO_INCREMENT PRIMARY KEY, \
         session_id varchar(255) UNIQUE, data blob, expiry datetime)"
    ));
    let store = store(settings(&table));
    stored(save(&*store, &key("a"), &bytes(1, 65_535), Expect::Absent));
    let error = save(&*store, &key("a"), &bytes(1, 65_536), Expect::Anything).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(error.to_string().contains("65535"), "{error}");
}

#[test]
fn a_password_is_needed_and_must_be_right() {
    let address = server().address();
    for url in [
        format!("mysql://app:hush-hush@{address}/sessions"),
        format!("mysql://app@{address}/sessions"),
    ] {
        let error = load(&*store(Settings::new(url)), &key("a")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
        said(&error, "hush");
    }
    let socket = server().socket().display().to_string();
    let url = format!("mariadb+pymysql://app@/sessions?unix_socket={socket}&charset=utf8");
    let settings = Settings::new(url)
        .with("password", text(MysqlServer::PASSWORD))
        .with("table", text(table()));
    assert!(load(&*store(settings), &key("a")).unwrap().is_none());
}

#[test]
fn only_a_certificate_of_a_trusted_authority_for_the_right_host_is_accepted() {
    let port = server().address().port();
    let authority = server().certificates().authority.display().to_string();
    let stranger = server().certificates().certificate.display().to_string();
    let settings = |mode: &str| {
        let password = MysqlServer::PASSWORD;
        let url = format!("mysql://app:{password}@localhost:{port}/sessions?{mode}");
        Settings::new(url).with("table", text("over_tls"))
    };
    for legal in [
        settings("ssl_mode=REQUIRED"),
        settings(&format!("ssl_ca={authority}")),
        settings("").with("ca_file", text(&*authority)),
    ] {
        let store = store(legal);
        stored(save(&*store, &key("a"), &bytes(1, 9000), Expect::Anything));
        let found = load(&*store, &key("a")).unwrap().unwrap();
        assert_eq!(found.payload, bytes(1, 9000));
    }
    let untrusted = settings(&format!("ssl_ca={stranger}"));
    let error = load(&*store(untrusted), &key("a")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
}

#[test]
fn an_expiry_that_is_altered_while_connected_still_ends_sessions() {
    let table = table();
    let store = store(settings(&table));
    stored(save(&*store, &key("a"), &bytes(1, 1), Expect::Absent));
    assert!(load(&*store, &key("a")).unwrap().is_some());
    server().command(&format!(
        "UPDATE {table} SET expiry = '2001-02-03'; ALTER TABLE {table} MODIFY expiry VARCHAR(40)"
    ));
    assert_eq!(load(&*store, &key("a")).unwrap(), None);
}
