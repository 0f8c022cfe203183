//! SHA-1 and BLAKE3 digests, and the hasher that computes both in one pass.
//!
//! SHA-1 is a content's address. Two different contents with the same SHA-1 can be made (SHAttered
//! 2017, SHA-mbles 2020), so BLAKE3 is what decides whether two contents are the same.

use std::fmt;

use sha1::Digest as _;

use crate::error::{Error, Result};

/// A SHA-1 digest, 20 bytes; shown as 40 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha1(pub [u8; 20]);

/// A BLAKE3 digest, 32 bytes; shown as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Blake3(pub [u8; 32]);

impl Sha1 {
    pub fn of(bytes: &[u8]) -> Sha1 {
        Sha1(sha1::Sha1::digest(bytes).into())
    }

    /// From 40 hex digits.
    pub fn parse(text: &str) -> Result<Sha1> {
        parse_hex(text).map(Sha1)
    }
}

impl Blake3 {
    pub fn of(bytes: &[u8]) -> Blake3 {
        Blake3(*blake3::hash(bytes).as_bytes())
    }

    /// From 64 hex digits.
    pub fn parse(text: &str) -> Result<Blake3> {
        parse_hex(text).map(Blake3)
    }
}

/// Lower-case hex digits of any bytes.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// Exactly `N` bytes from twice as many hex digits.
pub fn parse_hex<const N: usize>(text: &str) -> Result<[u8; N]> {
    let wrong = || {
        Error::invalid(
            "read the digest",
            format!("expected {} hexadecimal digits", 2 * N),
        )
    };
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return Err(wrong());
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16).ok_or_else(wrong)?;
        let low = char::from(pair[1]).to_digit(16).ok_or_else(wrong)?;
        *byte = (high * 16 + low) as u8;
    }
    Ok(bytes)
}

macro_rules! shown_as_hex {
    ($($name:ident)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex(&self.0))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )*};
}
shown_as_hex!(Sha1 Blake3);

/// Computes SHA-1, BLAKE3 and the length of a content in one pass.
#[derive(Clone, Default)]
pub struct ContentHasher {
    sha1: sha1::Sha1,
    blake3: blake3::Hasher,
    len: u64,
}

/// What identifies a content: both digests, and its length in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentDigest {
    pub sha1: Sha1,
    pub blake3: Blake3,
    pub size: u64,
}

impl ContentHasher {
    pub fn new() -> ContentHasher {
        ContentHasher::default()
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.sha1.update(bytes);
        self.blake3.update(bytes);
        self.len += bytes.len() as u64;
    }

    pub fn finish(self) -> ContentDigest {
        ContentDigest {
            sha1: Sha1(self.sha1.finalize().into()),
            blake3: Blake3(*self.blake3.finalize().as_bytes()),
            size: self.len,
        }
    }
}

impl ContentDigest {
    pub fn of(bytes: &[u8]) -> ContentDigest {
        ContentDigest {
            sha1: Sha1::of(bytes),
            blake3: Blake3::of(bytes),
            size: bytes.len() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_the_published_ones() {
        // FIPS 180-4 and the BLAKE3 test vectors.
        assert_eq!(
            Sha1::of(b"abc").to_string(),
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
        assert_eq!(
            Blake3::of(b"").to_string(),
            "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
        );
    }

    #[test]
    fn one_pass_equals_two() {
        let mut hasher = ContentHasher::new();
        hasher.update(b"ab");
        hasher.update(b"c");
        assert_eq!(hasher.finish(), ContentDigest::of(b"abc"));
    }

    #[test]
    fn hex_is_read_back_and_anything_else_refused() {
        let sha1 = Sha1::of(b"x");
        assert_eq!(Sha1::parse(&sha1.to_string()).unwrap(), sha1);
        assert!(Sha1::parse("abc").is_err());
        assert!(Sha1::parse(&"g".repeat(40)).is_err());
    }
}
