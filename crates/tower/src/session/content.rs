//! What a loaded session holds, and what the request did to it.

use std::collections::BTreeSet;

use bytes::Bytes;
use flask_session_core::{
    Base, Data, Edit, Entry, Error, ErrorKind, Format, Record, Result, SessionId, Target, Value,
};

use crate::site::Site;

/// Where Flask keeps the permanent flag.
pub(super) const PERMANENT: &str = "_permanent";

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the request"
)]
pub(super) struct Content {
    format: Format,
    /// What it holds now, once that was changed; until then it is what was loaded.
    changed: Option<Vec<Entry>>,
    /// What was loaded or stored last, and under which id.
    pub(super) base: Option<(SessionId, Base)>,
    id: Option<SessionId>,
    /// The id was changed; the record still lies under the old one.
    renewed: bool,
    assigned: BTreeSet<Bytes>,
    deleted: BTreeSet<Bytes>,
    cleared: bool,
    /// Something was assigned or removed.
    pub(super) modified: bool,
    /// Its life was extended when it was loaded.
    pub(super) extended: bool,
    /// The response has been made.
    pub(super) sent: bool,
    /// Something was changed after that, and not committed.
    late: bool,
    /// Why it could not be loaded: it is empty then, and stays so.
    failure: Option<(ErrorKind, String)>,
}

impl Content {
    /// A session that nobody has stored.
    pub(super) fn new(site: &Site) -> Result<Self> {
        let mut content = Self {
            format: site.config.format,
            changed: None,
            base: None,
            id: None,
            renewed: false,
            assigned: BTreeSet::new(),
            deleted: BTreeSet::new(),
            cleared: false,
            modified: false,
            extended: false,
            sent: false,
            late: false,
            failure: None,
        };
        if site.config.permanent {
            let flag = Entry::encode(&PERMANENT.into(), &true.into(), content.format)?;
            content.entries_mut().push(flag);
        }
        Ok(content)
    }

    /// A session as it was loaded.
    pub(super) fn stored(id: SessionId, base: Base, extended: bool) -> Self {
        Self {
            format: base.record.format(),
            changed: None,
            id: Some(id.clone()),
            base: Some((id, base)),
            renewed: false,
            assigned: BTreeSet::new(),
            deleted: BTreeSet::new(),
            cleared: false,
            modified: false,
            extended,
            sent: false,
            late: false,
            failure: None,
        }
    }

    /// An empty session instead of one that could not be loaded.
    pub(super) fn unavailable(site: &Site, failure: &Error) -> Result<Self> {
        let mut content = Self::new(site)?;
        content.failure = Some((failure.kind(), failure.to_string()));
        Ok(content)
    }

    /// Fails where a change would be lost.
    pub(super) fn check_changeable(&self) -> Result<()> {
        let Some((kind, failure)) = &self.failure else {
            return Ok(());
        };
        let detail = format!(
            "this session is empty and can't be changed, because it could not be loaded \
             (SESSION_ON_STORE_FAILURE is null): {failure}"
        );
        Err(Error::new(*kind, detail))
    }

    fn entries(&self) -> &[Entry] {
        match (&self.changed, &self.base) {
            (Some(entries), _) => entries,
            (None, Some((_, base))) => base.record.entries(),
            (None, None) => &[],
        }
    }

    fn entries_mut(&mut self) -> &mut Vec<Entry> {
        let base = self.base.as_ref();
        let loaded = || base.map(|(_, base)| base.record.entries().to_vec());
        self.changed
            .get_or_insert_with(|| loaded().unwrap_or_default())
    }

    /// What was loaded, while nothing was changed.
    fn unchanged(&self) -> Option<&Record> {
        match (&self.changed, &self.base) {
            (None, Some((_, base))) => Some(&base.record),
            _ => None,
        }
    }

    fn place(&self, key: &[u8]) -> Option<usize> {
        self.entries().iter().position(|entry| entry.key == key)
    }

    pub(super) fn contains(&self, key: &str) -> bool {
        self.place(&self.format.encode_key(key)).is_some()
    }

    pub(super) fn value(&self, key: &str) -> Result<Option<Value>> {
        let place = self.place(&self.format.encode_key(key));
        let decoded = place.map(|place| self.entries()[place].decode(self.format));
        Ok(decoded.transpose()?.map(|(_, value)| value))
    }

    pub(super) fn keys(&self) -> Result<Vec<String>> {
        let keys = self
            .entries()
            .iter()
            .map(|entry| entry.decode_key(self.format));
        let texts = keys.filter_map(|key| match key {
            Ok(Value::Str(text)) => Some(Ok(text)),
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        });
        texts.collect()
    }

    pub(super) fn data(&self) -> Result<Data> {
        let entries = self.entries().iter().map(|entry| entry.decode(self.format));
        entries.collect()
    }

    pub(super) fn is_new(&self) -> bool {
        self.base.is_none()
    }

    pub(super) fn permanent(&self) -> bool {
        match self.unchanged() {
            Some(record) => record.permanent(),
            None => matches!(self.value(PERMANENT), Ok(Some(Value::Bool(true)))),
        }
    }

    /// Whether nothing but the permanent flag is in it.
    pub(super) fn is_empty(&self) -> bool {
        if let Some(record) = self.unchanged() {
            return record.is_empty();
        }
        let permanent = self.format.encode_key(PERMANENT);
        self.entries().iter().all(|entry| entry.key == permanent)
    }

    fn change(&mut self) {
        self.modified = true;
        self.late |= self.sent;
    }

    pub(super) fn assign(&mut self, key: &str, value: &Value) -> Result<()> {
        let entry = Entry::encode(&key.into(), value, self.format)?;
        self.assigned.insert(entry.key.clone());
        match self.place(&entry.key) {
            Some(place) => self.entries_mut()[place] = entry,
            None => self.entries_mut().push(entry),
        }
        self.change();
        Ok(())
    }

    /// Assigns a value unless it is there already.
    pub(super) fn replace(&mut self, key: &str, value: &Value) -> Result<()> {
        if self.value(key)?.is_some_and(|old| old == *value) {
            return Ok(());
        }
        self.assign(key, value)
    }

    pub(super) fn remove(&mut self, key: &str) -> bool {
        let key = self.format.encode_key(key);
        let Some(place) = self.place(&key) else {
            return false;
        };
        self.entries_mut().remove(place);
        self.deleted.insert(key.into());
        self.change();
        true
    }

    pub(super) fn clear(&mut self) -> Result<()> {
        let permanent = self.permanent();
        self.changed = Some(Vec::new());
        self.cleared = true;
        self.assign(PERMANENT, &permanent.into())
    }

    pub(super) fn renew(&mut self, site: &Site) -> Result<()> {
        self.id = Some(site.new_id()?);
        self.renewed = self.base.is_some();
        self.change();
        Ok(())
    }

    pub(super) fn destroy(&mut self, site: &Site) -> Result<()> {
        self.changed = Some(Vec::new());
        self.cleared = true;
        if site.config.permanent {
            self.assign(PERMANENT, &true.into())?;
        }
        self.renew(site)
    }

    pub(super) fn id(&mut self, site: &Site) -> Result<SessionId> {
        match &self.id {
            Some(id) => Ok(id.clone()),
            None => Ok(self.id.insert(site.new_id()?).clone()),
        }
    }

    /// Whether a browser must be told an id that it doesn't have.
    pub(super) fn needs_cookie(&self) -> bool {
        self.base.is_none() || self.renewed
    }

    /// Whether the store holds it as it is, as far as this request knows.
    pub(super) fn is_stored(&self) -> bool {
        self.unchanged().is_some() && !self.renewed
    }

    /// The record that a commit is about.
    pub(super) fn target(&mut self, site: &Site) -> Result<Target> {
        let to = site.key(&self.id(site)?);
        Ok(match &self.base {
            Some((id, _)) if self.renewed => Target::Renewed {
                from: site.key(id),
                to,
            },
            _ => Target::Same(to),
        })
    }

    pub(super) fn edit(&self) -> Edit {
        Edit {
            entries: self.entries().to_vec(),
            assigned: self.assigned.clone(),
            deleted: self.deleted.clone(),
            cleared: self.cleared,
        }
    }

    /// A commit wrote `base`: the next one starts from it.
    pub(super) fn settle(&mut self, id: SessionId, base: Base) {
        self.changed = None;
        self.base = Some((id, base));
        self.forget_changes();
    }

    /// A commit deleted the record: what comes next is another session.
    pub(super) fn settle_deleted(&mut self) {
        // What it holds doesn't go with the base.
        self.entries_mut();
        self.base = None;
        self.id = None;
        self.forget_changes();
    }

    pub(super) fn forget_changes(&mut self) {
        self.renewed = false;
        self.cleared = false;
        self.late = false;
        self.assigned.clear();
        self.deleted.clear();
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        if self.late {
            tracing::warn!(
                "a session was changed after its response was made, and not committed: the change \
                 is lost; call Session::commit"
            );
        }
    }
}
