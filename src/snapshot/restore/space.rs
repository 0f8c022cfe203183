//! Whether there is room for what a plan writes.

use rustix::fs::{StatVfs, fstatfs, fstatvfs};
use rustix::io::Errno;

use super::target::TargetFolder;

/// File systems that may compress, or share, what is written: less space can be enough there.
/// From `linux/magic.h`, and OpenZFS.
const MAY_NEED_LESS: [u32; 5] = [
    0x9123_683e, // btrfs
    0x2fc1_2fc1, // zfs
    0xca45_1a4e, // bcachefs
    0xf2f5_2010, // f2fs
    0x5346_4846, // a mount through WSL
];

/// One disk that a plan writes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    /// The first folder there that is written to.
    pub folder: Vec<u8>,
    /// Bytes of the files that are written, holes not counted, hard links counted once; what files that
    /// are replaced give back is taken off.
    pub needed_bytes: u64,
    /// Bytes free for this user; `None` where the disk does not say.
    pub free_bytes: Option<u64>,
    /// The disk may need less for it than the files have bytes.
    pub may_need_less: bool,
    pub(super) device: u64,
}

impl Space {
    /// Looks at the disk that a folder is on.
    pub(super) fn look(folder: &TargetFolder, device: u64, path: Vec<u8>) -> Space {
        let kind = fstatfs(folder).map_or(0, |stat| stat.f_type as u32);
        Space {
            folder: path,
            needed_bytes: 0,
            free_bytes: free_bytes(fstatvfs(folder)),
            may_need_less: MAY_NEED_LESS.contains(&kind),
            device,
        }
    }

    /// Whether both are the same disk, so that what they need has to be added up.
    pub fn is_same_disk(&self, other: &Space) -> bool {
        self.device == other.device
    }

    /// Whether it certainly does not fit.
    pub fn is_short(&self) -> bool {
        !self.may_need_less && self.is_tight()
    }

    /// Whether it does not fit, unless the disk makes it smaller.
    pub fn is_tight(&self) -> bool {
        self.free_bytes.is_some_and(|free| free < self.needed_bytes)
    }
}

fn free_bytes(stat: Result<StatVfs, Errno>) -> Option<u64> {
    let stat = stat.ok().filter(|stat| stat.f_blocks > 0)?;
    let is_root = rustix::process::geteuid().is_root();
    let blocks = if is_root { stat.f_bfree } else { stat.f_bavail };
    Some(blocks.saturating_mul(stat.f_frsize))
}
