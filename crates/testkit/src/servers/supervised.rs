//! Servers that end with the process that started them, however it ends, so that one may be shared
//! by all tests of a program and kept in a `static`.

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{fs, io, thread};

use flask_session_core::Deadline;

use crate::PATIENCE;

/// The user that servers run as when we are root: several refuse to be root.
const NOBODY: u32 = 65_534;

/// Ends the server when it is told to, or when its input ends, as it does with our end; then nobody
/// else is left to remove the folder.
const SUPERVISOR: &str = r#""$@" >/dev/null 2>&1 &
child=$!
echo started
word=
read word
kill -QUIT $child 2>/dev/null || kill $child 2>/dev/null
wait $child
kill -KILL $child 2>/dev/null
[ "$word" ] || rm -rf "$PWD""#;

/// A server under a supervisor.
#[derive(Debug)]
pub(super) struct Supervised {
    child: Child,
}

impl Supervised {
    /// Starts `program` and waits until `ready` says so.
    pub(super) fn start(
        folder: &Path,
        program: &Path,
        arguments: &[&OsStr],
        ready: impl Fn() -> bool,
    ) -> io::Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", SUPERVISOR, "supervisor"]);
        command.arg(program).args(arguments);
        let child = as_owner(&mut command, folder)?
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let process = Self { child };
        let deadline = Deadline::within(PATIENCE);
        while !ready() {
            if deadline.remaining().is_err() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(process)
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        if let Some(mut input) = self.child.stdin.take() {
            let _ = input.write_all(b"stop\n");
        }
        let _ = self.child.wait();
    }
}

/// Gives `folder`, and what is in it, to the user that servers run as.
pub(super) fn give_away(folder: &Path) -> io::Result<()> {
    if fs::metadata(folder)?.uid() != 0 {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        chown(entry?.path(), Some(NOBODY), Some(NOBODY))?;
    }
    chown(folder, Some(NOBODY), Some(NOBODY))
}

/// Lets a command run as the user who owns `folder`.
pub(super) fn as_owner<'a>(command: &'a mut Command, folder: &Path) -> io::Result<&'a mut Command> {
    if fs::metadata(folder)?.uid() == NOBODY {
        command.uid(NOBODY).gid(NOBODY);
    }
    Ok(command.current_dir(folder))
}
