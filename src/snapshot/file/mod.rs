//! The snapshot file: one sealed file that holds a whole tree, and opens at once however big it is.
//!
//! ```text
//! page 0…n    listings: the sorted entries of directories, about 64 KiB of them a page
//! meta        the header, the attributes of `/`, the table of segments, the map of the pages
//! ```
//!
//! **Bottom-up.** A directory's listing is written after those of the directories in it, so that its
//! entry, in the listing above, holds the listing's number and the sums over everything below. The
//! last listing is that of `/`. Opening a snapshot reads its meta; showing a folder reads the pages of
//! the folders on the way to it, commonly one each; nothing else is decoded.
//!
//! **Why every walk ends, whatever the bytes say.** A snapshot file is hostile until proven
//! otherwise: checksums only show that somebody sealed it. Listings are numbered in the order in
//! which they are written: post-order. So the tree below the directory with listing `k`, which holds `d`
//! directories, is made of exactly the listings `k-d` to `k`, and the trees of the directories in it
//! tile `k-d` to `k-1`, one behind the other, in the order of their names. Numbers of listings are
//! therefore not stored at all: a reader computes them from the `d` of each directory, and refuses a
//! listing whose directories leave a gap or pass its end. It follows that
//! - a directory's listing is numbered strictly lower than the one that it is in: no cycles;
//! - two directories never share a listing, at any distance: the tree is a tree, and a walk visits at
//!   most as many listings as the file has (no "billion laughs" of shared folders).
//!
//! This holds before the first entry of a page is handed out, and so does it where a damaged page
//! leaves a gap: behind it, numbers may only go up. Nothing here recurses, so depth is limited by
//! nothing but the number of listings.
//!
//! **One name, one place.** The entries of a listing are sorted by the bytes of their names, strictly,
//! so that no name occurs twice. A listing longer than a page goes on in the next ones; the map of the
//! pages has for each of those a *separator*, which is above every name before that page and not above
//! any name in it, and each page is held to it when it is decoded. So a big directory is
//! searched without decoding more than one of its pages, and the search cannot disagree with the list.

mod alike;
mod attributes;
mod cache;
mod columns;
mod contents;
mod decode;
mod encode;
mod header;
mod listing;
mod meta;
mod names;
mod page;
mod read;
#[cfg(test)]
mod tests;
mod tokens;
mod values;
mod walk;
mod write;

pub use contents::PartsFound;
pub use header::{
    ArchiveIdentity, BuildStats, NamedId, RepositoryIdentity, SnapshotHeader, TakenAt,
};
pub use listing::Listing;
pub use read::Snapshot;
pub use tokens::Tokens;
pub use walk::{Step, Walk};
pub use write::{ListingWriter, SnapshotWriter};

/// A sparse file with more holes than this cannot be written: leave out the smallest.
pub const MAX_HOLES: usize = 1 << 20;
/// The names and values of an entry's extended attributes together are at most this long, in bytes.
pub const MAX_EXTENDED_LEN: usize = 16 << 20;
/// Longest target of a symbolic link, in bytes.
pub const MAX_TARGET_LEN: usize = 65_535;
