//! Sizes in bytes as people write them: `100M`, `1.5GiB`, `20 kB`.

use crate::error::{Error, Result};

/// The number of bytes that `text` says: digits, perhaps with a decimal point, and a unit.
///
/// `K`, `M`, `G`, `T`, `P` and `KiB`, `MiB` … are powers of 1024; `kB`, `MB` … are powers of 1000; no
/// unit, or `B`, is bytes. Upper and lower case are the same. A fraction of a byte is dropped.
///
/// Errors: [`crate::error::ErrorKind::Invalid`].
pub fn parse_size(text: &str) -> Result<u64> {
    parse(text.trim()).ok_or_else(|| {
        Error::invalid(
            format!("use '{}' as a size", crate::fs::escaped(text.as_bytes())),
            "it is not a number of bytes",
        )
        .advise("write it like 500K, 100M, 1.5GiB or 2TB")
    })
}

fn parse(text: &str) -> Option<u64> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = factor(unit.trim_start())?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    // Nobody needs more than nine digits behind the point, and with nine nothing below overflows.
    if whole.is_empty() || whole.len() > 20 || fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let scale = 10u128.pow(fraction.len() as u32);
    let whole: u128 = whole.parse().ok()?;
    let fraction: u128 = fraction.parse().ok()?;
    let bytes = (whole * scale + fraction).checked_mul(factor)? / scale;
    u64::try_from(bytes).ok()
}

fn factor(unit: &str) -> Option<u128> {
    let unit = unit.to_ascii_lowercase();
    let mut letters = unit.chars();
    let power = match letters.next() {
        None => return Some(1),
        Some('b') if letters.as_str().is_empty() => return Some(1),
        Some(letter) => "kmgtp".find(letter)? as u32 + 1,
    };
    match letters.as_str() {
        "" | "ib" => Some(1024u128.pow(power)),
        "b" => Some(1000u128.pow(power)),
        _ => None,
    }
}

/// Writes a number of bytes so that [`parse_size`] gives exactly that number again: `100MiB`, `1500B`.
pub fn exact_size(bytes: u64) -> String {
    for (shift, unit) in [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")] {
        if bytes >> shift > 0 && bytes.is_multiple_of(1 << shift) {
            return format!("{}{unit}", bytes >> shift);
        }
    }
    format!("{bytes}B")
}

/// For `#[serde(with = "byte_size::optional")]`: a text like `"100MiB"`, or a number of bytes.
pub mod optional {
    use serde::de::Visitor;
    use serde::{Deserializer, Serializer};

    use super::{exact_size, parse_size};

    pub fn serialize<S: Serializer>(bytes: &Option<u64>, s: S) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => s.serialize_str(&exact_size(*bytes)),
            None => s.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<u64>, D::Error> {
        d.deserialize_any(SizeVisitor).map(Some)
    }

    struct SizeVisitor;

    impl Visitor<'_> for SizeVisitor {
        type Value = u64;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a size such as \"100M\", or a number of bytes")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<u64, E> {
            parse_size(text).map_err(|e| E::custom(e.to_string()))
        }

        fn visit_i64<E: serde::de::Error>(self, bytes: i64) -> Result<u64, E> {
            u64::try_from(bytes).map_err(|_| E::custom("a size is not negative"))
        }

        fn visit_u64<E: serde::de::Error>(self, bytes: u64) -> Result<u64, E> {
            Ok(bytes)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_of_1024_and_of_1000() {
        for (text, bytes) in [
            ("0", 0),
            ("1500", 1500),
            ("12B", 12),
            ("100M", 100 << 20),
            ("100m", 100 << 20),
            ("1.5GiB", 3 << 29),
            ("1.5 GiB", 3 << 29),
            ("20 kB", 20_000),
            ("2TB", 2_000_000_000_000),
            ("0.5K", 512),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(parse_size(text).unwrap(), bytes, "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused_with_an_example() {
        for bad in [
            "",
            "M",
            "-1",
            "1X",
            "1.2.3M",
            "1.M",
            ".5G",
            "1e6",
            "1é",
            "16384P",
            "1Mi",
            "9bb",
            "18446744073709551616",
        ] {
            let error = parse_size(bad).unwrap_err();
            assert!(error.to_string().contains("100M"), "{bad}: {error}");
        }
    }

    #[test]
    fn a_written_size_reads_back_exactly() {
        for bytes in [
            0,
            1,
            1023,
            1024,
            1500,
            100 << 20,
            (1 << 40) + 1,
            7 << 40,
            u64::MAX,
        ] {
            assert_eq!(parse_size(&exact_size(bytes)).unwrap(), bytes);
        }
        assert_eq!(exact_size(100 << 20), "100MiB");
    }
}
