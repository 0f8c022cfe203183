//! What takes the space, and what made it grow.
//!
//! Five words, the same everywhere (`docs/manual.md` explains them to people):
//!
//! | word | bytes of |
//! |---|---|
//! | held | the files as they are in the snapshot: their sizes |
//! | stored | what these take in the repository, each content once and compressed |
//! | alone | of the stored bytes, what no other snapshot needs: what deleting this one gives back |
//! | shared | the rest of the stored bytes: stored minus alone |
//! | new | of the stored bytes, what no older snapshot needs: what the repository grew by |
//!
//! **Sums are additive.** What a content takes is divided among all names in the snapshot that have it
//! ([`Within`](crate::repository::holdings::Within)), so that the parts of a folder add up to the folder, and all of a
//! snapshot to what its claim costs, to the byte.
//!
//! **Hard links.** Each name holds the file's size, as in [`Totals`](crate::snapshot::tree::Totals); what the content
//! takes is divided among the names like that of any other content that is there several times. A sparse
//! file holds its whole length, and takes what is outside its holes.
//!
//! - [`survey`]: all of a snapshot, by folder, kind, age and size, in one walk
//! - [`files_of`]: the files of one folder
//! - [`growth`]: the folders and files that brought what is new
//! - [`duplicates`]: what is there more than once
//! - [`versions_gone`]: the versions of files that a deletion would lose for good

mod classes;
mod duplicates;
mod files;
mod gone;
mod growth;
mod kinds;
mod listings;
mod survey;
#[cfg(test)]
mod tests;

pub use self::classes::{Age, SizeClass};
pub use self::duplicates::{Duplicate, DuplicateLimits, Duplicates, duplicates};
pub use self::files::{FileUsage, files_of};
pub use self::gone::{GoneVersion, GoneVersions, versions_gone};
pub use self::growth::{Brought, GrowthLimits, growth};
pub use self::kinds::FileKind;
pub use self::survey::{FolderUsage, Usage, survey, survey_below};
use crate::repository::holdings::Weight;

/// Sums over some files. Hard links and files of which the content could not be read are files, too; links,
/// pipes and devices are not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Regular files, each name counted.
    pub files: u64,
    /// Sum of their sizes, in bytes.
    pub held_bytes: u64,
    /// What they take in the repository, in bytes.
    pub stored_bytes: u64,
    /// Of the stored bytes, what no other snapshot needs.
    pub alone_bytes: u64,
    /// Of the stored bytes, what no older snapshot needs.
    pub new_bytes: u64,
    /// Those of the files that have new bytes, and the sum of their sizes.
    pub new_files: u64,
    pub new_held_bytes: u64,
}

impl Sums {
    /// Of the stored bytes, what other snapshots need as well.
    pub fn shared_bytes(&self) -> u64 {
        self.stored_bytes.saturating_sub(self.alone_bytes)
    }

    /// Adds other sums; stays at the highest number rather than overflowing.
    pub fn add(&mut self, other: &Sums) {
        let add = |sum: &mut u64, other: u64| *sum = sum.saturating_add(other);
        add(&mut self.files, other.files);
        add(&mut self.held_bytes, other.held_bytes);
        add(&mut self.stored_bytes, other.stored_bytes);
        add(&mut self.alone_bytes, other.alone_bytes);
        add(&mut self.new_bytes, other.new_bytes);
        add(&mut self.new_files, other.new_files);
        add(&mut self.new_held_bytes, other.new_held_bytes);
    }

    /// Those of one file.
    fn of_file(held_bytes: u64, weight: &Weight) -> Sums {
        let is_new = weight.new_bytes > 0;
        Sums {
            files: 1,
            held_bytes,
            stored_bytes: weight.stored_bytes,
            alone_bytes: weight.alone_bytes,
            new_bytes: weight.new_bytes,
            new_files: u64::from(is_new),
            new_held_bytes: if is_new { held_bytes } else { 0 },
        }
    }
}
