//! A fuzzer without coverage: real pickles and gadgets, mutated; what gives a new outcome is mutated further.

use std::collections::{HashMap, hash_map::Entry};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use flask_session_core::{Format, Record};
use peak_alloc::PeakAlloc;

use crate::gadgets::gadgets;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Bytes of heap that a read may take: so many for each byte of input, and these beside.
const HEAP_PER_BYTE: usize = 512;
const HEAP_BESIDE: usize = 4 << 20;
/// The longest input; longer ones are cut.
const LONGEST: usize = 16 << 10;
/// How many inputs are kept for mutation.
const POOL: usize = 4096;
/// Longer than any read takes on any machine: what takes longer hangs.
const HANG: Duration = Duration::from_secs(120);

/// When to stop.
#[derive(Debug, Clone, Copy)]
#[allow(dead_code, reason = "a test counts, and the long run takes its time")]
pub(crate) enum Limit {
    Inputs(u64),
    Time(Duration),
}

/// What a run came to.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) inputs: u64,
    pub(crate) accepted: u64,
    /// Different errors, and ways to be accepted.
    pub(crate) outcomes: usize,
    largest_heap: usize,
    of_bytes: usize,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} inputs, {} read, the others refused in {} ways; at most {} kB of heap, for an input of {} bytes",
            self.inputs,
            self.accepted,
            self.outcomes,
            self.largest_heap / 1024,
            self.of_bytes
        )
    }
}

pub(crate) struct Fuzzer {
    random: u64,
    pool: Vec<Vec<u8>>,
    outcomes: HashMap<String, u32>,
    figures: Figures,
}

impl Fuzzer {
    /// Runs with the same seed are the same.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: seed,
            pool: Vec::new(),
            outcomes: HashMap::new(),
            figures: Figures::default(),
        }
    }

    /// Panics, in the words of the assertion, with the input in hexadecimal.
    pub(crate) fn run(mut self, limit: Limit) -> Figures {
        let reads = Arc::new(AtomicU64::new(0));
        watch(Arc::clone(&reads));
        let ended = ends(limit);
        self.pool = pickles().to_vec();
        self.pool
            .extend(gadgets().into_iter().map(|(_, pickle)| pickle));
        for index in 0..self.pool.len() {
            let _ = self.read(&self.pool[index].clone());
        }
        while !ended(self.figures.inputs) {
            let input = self.mutant();
            reads.fetch_add(1, Ordering::Relaxed);
            let outcome = match self.read(&input) {
                Ok(entries) => {
                    self.figures.accepted += 1;
                    format!("read {}", entries.min(8))
                }
                Err(error) => error,
            };
            self.keep(outcome, input);
        }
        reads.store(u64::MAX, Ordering::Relaxed);
        self.figures.outcomes = self.outcomes.len();
        self.figures
    }

    /// Reads one input, as a session's record is read: how many entries it has, or why it is refused.
    pub(crate) fn read(&mut self, input: &[u8]) -> Result<usize, String> {
        let payload = Bytes::copy_from_slice(input);
        HEAP.reset_peak_usage();
        let before = HEAP.current_usage();
        let record = Record::read(&payload, Format::Msgpack, true);
        let taken = HEAP.peak_usage().saturating_sub(before);
        self.figures.inputs += 1;
        if taken > self.figures.largest_heap {
            (self.figures.largest_heap, self.figures.of_bytes) = (taken, input.len());
        }
        assert!(
            taken <= HEAP_PER_BYTE * input.len() + HEAP_BESIDE,
            "{taken} bytes of heap for {} bytes: {}",
            input.len(),
            hexadecimal(input)
        );
        let record = record.map_err(|error| error.to_string())?;
        let Some(record) = record else { return Ok(0) };
        // What was read is rewritten at the next save.
        let again = Record::read(&record.write(true), Format::Msgpack, false);
        assert!(
            again.is_ok_and(|again| again.as_ref() == Some(&record)),
            "rewritten, it is another: {}",
            hexadecimal(input)
        );
        Ok(record.entries().len())
    }

    /// Inputs with outcomes that are rare go into the pool.
    fn keep(&mut self, outcome: String, input: Vec<u8>) {
        let seen = match self.outcomes.entry(outcome) {
            Entry::Occupied(seen) => seen.into_mut(),
            Entry::Vacant(new) if new.key().len() < 300 => new.insert(0),
            Entry::Vacant(_) => return,
        };
        *seen += 1;
        if *seen > 20 || input.len() > LONGEST {
            return;
        }
        if self.pool.len() < POOL {
            self.pool.push(input);
        } else {
            let place = pickles().len() + self.below(POOL - pickles().len());
            self.pool[place] = input;
        }
    }

    fn mutant(&mut self) -> Vec<u8> {
        let mut input = self.picked();
        for _ in 0..=self.below(3) {
            self.mutate(&mut input);
        }
        input.truncate(LONGEST);
        // Without its end nearly nothing would be read.
        if self.below(8) > 0 && input.last() != Some(&b'.') {
            input.push(b'.');
        }
        input
    }

    fn picked(&mut self) -> Vec<u8> {
        // Half of them real ones: of the others, fewer are read.
        let among = [pickles().len(), self.pool.len()][self.below(2)];
        let place = self.below(among);
        let input = &self.pool[place];
        input[..input.len().min(LONGEST)].to_vec()
    }

    fn mutate(&mut self, input: &mut Vec<u8>) {
        let place = self.below(input.len() + 1);
        let end = (place + 1 + self.below(16)).min(input.len());
        match self.below(8) {
            0 if place < input.len() => input[place] ^= 1 << self.below(8),
            1 if place < input.len() => input[place] = self.byte(),
            2 if place < end => drop(input.drain(place..end)),
            3 if place < end => {
                let part = input[place..end].repeat(1 + self.below(6));
                input.splice(place..place, part);
            }
            4 => {
                let other = self.picked();
                let from = self.below(other.len() + 1);
                let to = (from + self.below(64)).min(other.len());
                input.splice(place..place, other[from..to].iter().copied());
            }
            5 => input.truncate(place),
            _ => {
                let token = TOKENS[self.below(TOKENS.len())];
                input.splice(place..place, token.iter().copied());
            }
        }
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).unwrap();
        usize::try_from(self.next() % end).unwrap()
    }

    /// `SplitMix64`.
    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Operations with operands that matter.
const TOKENS: &[&[u8]] = &[
    b"(",
    b"0",
    b"1",
    b"2",
    b"N",
    b"}",
    b"]",
    b")",
    b"a",
    b"e",
    b"s",
    b"u",
    b"t",
    b"l",
    b"d",
    b"R",
    b"b",
    b"\x81",
    b"\x85",
    b"\x86",
    b"\x87",
    b"\x8f",
    b"\x90",
    b"\x91",
    b"\x93",
    b"\x94",
    b"h\0",
    b"h\x01",
    b"q\0",
    b"q\x01",
    b"j\0\0\0\0",
    b"r\xff\xff\xff\xff",
    b"g0\n",
    b"p0\n",
    b"K\x01",
    b"M\xff\xff",
    b"J\xff\xff\xff\xff",
    b"I01\n",
    b"I1\n",
    b"L1L\n",
    b"F1e999\n",
    b"Fnan\n",
    b"G\x7f\xf8\0\0\0\0\0\0",
    b"\x8a\x01\x80",
    b"\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\0",
    b"\x8b\xff\xff\xff\x7f",
    b"S'a'\n",
    b"S'int'\n",
    b"V\\ud83d\n",
    b"U\x01a",
    b"U\x01\xff",
    b"T\x01\0\0\0a",
    b"X\x01\0\0\0a",
    b"\x8c\x01a",
    b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff",
    b"C\x01a",
    b"C\x0a\x07\xe4\x01\x01\0\0\0\0\0\0",
    b"B\xff\xff\xff\xff",
    b"\x96\x01\0\0\0\0\0\0\0a",
    b"\x95\0\0\0\0\0\0\0\0",
    b"\x80\x04",
    b"\x88",
    b"cbuiltins\nset\n",
    b"cbuiltins\nfrozenset\n",
    b"cbuiltins\nbytearray\n",
    b"cbuiltins\nlist\n",
    b"cbuiltins\nobject\n",
    b"cdatetime\ndatetime\n",
    b"cdatetime\ntime\n",
    b"cdatetime\ndate\n",
    b"cdatetime\ntimedelta\n",
    b"cdatetime\ntimezone\n",
    b"cdecimal\nDecimal\n",
    b"cuuid\nUUID\n",
    b"cmarkupsafe\nMarkup\n",
    b"ccollections\nOrderedDict\n",
    b"ccollections\ndefaultdict\n",
    b"ccollections\ndeque\n",
    b"c_codecs\nencode\n",
    b"ccopyreg\n_reconstructor\n",
    b"cpytz\n_p\n",
    b"cpytz\n_UTC\n",
    b"cdateutil.tz.tz\ntzoffset\n",
    b"\x8c\x08zoneinfo\x8c\x11ZoneInfo._unpickle\x93",
    b"\x8c\x03UTC",
    b"cos\nsystem\n",
    b"\x82\x01",
    b"Pid\n",
    b".",
];

/// Whether it is time to stop.
fn ends(limit: Limit) -> Box<dyn Fn(u64) -> bool> {
    match limit {
        Limit::Inputs(most) => Box::new(move |inputs| inputs >= most),
        Limit::Time(time) => {
            let over = Arc::new(AtomicU64::new(0));
            let told = Arc::clone(&over);
            thread::spawn(move || {
                thread::sleep(time);
                over.store(1, Ordering::Relaxed);
            });
            Box::new(move |_| told.load(Ordering::Relaxed) == 1)
        }
    }
}

/// Ends the process if one read doesn't end.
fn watch(reads: Arc<AtomicU64>) {
    thread::spawn(move || {
        let mut before = reads.load(Ordering::Relaxed);
        loop {
            thread::sleep(HANG);
            let now = reads.load(Ordering::Relaxed);
            if now == u64::MAX {
                return;
            }
            if now == before {
                eprintln!("input {now} of this seed hangs");
                std::process::abort();
            }
            before = now;
        }
    });
}

/// The pickles of `vectors/`: every type that is read, protocols 0 to 5, of Python 2 and 3.
fn pickles() -> &'static [Vec<u8>] {
    static PICKLES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    PICKLES.get_or_init(|| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/pickles.json");
        let vectors: serde_json::Value =
            serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let pickles = vectors.as_array().unwrap().iter();
        pickles
            .map(|vector| bytes_of(vector["pickle"].as_str().unwrap()))
            .collect()
    })
}

fn bytes_of(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().as_chunks::<2>().0.iter();
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn hexadecimal(input: &[u8]) -> String {
    use fmt::Write;
    input.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
