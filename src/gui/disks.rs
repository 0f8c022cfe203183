//! The disks and shares that backups could go to, and what a folder on one of them is like.
//!
//! All of this waits for disks, so it is called on threads.

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

/// Finds out where disks are mounted.
pub type FindDisks = Arc<dyn Fn() -> Vec<PathBuf> + Send + Sync>;

/// Where desktops, and people, mount the disks that come and go.
const ROOTS: [&str; 3] = ["/media", "/run/media", "/mnt"];
/// What is mounted there and is no place to keep anything.
const NO_DISKS: [&str; 10] = [
    "autofs",
    "devtmpfs",
    "fuse.portal",
    "iso9660",
    "overlay",
    "proc",
    "squashfs",
    "sysfs",
    "tmpfs",
    "udf",
];

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

/// The disks and shares that are mounted where such things are, and can be written to.
pub fn mounted_disks() -> Vec<PathBuf> {
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

/// The disks in a table of mounts, as `/proc/self/mounts` has it.
fn disks_among(mounts: &[u8]) -> Vec<PathBuf> {
    let mut disks = Vec::new();
    for line in mounts.split(|byte| *byte == b'\n') {
        let mut fields = line.split(|byte| *byte == b' ').skip(1);
        let (Some(place), Some(kind), Some(options)) =
            (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let place = unescaped(place);
        let place = bytes_path(&place);
        let is_below = ROOTS
            .iter()
            .any(|root| place.starts_with(root) && place != Path::new(root));
        let is_kind = NO_DISKS.iter().any(|no| no.as_bytes() == kind);
        let is_read_only = options.split(|byte| *byte == b',').any(|o| o == b"ro");
        if is_below && !is_kind && !is_read_only {
            disks.push(place.to_owned());
        }
    }
    disks.sort();
    disks.dedup();
    disks
}

/// Spaces and their like stand in the table as a backslash and three octal digits.
pub(super) fn unescaped(field: &[u8]) -> Vec<u8> {
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
    fn disks_are_what_is_mounted_where_disks_are_and_can_be_written_to() {
        let mounts = b"/dev/sda1 / ext4 rw 0 0\n\
            /dev/sdb1 /media/me/My\\040Disk ext4 rw,nosuid 0 0\n\
            //nas/me /mnt/nas cifs rw 0 0\n\
            /dev/sr0 /media/me/CD iso9660 ro 0 0\n\
            /dev/sdc1 /run/media/me/Old ext4 ro,nosuid 0 0\n\
            tmpfs /mnt/ram tmpfs rw 0 0\n\
            /dev/sdd1 /mnt ext4 rw 0 0\n\
            broken\n";
        let disks = disks_among(mounts);
        assert_eq!(
            disks,
            [
                PathBuf::from("/media/me/My Disk"),
                PathBuf::from("/mnt/nas")
            ]
        );
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
