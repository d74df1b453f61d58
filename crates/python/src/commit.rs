//! `Commit`: what one request did to a session, on its way into a store.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use flask_session_core::{
    Commit as Machine, Deleted, Edit, Entry, Expect, Key, Loaded, OnConflict, Operation, Outcome,
    Record as Content, Reply, Revision, Saved, Step, Target,
};
use pyo3::exceptions::{PyBaseException, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

use crate::codec::Instead;
use crate::codec_class::{Codec, payload_bytes};
use crate::error::raise;
use crate::record::{Pending, Record, Stored, put};

/// See `_core.pyi`.
#[pyclass(frozen, module = "flask_session._core")]
pub(crate) struct Commit {
    state: Mutex<State>,
    /// What this request holds, to tell which values `settle` must replace.
    mine: Content,
    codec: Codec,
}

struct State {
    machine: Machine,
    progress: Progress,
}

enum Progress {
    NotStarted,
    Asking(Operation),
    Over {
        ending: Ending,
        stored: Option<Arc<Stored>>,
    },
    /// An error ended it.
    Failed,
}

/// Core's `Outcome` without its record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Unchanged,
    Touched,
    Stored,
    Merged,
    Deleted,
    Gone,
}

impl Ending {
    fn name(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Touched => "touched",
            Self::Stored => "stored",
            Self::Merged => "merged",
            Self::Deleted => "deleted",
            Self::Gone => "gone",
        }
    }
}

#[pymethods]
impl Commit {
    #[new]
    #[pyo3(signature = (
        codec, session, key, *, record=None, renewed_from=None, adopted=false, overwrite=false,
        assigned=None, deleted=None, cleared=false, touch=false
    ))]
    #[expect(
        clippy::too_many_arguments,
        clippy::fn_params_excessive_bools,
        reason = "the contract of _core.pyi, by keyword"
    )]
    pub(crate) fn new(
        codec: &Codec,
        session: &Bound<'_, PyDict>,
        key: &str,
        record: Option<&Record>,
        renewed_from: Option<&str>,
        adopted: bool,
        overwrite: bool,
        assigned: Option<&Bound<'_, PyAny>>,
        deleted: Option<&Bound<'_, PyAny>>,
        cleared: bool,
        touch: bool,
    ) -> PyResult<Self> {
        let key = Key::from_text(key);
        let target = match renewed_from {
            _ if adopted => Target::Adopted(key),
            Some(from) => Target::Renewed {
                from: Key::from_text(from),
                to: key,
            },
            None => Target::Same(key),
        };
        let entries = encode_session(codec, session)?;
        let edit = Edit {
            entries,
            assigned: encode_keys(codec, assigned)?,
            deleted: encode_keys(codec, deleted)?,
            cleared,
        };
        let on_conflict = if overwrite {
            OnConflict::Overwrite
        } else {
            OnConflict::Merge
        };
        let base = record.map(|record| record.0.base.clone());
        let machine =
            Machine::new(target, base, edit, codec.encoding(), on_conflict).map_err(raise)?;
        let machine = if touch { machine.touching() } else { machine };
        let mine = machine.content().clone();
        let state = State {
            machine,
            progress: Progress::NotStarted,
        };
        Ok(Self {
            state: Mutex::new(state),
            mine,
            codec: codec.clone(),
        })
    }

    #[getter]
    fn outcome(&self) -> Option<&'static str> {
        self.ending().map(Ending::name)
    }

    #[getter]
    pub(crate) fn record(&self) -> Option<Record> {
        self.stored().map(Record)
    }

    pub(crate) fn settle(&self, py: Python<'_>, session: &Bound<'_, PyDict>) -> PyResult<()> {
        let Some(stored) = self.stored() else {
            return Ok(());
        };
        let mine: HashSet<&Entry> = self.mine.entries().iter().collect();
        let merged = PyDict::new(py);
        for (index, entry) in stored.entries().iter().enumerate() {
            let key = stored.key(py, entry)?;
            let unchanged = mine.contains(entry);
            match session.get_item(&key)?.filter(|_| unchanged) {
                Some(value) => merged.set_item(key, value)?,
                None => put(py, &merged, &stored, index)?,
            }
        }
        session.clear();
        merged
            .iter()
            .try_for_each(|(key, value)| session.set_item(key, value))
    }

    #[pyo3(signature = (reply=None))]
    fn next<'py>(
        &self,
        py: Python<'py>,
        reply: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let mut state = self.lock();
        let step = match std::mem::replace(&mut state.progress, Progress::Failed) {
            Progress::NotStarted => state.machine.start().map_err(raise)?,
            Progress::Asking(operation) => {
                let reply = read_reply(&operation, reply)?;
                state.machine.resume(reply).map_err(raise)?
            }
            over @ Progress::Over { .. } => {
                state.progress = over;
                return Ok(None);
            }
            Progress::Failed => return Err(PyRuntimeError::new_err("this commit has failed")),
        };
        match step {
            Step::Ask(operation) => {
                let described = describe(py, &operation)?;
                state.progress = Progress::Asking(operation);
                Ok(Some(described))
            }
            Step::Done(outcome) => {
                state.progress = over(outcome, &self.codec);
                Ok(None)
            }
        }
    }
}

impl Commit {
    /// Hands the machine to `run`, which drives it to its end.
    pub(crate) fn drive(
        &self,
        run: impl FnOnce(&mut Machine) -> flask_session_core::Result<Outcome>,
    ) -> flask_session_core::Result<()> {
        let mut state = self.lock();
        let result = run(&mut state.machine);
        state.progress = Progress::Failed;
        state.progress = over(result?, &self.codec);
        Ok(())
    }

    /// Whether it does nothing but restart the time to live.
    pub(crate) fn touches(&self) -> bool {
        self.lock().machine.is_touching()
    }

    pub(crate) fn ending(&self) -> Option<Ending> {
        match self.lock().progress {
            Progress::Over { ending, .. } => Some(ending),
            _ => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stored(&self) -> Option<Arc<Stored>> {
        match &self.lock().progress {
            Progress::Over { stored, .. } => stored.clone(),
            _ => None,
        }
    }
}

fn over(outcome: Outcome, codec: &Codec) -> Progress {
    let (ending, base) = match outcome {
        Outcome::Unchanged => (Ending::Unchanged, None),
        Outcome::Touched => (Ending::Touched, None),
        Outcome::Stored(base) => (Ending::Stored, Some(base)),
        Outcome::Merged(base) => (Ending::Merged, Some(base)),
        Outcome::Deleted => (Ending::Deleted, None),
        Outcome::Gone => (Ending::Gone, None),
    };
    Progress::Over {
        ending,
        stored: base.map(|base| Stored::new(base, codec)),
    }
}

/// The session's entries, read past overridden methods. A value that nobody looked at is copied
/// as it lies.
fn encode_session(codec: &Codec, session: &Bound<'_, PyDict>) -> PyResult<Vec<Entry>> {
    codec.conversion.encode_entries(session, |value| {
        let Ok(pending) = value.cast_exact::<Pending>() else {
            return Ok(None);
        };
        Ok(Some(
            match pending.get().entry_in(codec.conversion.format) {
                Some(entry) => Instead::Entry(entry.clone()),
                None => Instead::Value(pending.get().load(value.py())?),
            },
        ))
    })
}

fn encode_keys(codec: &Codec, keys: Option<&Bound<'_, PyAny>>) -> PyResult<BTreeSet<Bytes>> {
    let Some(keys) = keys else {
        return Ok(BTreeSet::new());
    };
    // First all of them: a key may run Python code, and another thread note one more.
    let keys: Vec<_> = keys.try_iter()?.collect::<PyResult<_>>()?;
    codec.conversion.encode_keys(&keys)
}

fn describe<'py>(py: Python<'py>, operation: &Operation) -> PyResult<Bound<'py, PyTuple>> {
    let mode = |expect: &Expect| match expect {
        Expect::Absent => ("absent", None),
        Expect::Anything => ("anything", None),
        Expect::Revision(revision) => {
            let old = revision.payload().map(|payload| PyBytes::new(py, payload));
            ("revision", old)
        }
    };
    match operation {
        Operation::Load(key) => ("load", key.as_str()).into_pyobject(py),
        Operation::Touch(key) => ("touch", key.as_str()).into_pyobject(py),
        Operation::Save(key, payload, expect) => {
            let (mode, old) = mode(expect);
            ("save", key.as_str(), PyBytes::new(py, payload), mode, old).into_pyobject(py)
        }
        Operation::Delete(key, expect) => {
            let (mode, old) = mode(expect);
            ("delete", key.as_str(), mode, old).into_pyobject(py)
        }
    }
}

fn read_reply(operation: &Operation, reply: Option<&Bound<'_, PyAny>>) -> PyResult<Reply> {
    if reply.is_some_and(PyAnyMethods::is_instance_of::<PyBaseException>) {
        return Ok(Reply::Lost);
    }
    Ok(match operation {
        Operation::Load(_) => {
            let payload = reply
                .filter(|reply| !reply.is_none())
                .map(payload_bytes)
                .transpose()?;
            Reply::Loaded(payload.map(|payload| Loaded {
                revision: Revision::of_payload(payload.clone()),
                payload,
                remaining: None,
            }))
        }
        Operation::Save(_, payload, _) => {
            let saved = reply.is_some_and(|reply| reply.is_truthy().unwrap_or(false));
            Reply::Saved(if saved {
                Saved::Stored(Revision::of_payload(payload.clone()))
            } else {
                Saved::Conflict
            })
        }
        Operation::Touch(_) => {
            Reply::Touched(reply.is_some_and(|reply| reply.is_truthy().unwrap_or(false)))
        }
        Operation::Delete(..) => {
            let text = reply.map(PyAnyMethods::extract::<String>).transpose()?;
            Reply::Deleted(match text.as_deref() {
                Some("absent") => Deleted::Absent,
                Some("conflict") => Deleted::Conflict,
                _ => Deleted::Removed,
            })
        }
    })
}
