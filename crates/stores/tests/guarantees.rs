//! The table in README.md, which docs.rs shows: each store says the same of itself.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeSet;

use flask_session_core::{Capability, Guarantee};
use flask_session_stores::{BACKENDS, Backend, Hosting, Settings, open};

const PAGE: &str = include_str!("../README.md");
const COLUMNS: [&str; 9] = [
    "store",
    "two writers",
    "ended sessions",
    "whose clock",
    "after a crash of the server",
    "largest session",
    "lists ids",
    "blocking host",
    "service on tokio",
];

/// The rows of the table, as cells.
fn rows() -> Vec<Vec<&'static str>> {
    let (_, section) = PAGE.split_once("## What each guarantees").unwrap();
    let lines = section.lines().filter(|line| line.starts_with("| "));
    let cells = |line: &'static str| line.trim_matches(['|', ' ']).split(" | ").collect();
    lines.map(cells).collect()
}

/// A store of this backend that nobody has used yet, where nobody listens.
fn capability(backend: &Backend) -> Capability {
    let url = match backend.schemes[0] {
        "file" => "file:nowhere".to_owned(),
        "sqlite" => "sqlite:///nowhere/app.db".to_owned(),
        scheme if scheme.contains("sentinel") => format!("{scheme}://127.0.0.1:1/main"),
        scheme if scheme.contains("sql") || scheme.contains("mongo") => {
            format!("{scheme}://127.0.0.1:1/database")
        }
        scheme => format!("{scheme}://127.0.0.1:1"),
    };
    let (found, store) = open(Settings::new(url)).unwrap();
    assert_eq!(found.schemes, backend.schemes);
    store.capability()
}

#[test]
fn a_row_says_what_its_store_says_of_itself() {
    let rows = rows();
    assert_eq!(rows[0], COLUMNS);
    for backend in BACKENDS {
        let row = rows.iter().find(|row| row[0] == backend.name);
        let row = row.unwrap_or_else(|| panic!("{} has no row", backend.name));
        let can = capability(backend);
        let claims = [
            (
                "two writers",
                can.guarantee == Guarantee::Merge,
                row[1] == "merge",
            ),
            (
                "ended sessions",
                can.expires,
                row[2] == "the server removes them",
            ),
            ("lists ids", can.lists, row[6] == "yes"),
            (
                "service on tokio",
                backend.hosting == Hosting::Native,
                row[8] == "native",
            ),
        ];
        for (column, is, said) in claims {
            assert_eq!(is, said, "{}: {column}", backend.name);
        }
        assert_eq!(row[7], format!("{:?}", backend.drive).to_lowercase());
        if let Some(most) = can.max_payload {
            assert_eq!(row[5], format!("{most} bytes"), "{}", backend.name);
        }
    }
}

#[test]
fn a_store_has_one_row_and_a_row_has_every_column() {
    let rows = rows();
    let names: BTreeSet<_> = rows[2..].iter().map(|row| row[0]).collect();
    assert_eq!(names.len(), rows.len() - 2);
    assert!(BACKENDS.iter().all(|backend| names.contains(backend.name)));
    assert!(rows.iter().all(|row| row.len() == COLUMNS.len()));
}
