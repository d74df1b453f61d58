//! What a fuzzer calls.

use crate::TARGETS;

/// One way for strangers' bytes to come in.
#[derive(Debug)]
pub struct Target {
    /// Its name, also of its seeds' folder and its dictionary.
    pub name: &'static str,
    /// Takes one input or refuses it: true if it was taken. Panics if what must hold doesn't.
    pub run: fn(&[u8]) -> bool,
}

/// The longest input; longer ones are cut, since only what grows faster than they do is a fault.
const LONGEST: usize = 16 << 10;

impl Target {
    /// Runs one input of a fuzzer.
    pub fn fuzz(&self, input: &[u8]) -> bool {
        (self.run)(&input[..input.len().min(LONGEST)])
    }
}

/// The target with this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
