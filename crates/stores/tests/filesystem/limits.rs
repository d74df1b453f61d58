//! Modes, the count, the threshold, the cap, orphans.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use flask_session_core::{Clock, Deleted, Expect, Store};

use crate::folder::{Folder, HOUR, key, run};

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn files_have_the_configured_mode_and_folders_the_fitting_one() {
    for (file_mode, folder_mode) in [(0o600, 0o700), (0o640, 0o750), (0o666, 0o777)] {
        let folder = Folder::with(|options| options.mode = file_mode);
        folder.put(&key(), b"payload");
        let record = &folder.files()[0];
        let shard = record.parent().unwrap();
        let made = [
            record.clone(),
            shard.join("lock"),
            folder.directory().join("sessions/count"),
        ];
        for path in made {
            assert_eq!(mode(&path), file_mode, "{}", path.display());
        }
        for path in [shard, shard.parent().unwrap()] {
            assert_eq!(mode(path), folder_mode, "{}", path.display());
        }
    }
}

#[test]
fn waiting_for_the_disk_changes_nothing_else() {
    let folder = Folder::with(|options| options.fsync = true);
    let key = key();
    folder.put(&key, b"one");
    folder.put(&key, b"two");
    assert_eq!(folder.get(&key).unwrap(), "two");
    assert_eq!(folder.delete(&key, Expect::Anything), Deleted::Removed);
    assert!(folder.get(&key).is_none());
    assert!(folder.files().is_empty());
}

#[test]
fn the_count_follows_new_and_removed_sessions() {
    let folder = Folder::new();
    let keys: Vec<_> = (0..10).map(|_| key()).collect();
    for key in &keys {
        folder.put(key, b"one");
        folder.put(key, b"two");
    }
    assert_eq!(folder.count(), 10);
    for key in &keys[..4] {
        assert_eq!(folder.delete(key, Expect::Anything), Deleted::Removed);
        assert_eq!(folder.delete(key, Expect::Anything), Deleted::Absent);
    }
    assert_eq!(folder.count(), 6);
}

#[test]
fn a_wrong_or_missing_count_is_corrected() {
    let folder = Folder::new();
    let count = folder.directory().join("sessions/count");
    for _ in 0..5 {
        folder.put(&key(), b"payload");
    }
    fs::remove_file(&count).unwrap();
    folder.put(&key(), b"payload");
    assert_eq!(folder.count(), 6, "a missing one is counted afresh");
    for wrong in ["00000000000000000999\n", "nonsense"] {
        fs::write(&count, wrong).unwrap();
        assert_eq!(run(folder.store.sweep(10)).unwrap(), 0);
        assert_eq!(folder.count(), 6, "a sweep all the way round counts");
    }
}

#[test]
fn from_the_threshold_on_new_sessions_remove_expired_ones() {
    let folder = Folder::with(|options| options.threshold = 100);
    for _ in 0..90 {
        folder.put_for(&key(), Duration::from_secs(1));
    }
    folder.clock.advance(Duration::from_secs(2));
    for _ in 0..9 {
        folder.put_for(&key(), HOUR);
    }
    assert_eq!(folder.files().len(), 99, "below the threshold nothing goes");
    for _ in 0..200 {
        folder.put_for(&key(), HOUR);
    }
    assert_eq!(
        folder.files().len(),
        209,
        "all that is expired goes, and nothing else"
    );
    assert_eq!(folder.count(), 209);
    assert_eq!(folder.store.evicted(), 0);
}

#[test]
fn a_threshold_of_zero_never_removes() {
    let folder = Folder::with(|options| {
        options.threshold = 0;
        options.cap = true;
    });
    for _ in 0..50 {
        folder.put_for(&key(), Duration::from_secs(1));
        folder.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(folder.files().len(), 50);
}

#[test]
fn over_the_cap_the_nearest_to_their_expiry_go_first() {
    let folder = Folder::with(|options| {
        options.threshold = 50;
        options.cap = true;
    });
    let keys: Vec<_> = (0..50).map(|_| key()).collect();
    for (number, key) in keys.iter().enumerate() {
        // The later, the nearer to its end.
        folder.put_for(key, HOUR + Duration::from_secs(1000 - number as u64));
    }
    assert_eq!(folder.store.evicted(), 0, "the cap is kept, not undercut");
    let newest = key();
    folder.put_for(&newest, Duration::from_secs(1));
    assert_eq!((folder.files().len(), folder.store.evicted()), (50, 1));
    assert!(
        folder.get(&keys[49]).is_none(),
        "the nearest to its end stayed"
    );
    assert!(folder.get(&newest).is_some(), "the new one went at once");
    for _ in 0..9 {
        folder.put_for(&key(), HOUR * 3);
    }
    assert_eq!(folder.files().len(), 50);
    for key in &keys[..40] {
        assert!(
            folder.get(key).is_some(),
            "one that was far from its end went"
        );
    }
    assert_eq!(folder.count(), 50);
}

#[test]
fn who_was_touched_is_no_longer_near_his_end() {
    let folder = Folder::with(|options| {
        options.threshold = 50;
        options.cap = true;
    });
    let keys: Vec<_> = (0..50).map(|_| key()).collect();
    for (number, key) in keys.iter().enumerate() {
        folder.put_for(key, HOUR + Duration::from_secs(number as u64));
    }
    // Now it is known who is near.
    folder.put_for(&key(), HOUR * 3);
    assert!(run(folder.store.touch(&keys[1], HOUR * 2)).unwrap());
    for _ in 0..3 {
        folder.put_for(&key(), HOUR * 3);
    }
    assert!(folder.get(&keys[1]).is_some());
    assert!(folder.get(&keys[2]).is_none());
}

#[test]
fn far_over_the_cap_it_is_reached_in_small_steps() {
    let folder = Folder::with(|options| options.threshold = 0);
    for _ in 0..400 {
        folder.put_for(&key(), HOUR);
    }
    let mut options = flask_session_stores::filesystem::Options::new(folder.directory());
    options.threshold = 100;
    options.cap = true;
    let store = flask_session_stores::filesystem::FilesystemStore::with_clock(
        options,
        folder.clock.clone(),
    );
    let mut before = folder.files().len();
    for _ in 0..60 {
        let key = key();
        let save = store.save(&key, "payload".into(), HOUR, Expect::Absent);
        assert!(run(save).is_ok());
        let left = folder.files().len();
        assert!(before - left <= 16, "{} at once", before - left);
        before = left;
    }
    assert_eq!(before, 100);
}

#[test]
fn orphans_go_when_their_writer_is_surely_gone() {
    let (folder, key) = (Folder::new(), key());
    folder.put(&key, b"payload");
    let record = folder.files()[0].clone();
    let orphan = |minutes: u64| {
        let path = record.with_extension(format!("{minutes:016x}.tmp"));
        let written = UNIX_EPOCH + Duration::from_millis(folder.clock.now().0);
        let file = File::create(&path).unwrap();
        file.set_modified(written - Duration::from_secs(minutes * 60))
            .unwrap();
        path
    };
    let (old, young) = (orphan(61), orphan(59));
    assert_eq!(
        run(folder.store.sweep(10)).unwrap(),
        0,
        "orphans aren't sessions"
    );
    assert!(!old.exists());
    assert!(young.exists());
    assert!(folder.get(&key).is_some());
    assert_eq!(folder.listed().len(), 1);
}

#[test]
fn a_clock_that_is_set_moves_the_end_of_a_session_by_no_more_than_its_step() {
    let minute = HOUR / 60;
    for (forwards, left) in [(true, 50), (false, 70)] {
        let (folder, key) = (Folder::new(), key());
        folder.put(&key, b"payload");
        if forwards {
            folder.clock.step_forwards(10 * minute);
        } else {
            folder.clock.step_back(10 * minute);
        }
        folder.clock.advance((left - 1) * minute);
        assert_eq!(run(folder.store.sweep(10)).unwrap(), 0);
        assert!(folder.get(&key).is_some());
        folder.clock.advance(minute);
        assert!(folder.get(&key).is_none());
        assert_eq!(run(folder.store.sweep(10)).unwrap(), 1);
    }
}
