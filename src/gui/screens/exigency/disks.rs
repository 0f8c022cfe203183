//! Where to search first: disks and shares that are mounted, and the places where Gibus keeps things itself.
//!
//! More than what a backup could go to ([`crate::gui::disks`]): a disk that can only be read, as a damaged one or one in
//! a rescue system is, and shares wherever they are mounted.

use std::fs;
use std::path::{Path, PathBuf};

use crate::fs::bytes_path;
use crate::gui::disks::unescaped;

/// Where desktops and people mount disks.
const MOUNTED_BELOW: [&str; 3] = ["/media", "/run/media", "/mnt"];
/// Shares are worth a search wherever they are mounted.
const SHARES: [&str; 7] = [
    "cifs",
    "smb3",
    "nfs",
    "nfs4",
    "fuse.sshfs",
    "fuse.rclone",
    "9p",
];
/// What the system mounts for itself is no disk.
const NO_DISKS: [&str; 4] = ["tmpfs", "autofs", "overlay", "fuse.gvfsd-fuse"];

/// Folders to suggest: `known` disks, others that are mounted, and `own` places of this user.
pub(super) fn suggestions(known: Vec<PathBuf>, own: &[PathBuf]) -> Vec<PathBuf> {
    let mounts = fs::read("/proc/self/mounts").unwrap_or_default();
    let mut found = known;
    for place in mounted(&mounts) {
        if !found.contains(&place) {
            found.push(place);
        }
    }
    for place in own {
        if place.is_dir() && !found.contains(place) {
            found.push(place.clone());
        }
    }
    found
}

/// The disks and shares in a list of mounts, as `/proc/self/mounts` has it.
fn mounted(mounts: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for line in mounts.split(|byte| *byte == b'\n') {
        let mut words = line.split(|byte| *byte == b' ');
        let (Some(_), Some(place), Some(kind)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        let place = bytes_path(&unescaped(place)).to_owned();
        let kind = String::from_utf8_lossy(kind);
        // A disk may be mounted at /mnt itself, while the others only hold places to mount at.
        let is_below = place == Path::new("/mnt")
            || MOUNTED_BELOW
                .iter()
                .any(|above| place.starts_with(above) && place != Path::new(above));
        let is_disk = is_below && !NO_DISKS.contains(&kind.as_ref());
        if (is_disk || SHARES.contains(&kind.as_ref())) && !found.contains(&place) {
            found.push(place);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_and_shares_are_suggested_and_nothing_of_the_system() {
        let mounts = b"/dev/sda1 / ext4 rw 0 0\n\
            proc /proc proc rw 0 0\n\
            /dev/sdb1 /media/me/My\\040Backups ext4 rw 0 0\n\
            tmpfs /run/media/x tmpfs rw 0 0\n\
            //nas/share /nas cifs rw 0 0\n\
            /dev/sdc1 /mnt btrfs rw 0 0\n\
            /dev/sdc1 /mnt btrfs rw 0 0\n\
            /dev/sdd1 /mediathek ext4 rw 0 0";
        let expected = ["/media/me/My Backups", "/nas", "/mnt"].map(PathBuf::from);
        assert_eq!(mounted(mounts), expected);
    }
}
