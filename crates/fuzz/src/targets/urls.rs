//! The URLs of stores, as in `SESSION_URL`.

use flask_session_core::ErrorKind;
use flask_session_stores::{Settings, open};

use crate::Target;
use crate::heap::bounded;

pub(super) const TARGET: Target = Target { name: "urls", run };

/// The password in the seeds.
const PASSWORD: &str = "opensesame";

fn run(input: &[u8]) -> bool {
    let url = String::from_utf8_lossy(input);
    let result = bounded(input, || open(Settings::new(&*url)));
    let (said, taken) = match &result {
        Ok((_, store)) => (format!("{store:?}"), true),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
            assert!(!error.to_string().contains('\n'), "{error}");
            (format!("{error} {error:?}"), false)
        }
    };
    if holds_a_password(&url) {
        assert!(!said.contains(PASSWORD), "{said}");
    }
    taken
}

/// Whether the password stands where passwords stand, and only there: names of options are told, and
/// paths of files.
fn holds_a_password(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    if scheme.starts_with("file") || scheme.starts_with("sqlite") {
        return false;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap();
    let marked = format!(":{PASSWORD}@");
    authority.contains(&marked) && url.matches(PASSWORD).count() == 1
}
