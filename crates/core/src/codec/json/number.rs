//! JSON numbers: integers of any size, or floats.

use super::{NUMBER, Result, SYNTAX, Token};

/// Powers of ten that a float holds exactly.
const EXACT: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// So many digits fit 64 bits, signed.
const DIGITS: usize = 18;

/// Digits being read: their number, and their value if it is [`DIGITS`] at most.
#[derive(Clone, Copy, Default)]
struct Digits {
    count: usize,
    value: u64,
}

impl Digits {
    #[inline]
    fn read(mut self, bytes: &[u8]) -> Self {
        for byte in bytes {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            self.value = self.value.wrapping_mul(10).wrapping_add(digit.into());
            self.count += 1;
        }
        self
    }
}

/// The number at the front of `input`, which isn't empty, and its length.
#[inline(always)]
pub(super) fn number(input: &str) -> Result<(Token<'_>, usize)> {
    let bytes = input.as_bytes();
    let negative = bytes.first() == Some(&b'-');
    let start = usize::from(negative);
    let digits = &bytes[start..];
    let whole = Digits::default().read(digits);
    if whole.count == 0 {
        return Err(SYNTAX);
    }
    if whole.count > 1 && digits[0] == b'0' {
        return Err(NUMBER);
    }
    let end = start + whole.count;
    match bytes.get(end) {
        Some(b'.' | b'e' | b'E') => float(input, negative, whole, end),
        _ if whole.count <= DIGITS => {
            let value = whole.value.cast_signed();
            Ok((Token::Int(if negative { -value } else { value }), end))
        }
        _ => Ok((large(&input[..end]), end)),
    }
}

#[cold]
fn large(text: &str) -> Token<'_> {
    match (text.parse::<i64>(), text.parse::<u64>()) {
        (Ok(number), _) => Token::Int(number),
        (_, Ok(number)) => Token::UInt(number),
        _ => Token::BigInt(text),
    }
}

/// A number with a fraction or an exponent, which begins at `end`.
#[inline(never)]
fn float(input: &str, negative: bool, whole: Digits, mut end: usize) -> Result<(Token<'_>, usize)> {
    let bytes = input.as_bytes();
    if bytes[end] == b'.' {
        let all = whole.read(&bytes[end + 1..]);
        if all.count == whole.count {
            return Err(NUMBER);
        }
        end += 1 + all.count - whole.count;
        let exponent = matches!(bytes.get(end), Some(b'e' | b'E'));
        if !exponent && all.count <= DIGITS && all.value <= 1 << f64::MANTISSA_DIGITS {
            // Both are exact, and so the quotient is the float that is nearest to the number.
            #[expect(clippy::cast_precision_loss, reason = "there is none up to 2^53")]
            let number = all.value as f64 / EXACT[all.count - whole.count];
            return Ok((Token::Float(if negative { -number } else { number }), end));
        }
    }
    if let Some(b'e' | b'E') = bytes.get(end) {
        end += 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = Digits::default().read(bytes.get(end..).unwrap_or_default());
        if exponent.count == 0 {
            return Err(NUMBER);
        }
        end += exponent.count;
    }
    match input[..end].parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((Token::Float(number), end)),
        _ => Err(NUMBER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_float_is_the_one_that_the_standard_library_reads() {
        let whole = [
            "0",
            "-0",
            "7",
            "-12",
            "9007199254740992",
            "123456789012345678",
        ];
        let rest = [
            ".0",
            ".5",
            ".1",
            ".07",
            ".30000000000000004",
            ".00000000000000001",
            ".999999999999",
            ".9007199254740993",
            "e0",
            "E-7",
            ".25e+3",
            ".10000000000000000000000000000001",
        ];
        for whole in whole {
            for rest in rest {
                let text = format!("{whole}{rest}");
                let Ok((Token::Float(read), length)) = number(&text) else {
                    panic!("{text} is a float");
                };
                let expected: f64 = text.parse().unwrap();
                assert_eq!(read.to_bits(), expected.to_bits(), "{text}");
                assert_eq!(length, text.len());
            }
        }
    }

    #[test]
    fn an_integer_is_exact_on_both_sides_of_every_width() {
        for text in [
            "999999999999999999",
            "-999999999999999999",
            "1000000000000000000",
            "-9223372036854775808",
            "9223372036854775807",
        ] {
            let expected = Token::Int(text.parse().unwrap());
            assert_eq!(number(text), Ok((expected, text.len())), "{text}");
        }
    }
}
