//! Words that mean something to a target, in the form that fuzzers read: a quoted word a line, `\x..` for a byte.

use std::path::Path;

/// The words of a target; none if it has no dictionary.
#[must_use]
pub fn read(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("dictionaries");
    let path = folder.join(name).with_extension("dict");
    let Ok(text) = std::fs::read_to_string(&path) else {
        return Vec::new();
    };
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(word).collect()
}

fn word(line: &str) -> Vec<u8> {
    let quoted = line
        .strip_prefix('"')
        .and_then(|line| line.strip_suffix('"'));
    let mut rest = quoted.unwrap().as_bytes();
    let mut word = Vec::new();
    loop {
        match rest {
            [] => return word,
            [b'\\', b'x', high, low, tail @ ..] => {
                let digit = |digit: &u8| u8::try_from(char::from(*digit).to_digit(16).unwrap());
                word.push(digit(high).unwrap() << 4 | digit(low).unwrap());
                rest = tail;
            }
            [b'\\', byte, tail @ ..] | [byte, tail @ ..] => {
                word.push(*byte);
                rest = tail;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn a_word_is_what_stands_between_the_quotes() {
        assert_eq!(word(r#""a\"\\\x0a\xffz""#), b"a\"\\\n\xffz");
    }
}
