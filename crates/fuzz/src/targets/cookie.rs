//! A request's `Cookie` header.

use flask_session_core::{SessionId, candidates};

use crate::Target;

pub(super) const TARGET: Target = Target {
    name: "cookie",
    run,
};

/// As many as Flask's side tries.
const CANDIDATES: usize = 3;
const OURS: &str = "7B3dcwy83YF8PXgNLcUIYJA2-qEOvY7BlEaFdqyRaAk";

fn run(input: &[u8]) -> bool {
    let header = String::from_utf8_lossy(input);
    let found: Vec<_> = candidates(&header, "session", CANDIDATES).collect();
    assert!(found.len() <= CANDIDATES);
    let ids: Vec<_> = found.iter().filter_map(|text| id(text)).collect();
    if found.len() < CANDIDATES {
        // Another cookie beside them hides ours from nobody.
        let longer = format!("{header}; session={OURS}");
        let last = candidates(&longer, "session", CANDIDATES).last();
        assert_eq!(last, Some(OURS));
    }
    !ids.is_empty()
}

/// What reaches a store as a part of a key: nothing that a protocol could take for its own.
fn id(text: &str) -> Option<SessionId> {
    let custom = SessionId::parse_custom(text);
    if let Some(custom) = &custom {
        let harmless = |byte: u8| byte.is_ascii_graphic() && !b",;\"\\".contains(&byte);
        assert!(custom.as_str().bytes().all(harmless) && text.len() <= 250);
        assert!(format!("{custom:?}").len() <= "SessionId(abcd..)".len());
    }
    let parsed = SessionId::parse(text)?;
    // Whatever we would have made, an application could have made.
    assert_eq!(custom.as_ref(), Some(&parsed));
    assert_eq!(parsed.as_str(), text);
    Some(parsed)
}
