//! Sessions that real releases of cachelib wrote (`tests/fixtures/cachelib/make.py`).

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use flask_session_core::{Deleted, ErrorKind, Expect, Key, Saved};

use crate::folder::{Folder, HOUR, copy_folder, run};

const RELEASES: [&str; 4] = ["0.4.1", "0.6.0", "0.13.0", "0.17.0"];
const MONTH: Duration = Duration::from_secs(31 * 24 * 3600);

fn fixtures(release: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/cachelib")
        .join(release)
}

/// A folder into which that release of cachelib has written, and the bytes of its session.
fn left_by(release: &str) -> (Folder, Vec<u8>) {
    let folder = Folder::new();
    copy_folder(&fixtures(release), &folder.directory());
    let body = folder.directory().join("body.pickle");
    let bytes = fs::read(&body).unwrap();
    fs::remove_file(body).unwrap();
    (folder, bytes)
}

fn month() -> Key {
    Key::from_text("session:for-a-month")
}

fn ever() -> Key {
    Key::from_text("session:for-ever")
}

/// The files that aren't ours.
fn theirs(folder: &Folder) -> usize {
    fs::read_dir(folder.directory())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().is_file())
        .count()
}

#[test]
fn sessions_of_every_generation_are_loaded_until_they_expire() {
    for release in RELEASES {
        let (folder, body) = left_by(release);
        let loaded = folder.load(&month()).unwrap().unwrap();
        assert_eq!(loaded.payload, body, "{release}");
        assert_eq!(loaded.remaining, Some(MONTH), "{release}");
        let loaded = folder.load(&ever()).unwrap().unwrap();
        assert_eq!((&*loaded.payload, loaded.remaining), (&*body, None));
        assert!(
            !folder.directory().join("sessions").exists(),
            "loading wrote"
        );
        folder.clock.advance(MONTH);
        assert!(folder.get(&month()).is_none(), "{release}");
        assert!(folder.get(&ever()).is_some(), "{release}");
    }
}

#[test]
fn their_expiry_is_changed_where_it_lies() {
    for release in RELEASES {
        let (folder, body) = left_by(release);
        assert!(
            run(flask_session_core::Store::touch(
                &folder.store,
                &month(),
                MONTH * 2
            ))
            .unwrap()
        );
        assert_eq!(
            folder.load(&month()).unwrap().unwrap().remaining,
            Some(MONTH * 2)
        );
        let loaded = folder.refresh(&month(), MONTH * 3).unwrap();
        assert_eq!(loaded.remaining, Some(MONTH * 2), "{release}");
        assert!(folder.refresh(&ever(), HOUR).is_some());
        folder.clock.advance(MONTH * 2);
        assert_eq!(folder.get(&month()).unwrap(), body, "{release}");
        assert_eq!(
            folder.get(&ever()).unwrap(),
            body,
            "what never expires still doesn't"
        );
        assert_eq!(theirs(&folder), 3, "{release}: two sessions and the count");
        folder.clock.advance(MONTH);
        assert!(folder.get(&month()).is_none(), "{release}");
        assert!(
            !run(flask_session_core::Store::touch(
                &folder.store,
                &month(),
                MONTH
            ))
            .unwrap()
        );
    }
}

#[test]
fn the_next_save_writes_ours_and_removes_theirs() {
    for release in RELEASES {
        let (folder, _) = left_by(release);
        let old = folder.load(&month()).unwrap().unwrap().revision;
        let answer = folder.save(&month(), b"new", Expect::Absent).unwrap();
        assert_eq!(answer, Saved::Conflict, "{release}");
        assert_eq!(theirs(&folder), 3);
        let answer = folder.save(&month(), b"new", Expect::Revision(old.clone()));
        assert!(matches!(answer, Ok(Saved::Stored(_))), "{release}");
        assert_eq!(theirs(&folder), 2, "{release}");
        assert_eq!(folder.get(&month()).unwrap(), "new");
        let answer = folder
            .save(&month(), b"newer", Expect::Revision(old))
            .unwrap();
        assert_eq!(answer, Saved::Conflict, "an old revision saved");
        folder.put(&ever(), b"new");
        assert_eq!(theirs(&folder), 1, "{release}: only the count is left");
        assert_eq!(folder.listed().len(), 2);
    }
}

#[test]
fn deleting_removes_theirs_and_spares_their_count() {
    for release in RELEASES {
        let (folder, _) = left_by(release);
        let other = folder.load(&ever()).unwrap().unwrap().revision;
        assert_eq!(folder.delete(&ever(), Expect::Absent), Deleted::Conflict);
        assert_eq!(
            folder.delete(&ever(), Expect::Revision(other)),
            Deleted::Removed
        );
        assert_eq!(folder.delete(&month(), Expect::Anything), Deleted::Removed);
        assert_eq!(folder.delete(&month(), Expect::Anything), Deleted::Absent);
        assert_eq!(theirs(&folder), 1, "{release}");
    }
}

#[test]
fn what_was_left_beside_ours_never_comes_back() {
    // As if we had been killed between writing ours and removing theirs.
    let (folder, _) = left_by("0.17.0");
    folder.put(&month(), b"ours");
    copy_folder(&fixtures("0.17.0"), &folder.directory());
    assert_eq!(folder.get(&month()).unwrap(), "ours");
    assert_eq!(folder.delete(&month(), Expect::Anything), Deleted::Removed);
    assert!(folder.get(&month()).is_none());
    folder.put(&month(), b"ours");
    copy_folder(&fixtures("0.17.0"), &folder.directory());
    folder.clock.advance(HOUR);
    assert!(folder.get(&month()).is_none());
    assert_eq!(
        run(flask_session_core::Store::sweep(&folder.store, 10)).unwrap(),
        1
    );
    assert!(folder.get(&month()).is_none());
}

#[test]
fn sweeping_takes_their_expired_sessions_and_nothing_else() {
    for release in RELEASES {
        let (folder, _) = left_by(release);
        let strangers = [
            "notes.txt",
            "0123456789abcdef0123456789abcdef",
            "x.__wz_cache",
        ];
        for name in strangers {
            fs::write(folder.directory().join(name), "somebody else's").unwrap();
        }
        assert_eq!(
            run(flask_session_core::Store::sweep(&folder.store, 10)).unwrap(),
            0
        );
        assert_eq!(theirs(&folder), 6);
        folder.clock.advance(MONTH);
        assert_eq!(
            run(flask_session_core::Store::sweep(&folder.store, 10)).unwrap(),
            1
        );
        assert_eq!(theirs(&folder), 5);
        assert!(folder.get(&ever()).is_some(), "{release}");
    }
}

#[test]
fn a_file_of_theirs_that_cannot_be_read_is_corrupt_and_can_be_replaced() {
    let (folder, _) = left_by("0.17.0");
    for entry in fs::read_dir(folder.directory()).unwrap() {
        fs::write(entry.unwrap().path(), "nothing that cachelib writes").unwrap();
    }
    let error = folder.load(&month()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    let saved = folder.save(&month(), b"new", Expect::Absent);
    assert!(matches!(saved, Ok(Saved::Stored(_))));
    assert_eq!(folder.get(&month()).unwrap(), "new");
    assert_eq!(folder.delete(&ever(), Expect::Anything), Deleted::Removed);
    assert_eq!(theirs(&folder), 1);
}
