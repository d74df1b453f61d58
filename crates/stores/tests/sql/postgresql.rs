//! PostgreSQL.

use std::sync::Arc;
use std::thread;

use flask_session_core::{Deleted, ErrorKind, Expect, Saved, Store};
use flask_session_stores::{Setting, Settings};
use flask_session_testkit::blocking::{bytes, delete, key, load, refresh, save, stored, touch};
use flask_session_testkit::servers::PostgresqlServer;
use flask_session_testkit::{PATIENCE, race};

use super::{said, store, table, text};

fn server() -> &'static PostgresqlServer {
    PostgresqlServer::shared()
}

fn settings(table: &str) -> Settings {
    let patience = Setting::Number(PATIENCE.as_secs_f64());
    Settings::new(server().url())
        .with("table", text(table))
        .with("timeout", patience)
}

#[test]
fn a_connection_that_the_server_ended_is_replaced_without_an_error() {
    let table = table();
    let options = "application_name=to_be_ended";
    let settings = Settings::new(format!("{}&{options}", server().url()));
    let (store, key) = (store(settings.with("table", text(table))), key("a"));
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
               WHERE application_name = 'to_be_ended'";
    let revision = stored(save(&*store, &key, &bytes(1, 10), Expect::Absent));
    assert_eq!(server().command(end), "1");
    stored(save(
        &*store,
        &key,
        &bytes(2, 10),
        Expect::Revision(revision),
    ));
    assert_eq!(server().command(end), "1");
    assert_eq!(load(&*store, &key).unwrap().unwrap().payload, bytes(2, 10));
}

#[test]
fn the_table_is_made_as_flask_session_makes_it_with_an_index_on_expiry() {
    let table = table();
    let store = store(settings(&table));
    stored(save(&*store, &key("a"), &bytes(0x80, 1), Expect::Absent));
    let columns = server().command(&format!(
        "SELECT column_name, data_type, character_maximum_length, is_nullable \
         FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position"
    ));
    assert_eq!(
        columns,
        "id|integer||NO\nsession_id|character varying|255|YES\ndata|bytea||YES\n\
         expiry|timestamp without time zone||YES"
    );
    let indexes = server().command(&format!(
        "SELECT indexdef FROM pg_indexes WHERE tablename = '{table}' ORDER BY indexname"
    ));
    assert!(indexes.contains("(expiry)"), "{indexes}");
    assert!(indexes.contains("UNIQUE INDEX") && indexes.contains("(session_id)"));
    let row = server().command(&format!(
        "SELECT session_id, data, expiry - (now() AT TIME ZONE 'utc') > interval '30 days' FROM {table}"
    ));
    assert_eq!(row, "session:a|\\x80|t");
}

#[test]
fn a_table_with_schema_and_sequence_is_made_as_flask_session_makes_it() {
    let table = table();
    server().command("CREATE SCHEMA IF NOT EXISTS \"Web\"");
    let settings = settings(&table)
        .with("schema", text("Web"))
        .with("sequence", text(format!("{table}_numbers")));
    let store = store(settings);
    for name in ["a", "b"] {
        stored(save(&*store, &key(name), &bytes(1, 1), Expect::Absent));
    }
    let rows = format!("SELECT id, session_id FROM \"Web\".{table} ORDER BY id");
    assert_eq!(server().command(&rows), "1|session:a\n2|session:b");
    let next = format!("SELECT nextval('{table}_numbers')");
    assert_eq!(server().command(&next), "3");
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
         ('session:a', '\\x81', (now() AT TIME ZONE 'utc') + interval '1 hour'), \
         ('session:b', '\\x82', NULL), \
         ('session:c', '\\x83', (now() AT TIME ZONE 'utc') - interval '1 second')"
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
    server().command(
        "CREATE COLLATION IF NOT EXISTS blind \
         (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
    );
    server().command(&format!(
        "CREATE TABLE {table} (id serial primary key, \
         session_id varchar(255) COLLATE blind, data bytea, expiry timestamptz)"
    ));
    let store = store(settings(&table));
    stored(save(&*store, &key("aB"), &bytes(1, 1), Expect::Absent));
    assert!(load(&*store, &key("Ab")).unwrap().is_none());
    assert!(!touch(&*store, &key("Ab")).unwrap());
    let answer = delete(&*store, &key("Ab"), Expect::Anything).unwrap();
    assert_eq!(answer, Deleted::Absent);
    stored(save(&*store, &key("Ab"), &bytes(2, 1), Expect::Absent));
    stored(save(&*store, &key("Ab"), &bytes(3, 1), Expect::Anything));
    assert_eq!(
        load(&*store, &key("aB")).unwrap().unwrap().payload,
        bytes(1, 1)
    );
}

#[test]
fn a_table_of_other_columns_is_misconfigured() {
    for columns in [
        "session_id text, expiry timestamp",
        "session_id text, data text, expiry timestamp",
    ] {
        let table = table();
        server().command(&format!("CREATE TABLE {table} ({columns})"));
        let error = load(&*store(settings(&table)), &key("a")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{columns}");
    }
}

#[test]
fn where_transactions_are_serializable_one_still_wins() {
    let options = "options=-c%20default_transaction_isolation%3Dserializable";
    let settings =
        Settings::new(format!("{}&{options}", server().url())).with("table", text(table()));
    let stores: Vec<Arc<dyn Store>> = (0..6).map(|_| store(settings.clone())).collect();
    for round in 0..30 {
        let key = key(&round.to_string());
        let revision = stored(save(&*stores[0], &key, &bytes(9, 10), Expect::Absent));
        let answers = race(6, |racer| {
            let expect = Expect::Revision(revision.clone());
            assert!(refresh(&*stores[racer], &key).unwrap().is_some());
            let payload = bytes(u8::try_from(racer).unwrap(), 10);
            save(&*stores[racer], &key, &payload, expect).unwrap()
        });
        let winners = answers
            .iter()
            .filter(|saved| matches!(saved, Saved::Stored(_)));
        assert!(winners.count() <= 1);
    }
}

#[test]
fn a_sweep_leaves_to_others_what_they_hold() {
    let table = table();
    let store = store(settings(&table));
    load(&*store, &key("a")).unwrap();
    server().command(&format!(
        "INSERT INTO {table} (session_id, data, expiry) \
         SELECT 'session:' || n, '\\x80', '2020-01-01' FROM generate_series(1, 1000) n"
    ));
    let swept: usize = thread::scope(|scope| {
        let sweepers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut swept = 0;
                    loop {
                        match flask_session_core::drive(store.sweep(50)).unwrap() {
                            0 => return swept,
                            some => swept += some,
                        }
                    }
                })
            })
            .collect();
        sweepers
            .into_iter()
            .map(|sweeper| sweeper.join().unwrap())
            .sum()
    });
    assert_eq!(swept, 1000);
    assert_eq!(
        server().command(&format!("SELECT count(*) FROM {table}")),
        "0"
    );
}

#[test]
fn a_password_is_needed_and_must_be_right() {
    let address = server().address();
    for url in [
        format!("postgresql://postgres:hush-hush@{address}/postgres?sslmode=disable"),
        format!("postgresql://postgres@{address}/postgres"),
        format!("postgresql://nobody:hush-hush@{address}/postgres"),
    ] {
        let error = load(&*store(Settings::new(url)), &key("a")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
        said(&error, "hush");
    }
    let settings = Settings::new(format!("postgresql://{address}/postgres"))
        .with("username", text("postgres"))
        .with("password", text(PostgresqlServer::PASSWORD))
        .with("table", text(table()));
    assert!(load(&*store(settings), &key("a")).unwrap().is_none());
    let url = server().url().replace("/postgres?", "/absent?");
    let error = load(&*store(Settings::new(url)), &key("a")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
}

#[test]
fn only_a_certificate_of_a_trusted_authority_for_the_right_host_is_accepted() {
    let port = server().address().port();
    let authority = server().certificates().authority.display().to_string();
    let settings = |host: &str, mode: &str| {
        let password = PostgresqlServer::PASSWORD;
        let url = format!("postgresql://postgres:{password}@{host}:{port}/postgres{mode}");
        Settings::new(url).with("table", text("over_tls"))
    };
    let trusting = |host: &str, mode: &str| {
        settings(host, &format!("?sslmode={mode}&sslrootcert={authority}"))
    };
    for legal in [
        settings("127.0.0.1", ""),
        settings("127.0.0.1", "?sslmode=require"),
        trusting("localhost", "verify-full"),
        trusting("127.0.0.1", "verify-ca"),
        settings("localhost", "").with("ca_file", text(&*authority)),
    ] {
        let store = store(legal);
        stored(save(&*store, &key("a"), &bytes(1, 9000), Expect::Anything));
        let found = load(&*store, &key("a")).unwrap().unwrap();
        assert_eq!(found.payload, bytes(1, 9000));
    }
    let stranger = server().certificates().certificate.display().to_string();
    let untrusted = settings("localhost", "").with("ca_file", text(stranger));
    let error = load(&*store(untrusted), &key("a")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
}

#[test]
fn a_unix_socket_is_a_folder() {
    let folder = server().socket_folder().display().to_string();
    let port = server().address().port();
    let table = table();
    let url = format!("postgresql://postgres@/postgres?host={folder}&port={port}");
    let store = store(Settings::new(url).with("table", text(table)));
    stored(save(&*store, &key("a"), &bytes(1, 10), Expect::Absent));
    assert!(load(&*store, &key("a")).unwrap().is_some());
}
