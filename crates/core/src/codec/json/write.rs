//! Writing JSON piece by piece.

use super::text::is_plain;

/// Writes a string: only quote, backslash and control characters are escaped.
#[inline]
pub fn write_str(output: &mut Vec<u8>, value: &str) {
    if !is_plain(value.as_bytes()) {
        return write_escaped(output, value);
    }
    output.reserve(value.len() + 2);
    output.push(b'"');
    output.extend_from_slice(value.as_bytes());
    output.push(b'"');
}

#[cold]
fn write_escaped(output: &mut Vec<u8>, value: &str) {
    // Writing a str to a Vec can't fail.
    let _ = serde_json::to_writer(output, value);
}

/// Writes an integer.
#[inline]
pub fn write_int(output: &mut Vec<u8>, value: i64) {
    match u8::try_from(value) {
        Ok(digit @ ..10) => output.push(b'0' + digit),
        _ => {
            let _ = serde_json::to_writer(output, &value);
        }
    }
}

/// Writes an integer.
pub fn write_uint(output: &mut Vec<u8>, value: u64) {
    let _ = serde_json::to_writer(output, &value);
}

/// Writes a float; `null` for NaN and the infinities.
pub fn write_float(output: &mut Vec<u8>, value: f64) {
    let start = output.len();
    // `null` for what isn't finite.
    let _ = serde_json::to_writer(&mut *output, &value);
    // An exponent carries no plus sign here: 1e16.
    if value.abs() >= 1e15
        && let Some(plus) = output[start..].iter().position(|byte| *byte == b'+')
    {
        output.remove(start + plus);
    }
}

/// The shortest text that reads as this float, in the form that JSON numbers have; `nan`, `inf`
/// and `-inf` for what JSON lacks.
pub fn float_text(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let mut output = Vec::new();
    write_float(&mut output, value);
    String::from_utf8(output).unwrap_or_default()
}

/// Writes bytes as a base64 string.
pub fn write_bytes(output: &mut Vec<u8>, value: &[u8]) {
    output.push(b'"');
    output.extend_from_slice(base64_text(value).as_bytes());
    output.push(b'"');
}

pub(crate) fn base64_text(value: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_msgspec_does() {
        for (value, text) in [
            (1.0, "1.0"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e16"),
            (1e-5, "0.00001"),
            (1e-7, "1e-7"),
            (5e-324, "5e-324"),
            (1.234_567_890_123_456_8e18, "1.2345678901234568e18"),
            (-0.0, "-0.0"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(float_text(value), text);
        }
    }

    #[test]
    fn only_quote_backslash_and_controls_are_escaped() {
        let mut output = Vec::new();
        write_str(
            &mut output,
            "\0\u{1f}\u{7f}\u{80}\u{2028}/\"\\\u{8}\u{c}\n\r\t",
        );
        assert_eq!(
            String::from_utf8(output).unwrap(),
            "\"\\u0000\\u001f\u{7f}\u{80}\u{2028}/\\\"\\\\\\b\\f\\n\\r\\t\""
        );
    }
}
