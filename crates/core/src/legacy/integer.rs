//! Integers of any size.

use std::fmt::Write;

use crate::Value;

/// The longest integer that is read; Python itself refuses to print longer ones.
const MAX_BYTES: usize = 1024;

/// As many digits as these bytes have.
const MAX_DIGITS: usize = 2467;

/// An integer from its decimal digits. `None` if it is too long, or none.
pub(super) fn from_digits(text: &str) -> Option<Value> {
    (text.len() <= MAX_DIGITS)
        .then(|| Value::integer(text))
        .flatten()
}

/// An integer from its two's complement, little-endian. `None` if it is too long.
pub(super) fn from_little_endian(bytes: &[u8]) -> Option<Value> {
    if bytes.len() > MAX_BYTES {
        return None;
    }
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    // 32 bits a limb, the lowest first.
    let mut limbs = vec![0u64; bytes.len().div_ceil(4)];
    for (index, byte) in bytes.iter().enumerate() {
        let byte = if negative { !byte } else { *byte };
        limbs[index / 4] |= u64::from(byte) << (index % 4 * 8);
    }
    if negative {
        limbs.push(0);
        for limb in &mut limbs {
            *limb += 1;
            if u32::try_from(*limb).is_ok() {
                break;
            }
            *limb = 0;
        }
    }
    let digits = decimal(&mut limbs);
    let sign = if negative { "-" } else { "" };
    Value::integer(&format!("{sign}{digits}"))
}

/// The number's 128 bits as a UUID; `None` if it is negative or larger.
pub(super) fn to_uuid(value: &Value) -> Option<String> {
    let number: u128 = match value {
        Value::Int(number) => u128::try_from(*number).ok()?,
        Value::UInt(number) => (*number).into(),
        Value::BigInt(digits) => digits.parse().ok()?,
        _ => return None,
    };
    let hex = format!("{number:032x}");
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    Some(parts.join("-"))
}

/// Decimal digits, consuming the number.
fn decimal(limbs: &mut Vec<u64>) -> String {
    const NINE_DIGITS: u64 = 1_000_000_000;
    let mut groups = Vec::new();
    while let Some(last) = limbs.last() {
        if *last == 0 {
            limbs.pop();
            continue;
        }
        let mut rest = 0;
        for limb in limbs.iter_mut().rev() {
            let number = (rest << 32) | *limb;
            *limb = number / NINE_DIGITS;
            rest = number % NINE_DIGITS;
        }
        groups.push(rest);
    }
    let mut digits = groups.pop().unwrap_or(0).to_string();
    for group in groups.iter().rev() {
        let _ = write!(digits, "{group:09}");
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_every_size_and_sign_are_read() {
        for (bytes, text) in [
            (&b""[..], "0"),
            (b"\xff", "-1"),
            (b"\x00\x80", "-32768"),
            (b"\xff\x00", "255"),
            (b"\0\0\0\0\0\0\0\0\x01", "18446744073709551616"),
            (b"\0\0\0\0\0\0\0\0\xff", "-18446744073709551616"),
            (b"\0\0\0\0\0\0\0\x80", "-9223372036854775808"),
            (b"\0\0\0\0\0\0\0\x80\0", "9223372036854775808"),
        ] {
            assert_eq!(from_little_endian(bytes), Value::integer(text), "{text}");
        }
        let power = [&[0; 64][..], &[1]].concat();
        let Some(Value::BigInt(digits)) = from_little_endian(&power) else {
            panic!("2**512 is no big integer");
        };
        assert!(digits.starts_with("134078079299425970995740249982058461274793658205923933"));
        assert_eq!(digits.len(), 155);
        assert_eq!(from_little_endian(&[0; MAX_BYTES + 1]), None);
    }

    #[test]
    fn a_uuid_has_128_bits() {
        assert_eq!(
            to_uuid(&Value::Int(5)).as_deref(),
            Some("00000000-0000-0000-0000-000000000005")
        );
        assert_eq!(to_uuid(&Value::Int(-5)), None);
        assert_eq!(to_uuid(&Value::BigInt("9".repeat(40))), None);
    }
}
