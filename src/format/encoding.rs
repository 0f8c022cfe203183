//! Structures to bytes and back, with bincode.
//!
//! This is the one file that names bincode. Its authors have ended it (RUSTSEC-2025-0141), so what
//! it writes here is our own documented format: bincode 2 "standard" (little endian, variable-length
//! integers), described in `docs/format.md`, with golden files to hold it. Decoding is bounded: the
//! limit given to bincode is at most 64 times the length of the input, so that a few hostile bytes
//! cannot ask for terabytes, and bytes left over after a structure are an error.

use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

/// The bytes of `value`.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    bincode::serde::encode_to_vec(value, bincode::config::standard())
        .map_err(|e| Error::invalid("encode", e.to_string()))
}

/// Reads a `T` that fills `bytes` to the last one.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    const KIB: usize = 1 << 10;
    const MIB: usize = 1 << 20;
    let config = bincode::config::standard();
    // bincode takes its limit as a constant and counts the memory of what it decodes, not only the
    // input: a vector of one-byte integers becomes eight bytes an item.
    let decoded = match bytes.len() {
        len if len <= KIB => {
            bincode::serde::decode_from_slice(bytes, config.with_limit::<{ 64 * KIB }>())
        }
        len if len <= MIB => {
            bincode::serde::decode_from_slice(bytes, config.with_limit::<{ 64 * MIB }>())
        }
        _ => bincode::serde::decode_from_slice(bytes, config.with_limit::<{ 4096 * MIB }>()),
    };
    match decoded {
        Ok((value, read)) if read == bytes.len() => Ok(value),
        Ok(_) => Err(Error::damaged("decode", "there are bytes left over")),
        Err(e) => Err(Error::damaged("decode", e.to_string())),
    }
}

/// Bytes that are encoded as one run (a length and the bytes), not one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bytes(pub Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Bytes, D::Error> {
        struct BytesVisitor;
        impl Visitor<'_> for BytesVisitor {
            type Value = Bytes;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> std::result::Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> std::result::Result<Bytes, E> {
                Ok(Bytes(bytes))
            }
        }
        deserializer.deserialize_byte_buf(BytesVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Sample {
        name: Bytes,
        sizes: Vec<u64>,
        when: Option<i64>,
    }

    #[test]
    fn the_encoding_is_the_documented_one() {
        let sample = Sample {
            name: Bytes(b"ab".to_vec()),
            sizes: vec![1, 250, 251, 70_000],
            when: Some(-2),
        };
        let bytes = encode(&sample).unwrap();
        // Lengths and integers below 251 are one byte; 251 introduces two bytes, 252 four; signed
        // integers are zigzag.
        let expected = [
            2, b'a', b'b', 4, 1, 250, 251, 251, 0, 252, 0x70, 0x11, 1, 0, 1, 3,
        ];
        assert_eq!(bytes, expected);
        assert_eq!(decode::<Sample>(&bytes).unwrap(), sample);
    }

    #[test]
    fn hostile_lengths_and_left_over_bytes_are_refused() {
        // 253 introduces eight bytes: a vector of 2^60 integers in nine bytes.
        let bomb = [253, 0, 0, 0, 0, 0, 0, 0, 0x10];
        assert!(decode::<Vec<u64>>(&bomb).is_err());
        assert!(decode::<Bytes>(&bomb).is_err());
        let mut bytes = encode(&7_u64).unwrap();
        bytes.push(0);
        assert!(decode::<u64>(&bytes).is_err());
    }

    #[test]
    fn a_million_items_fit_the_limit() {
        let items: Vec<u64> = (0..1_000_000).collect();
        let bytes = encode(&items).unwrap();
        assert_eq!(decode::<Vec<u64>>(&bytes).unwrap(), items);
    }
}
