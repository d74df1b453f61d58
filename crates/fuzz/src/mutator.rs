//! Changes inputs at random, the same way for the same seed.

/// Makes new inputs of known ones.
#[derive(Debug)]
pub struct Mutator {
    random: u64,
    inputs: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
}

impl Mutator {
    /// Of these inputs, and of words that mean something to their reader.
    #[must_use]
    pub fn new(seed: u64, inputs: Vec<Vec<u8>>, words: Vec<Vec<u8>>) -> Self {
        Self {
            random: seed,
            inputs,
            words,
        }
    }

    /// One of the inputs, with one to three changes.
    pub fn next_input(&mut self) -> Vec<u8> {
        let mut input = self.picked();
        for _ in 0..=self.below(3) {
            self.mutate(&mut input);
        }
        input
    }

    fn picked(&mut self) -> Vec<u8> {
        let place = self.below(self.inputs.len());
        self.inputs[place].clone()
    }

    fn mutate(&mut self, input: &mut Vec<u8>) {
        let place = self.below(input.len() + 1);
        let end = (place + 1 + self.below(16)).min(input.len());
        match self.below(8) {
            0 if place < input.len() => input[place] ^= 1 << self.below(8),
            1 if place < input.len() => input[place] = self.next().to_le_bytes()[0],
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
            _ if !self.words.is_empty() => {
                let number = self.below(self.words.len());
                let word = self.words[number].clone();
                input.splice(place..place, word);
            }
            _ => {}
        }
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
