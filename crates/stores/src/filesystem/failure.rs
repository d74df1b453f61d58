//! What the operating system refused, in our words.

use std::io;

use flask_session_core::{Error, ErrorKind};

/// The error for a failed system call. `doing` says what was tried, in a few words without path
/// or key.
pub(super) fn refused(doing: &str, error: io::Error) -> Error {
    let (kind, hint) = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            (ErrorKind::Refused, "; free some space")
        }
        io::ErrorKind::PermissionDenied => (
            ErrorKind::Refused,
            "; the user that runs the application must own SESSION_FILE_DIR",
        ),
        io::ErrorKind::ReadOnlyFilesystem => {
            (ErrorKind::Refused, "; SESSION_FILE_DIR must be writable")
        }
        io::ErrorKind::FileTooLarge => (
            ErrorKind::Refused,
            "; raise the limit on the size of files (ulimit -f)",
        ),
        io::ErrorKind::Unsupported => (
            ErrorKind::Unsupported,
            "; SESSION_FILE_DIR must be on a file system with locks, best a local disk",
        ),
        io::ErrorKind::NotADirectory
        | io::ErrorKind::InvalidFilename
        | io::ErrorKind::InvalidInput => (
            ErrorKind::Misconfigured,
            "; SESSION_FILE_DIR must name a folder, or one that can be made",
        ),
        _ => match error.raw_os_error() {
            Some(libc::EMFILE | libc::ENFILE) => (
                ErrorKind::Unreachable,
                "; raise the limit on open files (ulimit -n)",
            ),
            Some(libc::ELOOP) => (
                ErrorKind::Misconfigured,
                "; a symbolic link lies where our own files belong",
            ),
            Some(libc::ENOLCK | libc::EOPNOTSUPP) => (
                ErrorKind::Unsupported,
                "; SESSION_FILE_DIR must be on a file system with locks, best a local disk",
            ),
            _ => (ErrorKind::Unreachable, ""),
        },
    };
    Error::new(kind, format!("{doing}: {error}{hint}")).caused_by(error)
}

/// Whether the call failed only because the file, or a folder above it, isn't there.
pub(super) fn is_missing(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_the_kind_that_a_caller_can_act_on() {
        for (number, kind, word) in [
            (libc::ENOSPC, ErrorKind::Refused, "space"),
            (libc::EDQUOT, ErrorKind::Refused, "space"),
            (libc::EFBIG, ErrorKind::Refused, "ulimit -f"),
            (libc::EACCES, ErrorKind::Refused, "SESSION_FILE_DIR"),
            (libc::EROFS, ErrorKind::Refused, "SESSION_FILE_DIR"),
            (libc::EMFILE, ErrorKind::Unreachable, "ulimit"),
            (libc::ENOTDIR, ErrorKind::Misconfigured, "SESSION_FILE_DIR"),
            (
                libc::ENAMETOOLONG,
                ErrorKind::Misconfigured,
                "SESSION_FILE_DIR",
            ),
            (libc::ELOOP, ErrorKind::Misconfigured, "link"),
            (libc::ENOLCK, ErrorKind::Unsupported, "locks"),
            (libc::EIO, ErrorKind::Unreachable, "trying"),
        ] {
            let error = refused("trying", io::Error::from_raw_os_error(number));
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(word), "{error}");
        }
    }
}
