//! The disks and shares that are mounted, and what a folder on one of them is like.
//!
//! All of this waits for disks, so it is called on threads.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Access, access, statvfs};

use crate::catalog::Catalog;
use crate::error::{Context, Result};
use crate::fs::{bytes_path, escaped};
use crate::repository::storage::Space;
use crate::snapshot::places::{ArchiveName, RepositoryName, archive_place, repository_place};

/// Finds out what is mounted.
pub type FindDisks = Arc<dyn Fn() -> Vec<Disk> + Send + Sync>;

/// Where desktops, and people, mount the disks that come and go.
const ROOTS: [&str; 3] = ["/media", "/run/media", "/mnt"];
/// Shares can hold backups wherever they are mounted.
const SHARES: [&str; 7] = [
    "9p",
    "cifs",
    "fuse.rclone",
    "fuse.sshfs",
    "nfs",
    "nfs4",
    "smb3",
];
/// What is mounted where disks are and is no place to keep anything.
const NO_DISKS: [&str; 9] = [
    "autofs",
    "devtmpfs",
    "fuse.gvfsd-fuse",
    "fuse.portal",
    "overlay",
    "proc",
    "squashfs",
    "sysfs",
    "tmpfs",
];
/// Discs, which are written once if at all: backups may be on one, and do not go there.
const DISCS: [&str; 2] = ["iso9660", "udf"];

/// A disk or share that is mounted, and on which backups may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    pub path: PathBuf,
    /// Backups could go there. They could not to what can only be read, such as a damaged disk or any in a rescue
    /// system; and nobody is asked about a share outside of where disks are, which may well be the home folder.
    pub is_target: bool,
}

/// A folder that backups could go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub path: PathBuf,
    /// False: it would be made, in the nearest folder above it that is there.
    pub is_there: bool,
    pub is_writable: bool,
    /// The file system that it is on.
    pub device: u64,
    pub space: Space,
    /// Repositories that are there already, by name.
    pub repositories: Vec<String>,
    /// Archives of this computer that are there already, by name.
    pub archives: Vec<String>,
}

/// The disks and shares that are mounted now.
pub fn mounted_disks() -> Vec<Disk> {
    let mounts = fs::read("/proc/self/mounts").unwrap_or_default();
    disks_among(&mounts)
}

/// Looks at a folder that backups could go to.
pub fn look_at(path: &Path, catalog: &Catalog) -> Result<Place> {
    let attempted = "look at the folder";
    // It may have to be made first; what matters then is where that would be.
    let mut there = path;
    while !there.exists()
        && let Some(above) = there.parent()
    {
        there = above;
    }
    let metadata = fs::metadata(there).context(attempted, there)?;
    let status = statvfs(there).context(attempted, there)?;
    Ok(Place {
        path: path.to_owned(),
        is_there: there == path,
        is_writable: metadata.is_dir() && access(there, Access::WRITE_OK | Access::EXEC_OK).is_ok(),
        device: metadata.dev(),
        space: Space {
            total: status.f_blocks.saturating_mul(status.f_frsize),
            free: status.f_bavail.saturating_mul(status.f_frsize),
        },
        repositories: names_beside(&repository_place(
            path,
            &catalog.user,
            &RepositoryName::default(),
        )),
        archives: names_beside(&archive_place(
            path,
            &catalog.host,
            &catalog.user,
            &ArchiveName::default(),
        )),
    })
}

/// The names in the folder that `place` would be in. None where that cannot be read: they are only a hint.
fn names_beside(place: &Path) -> Vec<String> {
    let Some(Ok(listing)) = place.parent().map(fs::read_dir) else {
        return Vec::new();
    };
    let names = listing.flatten().map(|entry| entry.file_name());
    let mut names: Vec<String> = names
        .map(|name| escaped(name.as_encoded_bytes()).to_string())
        .collect();
    names.sort();
    names
}

/// The disks in a table of mounts, as `/proc/self/mounts` has it; by path.
fn disks_among(mounts: &[u8]) -> Vec<Disk> {
    let mut disks = BTreeMap::new();
    for line in mounts.split(|byte| *byte == b'\n') {
        let mut fields = line.split(|byte| *byte == b' ').skip(1);
        let (Some(place), Some(kind), Some(options)) =
            (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let place = unescaped(place);
        let place = bytes_path(&place);
        let is_one_of = |kinds: &[&str]| kinds.iter().any(|other| other.as_bytes() == kind);
        // A disk may be mounted at /mnt itself, while the others only hold places to mount at.
        let is_at_root = place == Path::new("/mnt")
            || ROOTS
                .iter()
                .any(|root| place.starts_with(root) && place != Path::new(root));
        let is_disk = is_at_root && !is_one_of(&NO_DISKS);
        if is_disk || is_one_of(&SHARES) {
            let is_read_only = options.split(|byte| *byte == b',').any(|o| o == b"ro");
            let is_target = is_disk && !is_read_only && !is_one_of(&DISCS);
            // What is mounted last at a place hides what was there.
            disks.insert(place.to_owned(), is_target);
        }
    }
    let disk = |(path, is_target)| Disk { path, is_target };
    disks.into_iter().map(disk).collect()
}

/// Spaces and their like stand in the table as a backslash and three octal digits.
fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        let octal = after.get(..3).filter(|_| *first == b'\\');
        let value = octal.and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 8).ok()
        });
        match value {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[3..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> Catalog {
        Catalog {
            config_dir: "/nowhere".into(),
            data_dir: "/nowhere".into(),
            home_dir: None,
            user: "me".to_owned(),
            host: "here".to_owned(),
        }
    }

    #[test]
    fn disks_are_what_is_mounted_where_disks_are_and_shares_are_anywhere() {
        let mounts = b"/dev/sda1 / ext4 rw 0 0\n\
            proc /proc proc rw 0 0\n\
            /dev/sdb1 /media/me/My\\040Disk ext4 rw,nosuid 0 0\n\
            //nas/me /mnt/nas cifs rw 0 0\n\
            //nas/all /nas cifs rw 0 0\n\
            /dev/sr0 /media/me/CD iso9660 ro 0 0\n\
            /dev/sdc1 /run/media/me/Old ext4 ro,nosuid 0 0\n\
            /dev/sdc2 /run/media/me/Twice ext4 rw 0 0\n\
            /dev/sdc2 /run/media/me/Twice ext4 ro 0 0\n\
            tmpfs /mnt/ram tmpfs rw 0 0\n\
            /dev/sdd1 /mnt btrfs rw 0 0\n\
            /dev/sde1 /mediathek ext4 rw 0 0\n\
            tmpfs /media tmpfs rw 0 0\n\
            broken\n";
        let expected = [
            ("/media/me/CD", false),
            ("/media/me/My Disk", true),
            ("/mnt", true),
            ("/mnt/nas", true),
            ("/nas", false),
            ("/run/media/me/Old", false),
            ("/run/media/me/Twice", false),
        ];
        let found = disks_among(mounts);
        let found: Vec<(&str, bool)> = found
            .iter()
            .map(|disk| (disk.path.to_str().unwrap(), disk.is_target))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_judged_by_the_one_above() {
        let dir = tempfile::tempdir().unwrap();
        let place = look_at(&dir.path().join("a/b"), &me()).unwrap();
        assert!(!place.is_there && place.is_writable && place.space.total > 0);
        let there = look_at(dir.path(), &me()).unwrap();
        assert!(there.is_there && there.device == place.device);
        fs::create_dir_all(dir.path().join("gibus.d/repos/me/main")).unwrap();
        let there = look_at(dir.path(), &me()).unwrap();
        assert_eq!(there.repositories, ["main"]);
    }

    #[test]
    fn a_file_is_no_place_for_backups() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(!look_at(file.path(), &me()).unwrap().is_writable);
    }
}
