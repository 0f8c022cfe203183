//! Which folders and files brought what is new.
//!
//! Of a backup that grew by a film in `/home/me/videos`, the folders `/`, `/home`, `/home/me` and `videos` all have
//! the same figure, and the film has it, too. A person would point at the film. So a folder is told only where its
//! new bytes split: where no single thing in it has nearly all of them.

use super::files::files_of;
use super::survey::{FolderUsage, Usage};
use crate::error::Result;
use crate::progress::Monitor;
use crate::repository::holdings::Within;
use crate::snapshot::file::Snapshot;

/// What has nine tenths of its folder's new bytes has nearly all of them.
const NEARLY_ALL: (u128, u128) = (9, 10);

/// How much is told.
#[derive(Clone, Copy, Debug)]
pub struct GrowthLimits {
    /// Of the folders that are told in each other, so many levels, from 1.
    pub depth: usize,
    /// At most so many folders and files.
    pub rows: usize,
}

impl Default for GrowthLimits {
    fn default() -> GrowthLimits {
        GrowthLimits {
            depth: usize::MAX,
            rows: 20,
        }
    }
}

/// A folder or a file that brought something new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brought {
    /// Absolute.
    pub path: Vec<u8>,
    pub is_folder: bool,
    /// Stored bytes that no older snapshot needs; of a folder, those of everything below it.
    pub new_bytes: u64,
    /// The files that have them, and the sum of their sizes.
    pub files: u64,
    pub held_bytes: u64,
}

/// What brought the new bytes, the most first. `usage` is the survey of this snapshot, and `within` what its claim
/// holds. A folder counts what is told of the folders and files in it as well.
///
/// Errors: the work was cancelled; the place where the snapshot is is gone. A folder that cannot be read is told to
/// the monitor, and its files are left out.
pub fn growth(
    snapshot: &Snapshot,
    usage: &Usage,
    within: &Within<'_>,
    limits: GrowthLimits,
    monitor: &Monitor,
) -> Result<Vec<Brought>> {
    let levels = levels(usage);
    let level = |folder: u32| levels.get(folder as usize).copied().unwrap_or_default();
    let mut rows = Rows {
        limit: limits.rows,
        rows: Vec::new(),
    };
    let numbered = || (0_u32..).zip(&usage.folders);
    for (number, folder) in numbered() {
        // Its own level counts itself.
        if is_told(usage, folder) && level(number) <= limits.depth {
            rows.add(Brought {
                path: usage.path(number),
                is_folder: true,
                new_bytes: folder.sums.new_bytes,
                files: folder.sums.new_files,
                held_bytes: folder.sums.new_held_bytes,
            });
        }
    }
    // Each folder that is looked into has a file that is told: that many are looked into at most.
    let mut with_files: Vec<(u64, u32)> = numbered()
        .filter(|(number, folder)| folder.largest_new_file > 0 && level(*number) < limits.depth)
        .map(|(number, folder)| (folder.largest_new_file, number))
        .collect();
    with_files.sort_unstable_by_key(|(bytes, number)| (std::cmp::Reverse(*bytes), *number));
    for (largest, number) in with_files {
        monitor.check_cancelled()?;
        if !rows.has_room_for(largest) {
            break;
        }
        let path = usage.path(number);
        let files = match files_of(snapshot, within, &path) {
            Ok(files) => files,
            Err(error) if error.is_fatal() => return Err(error),
            Err(error) => {
                monitor.warn(&path, "read the folder", error.why());
                continue;
            }
        };
        for file in files.iter().filter(|file| file.new_bytes > 0) {
            if rows.has_room_for(file.new_bytes) {
                rows.add(Brought {
                    path: below(&path, file.name.as_bytes()),
                    is_folder: false,
                    new_bytes: file.new_bytes,
                    files: 1,
                    held_bytes: file.held_bytes,
                });
            }
        }
    }
    rows.cut();
    Ok(rows.rows)
}

/// Of each folder, how many folders that are told it is in, itself included.
fn levels(usage: &Usage) -> Vec<usize> {
    let mut levels: Vec<usize> = Vec::with_capacity(usage.folders.len());
    for folder in &usage.folders {
        let above = folder.parent.and_then(|parent| levels.get(parent as usize));
        let above = above.copied().unwrap_or_default();
        levels.push(above + usize::from(is_told(usage, folder)));
    }
    levels
}

/// Whether a folder's new bytes split there.
fn is_told(usage: &Usage, folder: &FolderUsage) -> bool {
    let children = folder.children.clone().filter_map(|child| usage.get(child));
    let most = children
        .map(|child| child.sums.new_bytes)
        .fold(folder.largest_new_file, u64::max);
    let (part, whole) = NEARLY_ALL;
    let new_bytes = folder.sums.new_bytes;
    new_bytes > 0 && u128::from(most) * whole < u128::from(new_bytes) * part
}

fn below(folder: &[u8], name: &[u8]) -> Vec<u8> {
    let mut path = folder.to_vec();
    if !path.ends_with(b"/") {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

/// The rows with the most new bytes.
struct Rows {
    limit: usize,
    /// In order up to the limit, once there are more than twice as many.
    rows: Vec<Brought>,
}

impl Rows {
    fn add(&mut self, row: Brought) {
        self.rows.push(row);
        if self.rows.len() > self.limit.saturating_mul(2) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        self.rows.sort_by(|a, b| {
            b.new_bytes
                .cmp(&a.new_bytes)
                .then_with(|| a.path.cmp(&b.path))
        });
        self.rows.truncate(self.limit);
    }

    /// Whether something with so many new bytes may be among them.
    fn has_room_for(&mut self, new_bytes: u64) -> bool {
        if self.rows.len() > self.limit {
            self.cut();
        }
        let is_full = self.rows.len() == self.limit;
        !is_full
            || self
                .rows
                .last()
                .is_some_and(|last| last.new_bytes <= new_bytes)
    }
}
