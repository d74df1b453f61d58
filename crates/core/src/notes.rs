//! Notes on the types that a stored format can't tell apart (`docs/format.md` §2).

use std::fmt;

use bytes::Bytes;

/// The top-level key that holds the notes. Users never see it.
///
/// ```
/// use flask_session_core::{Data, Format, RESERVED_KEY, Record, Value};
///
/// let mut data = Data::new();
/// data.insert("seen", Value::Tuple(vec![1.into()]));
/// let payload = Record::from_data(&data, Format::Json)?.write(true);
/// assert!(String::from_utf8_lossy(&payload).contains(RESERVED_KEY));
/// # Ok::<(), flask_session_core::Error>(())
/// ```
pub const RESERVED_KEY: &str = "__flask_session__";

/// How deep containers may nest in a session. Deeper data is refused, read or written, so that a
/// hostile record can't exhaust the stack.
///
/// ```
/// use flask_session_core::{Data, Format, MAX_DEPTH, Record, Value};
///
/// let deep = (0..=MAX_DEPTH).fold(Value::Nil, |inner, _| Value::Array(vec![inner]));
/// let mut data = Data::new();
/// data.insert("deep", deep);
/// assert!(Record::from_data(&data, Format::Msgpack).is_err());
/// ```
pub const MAX_DEPTH: usize = 256;

/// What a value was before it was written in a form that the format knows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is named as its type")]
pub enum Tag {
    Tuple,
    Set,
    FrozenSet,
    Deque,
    /// A mapping that compares by order (`OrderedDict`).
    OrderedMap,
    /// A datetime without a zone.
    NaiveDateTime,
    /// A datetime in this zone: an IANA name, or an offset from UTC in seconds.
    AwareDateTime(Box<str>),
    Date,
    Time,
    TimeDelta,
    Decimal,
    Uuid,
    Markup,
    /// An integer that was written as text.
    Integer,
    /// A float that the format can't write, as Python's `repr` of it.
    Float(Box<str>),
    Bytes,
    ByteArray,
    /// `None` as a map key.
    None,
    /// A bool as a map key.
    Bool,
}

impl Tag {
    /// Reads a tag; `None` if it's unknown.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "t" => Self::Tuple,
            "s" => Self::Set,
            "f" => Self::FrozenSet,
            "q" => Self::Deque,
            "o" => Self::OrderedMap,
            "n" => Self::NaiveDateTime,
            "d" => Self::Date,
            "c" => Self::Time,
            "l" => Self::TimeDelta,
            "e" => Self::Decimal,
            "u" => Self::Uuid,
            "m" => Self::Markup,
            "i" => Self::Integer,
            "b" => Self::Bytes,
            "y" => Self::ByteArray,
            "x" => Self::None,
            "B" => Self::Bool,
            _ => match text.split_once(':')? {
                ("z", zone) => Self::AwareDateTime(zone.into()),
                ("r", number) => Self::Float(number.into()),
                _ => return None,
            },
        })
    }

    fn letter(&self) -> (char, Option<&str>) {
        let letter = match self {
            Self::Tuple => 't',
            Self::Set => 's',
            Self::FrozenSet => 'f',
            Self::Deque => 'q',
            Self::OrderedMap => 'o',
            Self::NaiveDateTime => 'n',
            Self::AwareDateTime(zone) => return ('z', Some(zone)),
            Self::Date => 'd',
            Self::Time => 'c',
            Self::TimeDelta => 'l',
            Self::Decimal => 'e',
            Self::Uuid => 'u',
            Self::Markup => 'm',
            Self::Integer => 'i',
            Self::Float(number) => return ('r', Some(number)),
            Self::Bytes => 'b',
            Self::ByteArray => 'y',
            Self::None => 'x',
            Self::Bool => 'B',
        };
        (letter, None)
    }

    /// Whether the tag can be written: `;` ends a note, and other writers should be able to print it.
    fn is_writable(&self) -> bool {
        self.letter()
            .1
            .is_none_or(|text| !text.contains(|c: char| c == ';' || c.is_control()))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.letter() {
            (letter, None) => write!(f, "{letter}"),
            (letter, Some(text)) => write!(f, "{letter}:{text}"),
        }
    }
}

/// One step from a container into it. The order is that of the walk: a key before its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// From the top-level value to its own key.
    OwnKey,
    At(u32, Part),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Key,
    Value,
}

impl Step {
    fn parse(text: &str) -> Option<Self> {
        if text == "k" {
            return Some(Self::OwnKey);
        }
        let (digits, part) = match text.strip_suffix('k') {
            Some(digits) => (digits, Part::Key),
            None => (text, Part::Value),
        };
        let canonical = digits.bytes().all(|byte| byte.is_ascii_digit())
            && (digits.len() == 1 || !digits.starts_with('0'));
        if !canonical {
            return None;
        }
        Some(Self::At(digits.parse().ok()?, part))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OwnKey => f.write_str("k"),
            Self::At(position, Part::Value) => write!(f, "{position}"),
            Self::At(position, Part::Key) => write!(f, "{position}k"),
        }
    }
}

/// Collects the notes of one top-level entry while an encoder walks it. Allocates nothing for
/// flat values without notes.
///
/// Encode the entry's key first (between `enter_own_key` and `leave`), then its value.
///
/// ```
/// use flask_session_core::{NoteTree, NoteWriter, Tag};
///
/// // {"seen": ((1, 2), [{date}])}
/// let mut writer = NoteWriter::new();
/// writer.enter_own_key(); // encode the key here: text needs no note
/// writer.leave();
/// writer.note(Tag::Tuple);
/// writer.enter(0);
/// writer.note(Tag::Tuple);
/// writer.leave();
/// writer.enter(1);
/// writer.enter(0);
/// let mut element = NoteWriter::new(); // sets are sorted first
/// element.note(Tag::Date);
/// writer.note(Tag::Set);
/// writer.enter(0);
/// assert_eq!(writer.depth(), 3);
/// writer.append(&element);
/// writer.leave();
/// writer.leave();
/// writer.leave();
/// assert_eq!(writer.text(), "=t;0=t;1/0=s;1/0/0=d");
///
/// let note = writer.take(b"the value, encoded").expect("something was noted");
/// let tree = NoteTree::parse(note.text());
/// assert_eq!(tree.child(0).and_then(NoteTree::tag), Some(&Tag::Tuple));
///
/// writer.enter_key(2); // the key of an entry further inside
/// writer.note(Tag::parse("i").expect("a tag"));
/// assert_eq!(writer.text(), "2k=i");
/// ```
#[derive(Debug, Default)]
pub struct NoteWriter {
    path: Vec<Step>,
    text: String,
}

impl NoteWriter {
    /// A writer at the top-level value.
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes to an element of an array, or the value of a map's entry, counted from 0.
    #[inline]
    pub fn enter(&mut self, position: usize) {
        self.path.push(Step::At(clamp(position), Part::Value));
    }

    /// Goes to the key of a map's entry, counted from 0.
    pub fn enter_key(&mut self, position: usize) {
        self.path.push(Step::At(clamp(position), Part::Key));
    }

    /// Goes from the top-level value to its own key.
    pub fn enter_own_key(&mut self) {
        self.path.push(Step::OwnKey);
    }

    /// Goes back to the container.
    #[inline]
    pub fn leave(&mut self) {
        self.path.pop();
    }

    /// Containers between here and the top-level value.
    pub fn depth(&self) -> usize {
        self.path.len()
    }

    /// Notes what the value here is. A tag whose text can't be written is left out.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers build the tag for this call"
    )]
    pub fn note(&mut self, tag: Tag) {
        if tag.is_writable() {
            self.begin();
            self.push(format_args!("={tag}"));
        }
    }

    /// Adds the notes of a value that was walked by a writer of its own, as the value here. Sets
    /// need it: their elements have positions only after they are encoded and sorted.
    pub fn append(&mut self, nested: &Self) {
        for note in nested.text.split_terminator(';') {
            self.begin();
            if !self.path.is_empty() && !note.starts_with('=') {
                self.text.push('/');
            }
            self.text.push_str(note);
        }
    }

    /// The notes so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Ends the entry whose value was encoded as `encoded`, and is ready for the next one.
    /// `None` if nothing was noted.
    #[inline]
    pub fn take(&mut self, encoded: &[u8]) -> Option<Note> {
        self.path.clear();
        if self.text.is_empty() {
            return None;
        }
        let text = std::mem::take(&mut self.text);
        Some(Note::new(crc32fast::hash(encoded), text))
    }

    /// Separates notes, and writes the path of the next.
    fn begin(&mut self) {
        if !self.text.is_empty() {
            self.text.push(';');
        }
        for index in 0..self.path.len() {
            let separator = if index == 0 { "" } else { "/" };
            let step = self.path[index];
            self.push(format_args!("{separator}{step}"));
        }
    }

    fn push(&mut self, arguments: fmt::Arguments<'_>) {
        // Writing to a String can't fail.
        let _ = fmt::Write::write_fmt(&mut self.text, arguments);
    }
}

fn clamp(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// The notes of one top-level entry, as they are stored. Cheap to clone.
///
/// ```
/// use flask_session_core::Note;
///
/// let note = Note::new(0xcbf4_3926, "=t");
/// assert!(note.fits(b"123456789") && !note.fits(b"replaced"));
/// assert_eq!((note.checksum(), note.text()), (0xcbf4_3926, "=t"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Note {
    checksum: u32,
    text: Bytes,
}

impl Note {
    /// Notes on a value whose encoded bytes have this checksum (CRC-32).
    pub fn new(checksum: u32, text: impl Into<Bytes>) -> Self {
        Self {
            checksum,
            text: text.into(),
        }
    }

    /// The checksum of the encoded value that the notes describe.
    pub fn checksum(&self) -> u32 {
        self.checksum
    }

    /// The notes; empty if they aren't text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.text).unwrap_or("")
    }

    /// Whether the notes describe this encoded value: another writer may have replaced it.
    pub fn fits(&self, encoded: &[u8]) -> bool {
        self.checksum == crc32fast::hash(encoded)
    }
}

impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Note(..)")
    }
}

/// Notes by where they lead, for a decoder that walks down with the value.
///
/// ```
/// use flask_session_core::{NoteTree, Tag};
///
/// let tree = NoteTree::parse("k=i;=t;0/1k=d;0/1=u");
/// assert_eq!(tree.tag(), Some(&Tag::Tuple));
/// assert_eq!(tree.own_key().and_then(NoteTree::tag), Some(&Tag::Integer));
/// let inner = tree.child(0).expect("something below");
/// assert_eq!(inner.key_child(1).and_then(NoteTree::tag), Some(&Tag::Date));
/// assert!(NoteTree::parse("0=t;=t").is_empty(), "out of order");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NoteTree {
    tag: Option<Tag>,
    /// Whether there is a note here, though its tag may be unknown.
    noted: bool,
    /// Sorted by step.
    children: Vec<(Step, NoteTree)>,
}

impl NoteTree {
    /// Reads notes. Malformed text, or notes out of the order of the walk, give no notes at all;
    /// unknown tags are left out.
    pub fn parse(text: &str) -> Self {
        let mut tree = Self::default();
        for note in text.split(';').filter(|_| !text.is_empty()) {
            if tree.insert(note).is_none() {
                return Self::default();
            }
        }
        tree
    }

    fn insert(&mut self, note: &str) -> Option<()> {
        let (path, tag) = note.split_once('=')?;
        let mut place = self;
        if !path.is_empty() {
            for (depth, text) in path.split('/').enumerate() {
                let step = Step::parse(text)?;
                if depth > MAX_DEPTH || (step == Step::OwnKey && depth > 0) {
                    return None;
                }
                place = place.advance(step)?;
            }
        }
        if place.noted || place.was_walked() {
            return None;
        }
        place.noted = true;
        place.tag = Tag::parse(tag);
        Some(())
    }

    /// Whether something in the value here was noted: a container's own note comes first.
    fn was_walked(&self) -> bool {
        matches!(self.children.last(), Some((Step::At(..), _)))
    }

    /// The last child, which must be at `step` or before it.
    fn advance(&mut self, step: Step) -> Option<&mut Self> {
        match self.children.last() {
            Some((last, _)) if *last > step => return None,
            Some((last, _)) if *last == step => {}
            _ => self.children.push((step, Self::default())),
        }
        self.children.last_mut().map(|(_, child)| child)
    }

    fn at(&self, step: Step) -> Option<&Self> {
        let index = self
            .children
            .binary_search_by(|(candidate, _)| candidate.cmp(&step))
            .ok()?;
        Some(&self.children[index].1)
    }

    /// Whether nothing is noted here or below.
    pub fn is_empty(&self) -> bool {
        self.tag.is_none() && self.children.is_empty()
    }

    /// What the value here is.
    pub fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// The notes of an element of an array, or of the value of a map's entry.
    pub fn child(&self, position: usize) -> Option<&Self> {
        self.at(Step::At(u32::try_from(position).ok()?, Part::Value))
    }

    /// The notes of the key of a map's entry.
    pub fn key_child(&self, position: usize) -> Option<&Self> {
        self.at(Step::At(u32::try_from(position).ok()?, Part::Key))
    }

    /// The notes of the top-level value's own key.
    pub fn own_key(&self) -> Option<&Self> {
        self.at(Step::OwnKey)
    }
}

#[cfg(test)]
mod tests;
