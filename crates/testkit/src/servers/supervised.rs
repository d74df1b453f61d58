//! Servers that end with the process that started them, however it ends, so that one may be shared
//! by all tests of a program and kept in a `static`.

use std::ffi::OsStr;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{fs, io, thread};

use flask_session_core::Deadline;

use super::START;

/// The user that servers run as when we are root: several refuse to be root.
const NOBODY: u32 = 65_534;

/// Waits for the end of its input, which comes with our end, and then ends the server.
const SUPERVISOR: &str = r#""$@" >/dev/null 2>&1 &
child=$!
echo started
cat >/dev/null
kill -QUIT $child 2>/dev/null || kill $child 2>/dev/null
wait $child
kill -KILL $child 2>/dev/null
exit 0"#;

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
        let deadline = Deadline::within(START);
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
        drop(self.child.stdin.take());
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
