//! Logging in, and whom to trust.

use std::time::Duration;

use flask_session_core::{ErrorKind, Expect};
use flask_session_testkit::blocking::{bytes, key, load, save, stored};
use flask_session_testkit::servers::{MongoServer, MongoSettings};

use super::{open, within};

const PASSWORD: &str = "word-that-nobody-may-see";

#[test]
fn only_who_logs_in_at_a_trusted_server_gets_in() {
    let server = MongoServer::with(MongoSettings {
        user: Some(("app".to_owned(), PASSWORD.to_owned())),
        tls: true,
    });
    let url = server.url("own");
    stored(save(&*open(&url), &key("a"), &bytes(1, 10), Expect::Absent));

    let wrong = url.replace(PASSWORD, "hidden");
    let error = load(&*open(&wrong), &key("a")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.to_string().contains("user name and password"));
    assert!(!format!("{error} {error:?}").contains("hidden"));

    let nobody = url.replace(&format!("app:{PASSWORD}@"), "");
    let error = load(&*open(&nobody), &key("a")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);

    let (without_authority, _) = url.split_once("tls=true&tlsCAFile").unwrap();
    for url in [
        without_authority.to_owned() + "tls=true",
        without_authority.to_owned(),
    ] {
        let error = load(&*within(&url, Duration::from_millis(900)), &key("a")).unwrap_err();
        // The driver tries again for nearly as long as the limit lets it.
        let kinds = [ErrorKind::Unreachable, ErrorKind::TimedOut];
        assert!(kinds.contains(&error.kind()), "{error}");
    }
}
