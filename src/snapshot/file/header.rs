//! What a snapshot says of itself: when and where it was taken, what it was built with, what that
//! cost, and where its contents are.
//!
//! It is read when the snapshot is opened, together with the map of the pages, and without touching
//! any of them. With a snapshot file and the repository that it names, everything can be restored
//! with no configuration at all.
//!
//! These structures are stored (`docs/format.md`, "Snapshots"): a field that is added, removed or moved is
//! a new layout number in `meta.rs`.

use serde::{Deserialize, Serialize};

use crate::format::id::Id;
use crate::snapshot::tree::Totals;

/// Everything about a snapshot but its tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotHeader {
    pub snapshot_id: Id,
    pub archive: ArchiveIdentity,
    pub taken_at: TakenAt,
    pub repository: RepositoryIdentity,
    /// The claim in that repository that holds this snapshot's contents.
    pub claim_id: Id,
    /// The claim of the snapshot before this one, where there was one.
    pub predecessor_claim_id: Option<Id>,
    /// The archive's specification at the time, as TOML.
    pub specification: String,
    pub build: BuildStats,
    /// Sums over the whole tree; `/` itself is not counted. Equal to those of its root.
    pub totals: Totals,
    /// Names of the users that own something in the tree, by number; sorted by it, each once.
    pub users: Vec<NamedId>,
    /// Names of the groups, likewise.
    pub groups: Vec<NamedId>,
    /// False: something that was asked for is not in it, or is marked incomplete.
    pub complete: bool,
    /// The program that made it, like `0.1.0`.
    pub gibus_version: String,
}

/// Which archive a snapshot belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveIdentity {
    pub id: Id,
    pub name: String,
    /// The machine that it was taken on.
    pub host: String,
    /// Login name of whom it was taken for.
    pub user: String,
}

/// When a snapshot was taken: the moment at which the walk began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenAt {
    /// Seconds since 1970, UTC.
    pub seconds: i64,
    /// Below 10^9.
    pub nanoseconds: u32,
    /// Local time minus UTC at that moment, in seconds.
    pub utc_offset_seconds: i32,
    /// Local time, like `2026-11-23-01-02-03`: digits and dashes. The file's name is this, or a later
    /// second where that was taken.
    pub local_name: String,
}

impl TakenAt {
    /// Whether the numbers are in range, and the name is fit to name a file: digits and dashes.
    pub fn is_sound(&self) -> bool {
        let is_plain = |byte: u8| byte.is_ascii_digit() || byte == b'-';
        self.nanoseconds < 1_000_000_000
            && !self.local_name.is_empty()
            && self.local_name.bytes().all(is_plain)
    }
}

/// Where a snapshot's contents are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryIdentity {
    pub id: Id,
    /// The repository's folder when the snapshot was taken: an absolute path, as bytes.
    pub place: Vec<u8>,
}

/// The name of a user or a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedId {
    pub id: u32,
    pub name: String,
}

/// What building a snapshot found, did and cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildStats {
    /// Regular files in the tree, each name counted.
    pub files: u64,
    /// Directories in the tree, `/` not counted.
    pub directories: u64,
    pub symbolic_links: u64,
    /// Entries of all other kinds: FIFOs, sockets, devices.
    pub other: u64,
    /// Names beyond the first of files with several names in the tree.
    pub hard_links: u64,
    /// Sum of the sizes of the regular files, each name counted, in bytes.
    pub bytes: u64,
    /// Contents that the repository did not have.
    pub new_contents: u64,
    /// Their bytes before compression.
    pub new_content_bytes: u64,
    /// Bytes by which the repository's files grew, the claim included and this file not.
    pub stored_bytes: u64,
    /// Regular files that were not opened, because they had not changed.
    pub unchanged_files: u64,
    /// Regular files that were read.
    pub read_files: u64,
    /// Bytes read from them.
    pub read_bytes: u64,
    /// Entries that an exclude rule left out; what is below an excluded directory is not counted.
    pub excluded: u64,
    /// Entries that were left out, or are incomplete, because something went wrong.
    pub problems: u64,
    /// Time of all processors, user and system, in microseconds.
    pub cpu_microseconds: u64,
    /// Time on the wall, until the snapshot's tree was complete, in microseconds.
    pub wall_microseconds: u64,
}
