//! The bytes that Gibus stores: what every stored file has in common.
//!
//! - [`digest`] SHA-1 and BLAKE3 values
//! - [`compression`] the codecs
//! - [`encoding`] structures to bytes and back (bincode)
//! - [`id`] random identifiers
//! - [`sealed_text`] small TOML files with a checksum line
//! - [`sealed`] the container of packs, content tables, claims and snapshots: a header, checked
//!   pages, a directory and a trailer
//!
//! `docs/format.md` describes all of it byte by byte.

pub mod compression;
pub mod digest;
pub mod encoding;
pub mod id;
pub mod sealed;
pub mod sealed_text;
