//! The paths that are counted: how each is prepared, and how it is run.

mod claims;
mod contents;
mod matching;
mod snapshots;
mod tree;

use std::path::Path;

use gibus::error::Result;

/// A hot path.
pub struct HotPath {
    pub name: &'static str,
    /// In a line, for people.
    pub what: &'static str,
    /// Makes in an empty folder what it works on; not counted.
    pub prepare: fn(&Path) -> Result<()>,
    /// Runs it on that, in another process. What is within [`crate::count::measured`] counts.
    pub run: fn(&Path) -> Result<()>,
}

/// All of them, in the order of the table.
pub const PATHS: &[HotPath] = &[
    HotPath {
        name: "store-new",
        what: "1000 small contents that are new: hash, look up, compress, pack, claim",
        prepare: contents::prepare_empty,
        run: contents::store_small,
    },
    HotPath {
        name: "store-known",
        what: "the same, all of them stored already",
        prepare: contents::prepare_small,
        run: contents::store_small,
    },
    HotPath {
        name: "store-big",
        what: "one content of 6 MB: chunk, hash, compress, pack",
        prepare: contents::prepare_empty,
        run: contents::store_big,
    },
    HotPath {
        name: "store-big-changed",
        what: "the same with 100 bytes inserted near its start, the former being stored",
        prepare: contents::prepare_big,
        run: contents::store_big_changed,
    },
    HotPath {
        name: "compress-zstd",
        what: "one block of 4 MiB",
        prepare: contents::prepare_nothing,
        run: contents::compress_zstd,
    },
    HotPath {
        name: "decompress-zstd",
        what: "the same block",
        prepare: contents::prepare_nothing,
        run: contents::decompress_zstd,
    },
    HotPath {
        name: "compress-gzip",
        what: "one block of 4 MiB",
        prepare: contents::prepare_nothing,
        run: contents::compress_gzip,
    },
    HotPath {
        name: "decompress-gzip",
        what: "the same block",
        prepare: contents::prepare_nothing,
        run: contents::decompress_gzip,
    },
    HotPath {
        name: "copy-out",
        what: "the 1000 small contents, in storage order, verified",
        prepare: contents::prepare_small,
        run: contents::copy_out,
    },
    HotPath {
        name: "copy-out-big",
        what: "the content of 6 MB, verified",
        prepare: contents::prepare_big,
        run: contents::copy_out_big,
    },
    HotPath {
        name: "index-hit",
        what: "where 20,000 tokens lie, in no order",
        prepare: snapshots::prepare,
        run: snapshots::look_up_known,
    },
    HotPath {
        name: "index-miss",
        what: "20,000 digests that the index does not have",
        prepare: snapshots::prepare,
        run: snapshots::look_up_unknown,
    },
    HotPath {
        name: "backup-first",
        what: "2000 tiny files in 100 folders",
        prepare: tree::prepare_new,
        run: tree::back_up_again,
    },
    HotPath {
        name: "backup-unchanged",
        what: "4000 tiny files in 200 folders, with a snapshot from before",
        prepare: tree::prepare_unchanged,
        run: tree::back_up_again,
    },
    HotPath {
        name: "match-excludes",
        what: "20,000 paths against 24 globs and a .gitignore",
        prepare: contents::prepare_nothing,
        run: matching::decide,
    },
    HotPath {
        name: "snapshot-open",
        what: "opening a snapshot of 20,000 files and listing one folder",
        prepare: snapshots::prepare,
        run: snapshots::open_one_folder,
    },
    HotPath {
        name: "snapshot-walk",
        what: "walking all of it",
        prepare: snapshots::prepare,
        run: snapshots::walk,
    },
    HotPath {
        name: "snapshot-write",
        what: "writing it",
        prepare: snapshots::prepare,
        run: snapshots::write,
    },
    HotPath {
        name: "survey",
        what: "what takes the space in it",
        prepare: snapshots::prepare,
        run: snapshots::survey_all,
    },
    HotPath {
        name: "claim-build",
        what: "the claim of 100,000 references to 80,000 contents, as bytes",
        prepare: contents::prepare_nothing,
        run: claims::build,
    },
    HotPath {
        name: "claims-union",
        what: "reading 100 claims of 20,000 contents each, and what they name together",
        prepare: claims::prepare,
        run: claims::load,
    },
    HotPath {
        name: "holdings",
        what: "who holds what, of these claims",
        prepare: claims::prepare,
        run: claims::hold,
    },
    HotPath {
        name: "what-if",
        what: "what 100 choices of these claims would free",
        prepare: claims::prepare,
        run: claims::ask_what_if,
    },
];
