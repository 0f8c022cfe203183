//! Reading what the system knows of one file: its metadata, its link target, handles to it.
//!
//! What is particular to Linux about *making* a snapshot is in this folder. Everything goes by
//! directory handle and name: no path is too long, and a folder that turns into a link meanwhile leads
//! nowhere. One `statx` tells everything that decides whether a file is unchanged.

pub mod extended;
pub mod holes;

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, StatxAttributes, StatxFlags};
use rustix::io::Errno;

use super::tree::{Attributes, ExtendedAttribute, Timestamp};

/// Which file this is on this machine: two names with one `FileId` are hard links to one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId {
    pub device: u64,
    pub inode: u64,
}

/// What one `statx` says of a file.
#[derive(Clone, Copy, Debug)]
pub struct Stat {
    pub file_type: FileType,
    /// Permission bits with set-id and sticky.
    pub mode: u16,
    pub uid: u32,
    pub gid: u32,
    pub size: u64,
    /// Bytes that it takes on its file system.
    pub allocated_bytes: u64,
    pub modified: Timestamp,
    pub changed: Timestamp,
    pub id: FileId,
    /// How many names it has.
    pub links: u32,
    /// Of a device file: major and minor number.
    pub device_number: (u32, u32),
    /// Its owner asks for it to be left out of backups (`chattr +d`).
    pub is_nodump: bool,
}

impl Stat {
    /// Of `name` in `folder`; of a symbolic link, the link itself. Mounts nothing by being asked.
    pub fn at(folder: impl AsFd, name: &CStr) -> io::Result<Stat> {
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
        let found = rustix::fs::statx(folder, name, flags, StatxFlags::BASIC_STATS)?;
        Ok(Stat::new(&found))
    }

    /// Which file it is, and no more: a share is not asked once again for what it said when the path was followed.
    pub fn id_at(folder: impl AsFd, name: &CStr) -> io::Result<FileId> {
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT | AtFlags::STATX_DONT_SYNC;
        let found = rustix::fs::statx(folder, name, flags, StatxFlags::INO)?;
        Ok(Stat::new(&found).id)
    }

    /// Of an open file.
    pub fn of(handle: impl AsFd) -> io::Result<Stat> {
        let found = rustix::fs::statx(handle, c"", AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS)?;
        Ok(Stat::new(&found))
    }

    fn new(found: &rustix::fs::Statx) -> Stat {
        let time = |time: rustix::fs::StatxTimestamp| Timestamp {
            seconds: time.tv_sec,
            // A file system in user space may answer anything.
            nanoseconds: time.tv_nsec.min(999_999_999),
        };
        Stat {
            file_type: FileType::from_raw_mode(u32::from(found.stx_mode)),
            mode: found.stx_mode & 0o7777,
            uid: found.stx_uid,
            gid: found.stx_gid,
            size: found.stx_size,
            allocated_bytes: found.stx_blocks.saturating_mul(512),
            modified: time(found.stx_mtime),
            changed: time(found.stx_ctime),
            id: FileId {
                device: (u64::from(found.stx_dev_major) << 32) | u64::from(found.stx_dev_minor),
                inode: found.stx_ino,
            },
            links: found.stx_nlink,
            device_number: (found.stx_rdev_major, found.stx_rdev_minor),
            is_nodump: found.stx_attributes.contains(StatxAttributes::NODUMP),
        }
    }

    pub fn is_file(&self) -> bool {
        self.file_type == FileType::RegularFile
    }

    pub fn is_directory(&self) -> bool {
        self.file_type == FileType::Directory
    }

    /// Nothing was written to the file, and nothing about it was set, between the two.
    pub fn is_same_version(&self, other: &Stat) -> bool {
        self.id == other.id
            && self.size == other.size
            && self.modified == other.modified
            && self.changed == other.changed
    }

    /// The same question, against what a snapshot holds. Snapshots do not keep the device number: it
    /// is not the same after the next start of the machine.
    pub fn is_unchanged_since(&self, attributes: &Attributes) -> bool {
        self.has_times_of(attributes) && self.id.inode == attributes.inode
    }

    /// The same of its times alone.
    pub fn has_times_of(&self, attributes: &Attributes) -> bool {
        self.changed == attributes.changed && self.modified == attributes.modified
    }

    /// Whether owner and permissions are those. The change time does not tell where there is none of its own.
    pub fn has_owner_and_mode_of(&self, attributes: &Attributes) -> bool {
        self.mode == attributes.mode && self.uid == attributes.uid && self.gid == attributes.gid
    }

    pub fn attributes(&self, extended: Arc<[ExtendedAttribute]>) -> Attributes {
        Attributes {
            mode: self.mode,
            uid: self.uid,
            gid: self.gid,
            modified: self.modified,
            changed: self.changed,
            inode: self.id.inode,
            extended,
        }
    }
}

/// Where a symbolic link points.
pub fn link_target(folder: impl AsFd, name: &CStr) -> io::Result<Vec<u8>> {
    Ok(rustix::fs::readlinkat(folder, name, Vec::new())?.into_bytes())
}

/// True when following `name` ends nowhere: the target is not there, or links go round in a circle.
pub fn is_broken_link(folder: impl AsFd, name: &CStr) -> bool {
    let followed = rustix::fs::statx(folder, name, AtFlags::NO_AUTOMOUNT, StatxFlags::TYPE);
    matches!(followed, Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP))
}

/// Opens a file for reading: never through a link, never waiting for the other end of a FIFO, and
/// where that is allowed without touching its access time. What was opened must be asked for
/// ([`Stat::of`]): it may be something else by now.
pub fn open_file(folder: impl AsFd, name: &CStr) -> io::Result<OwnedFd> {
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    open_quietly(folder, name, flags)
}

/// Opens a folder for listing; a link to one is refused.
pub fn open_folder(folder: impl AsFd, name: &CStr) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::DIRECTORY | OFlags::CLOEXEC;
    open_quietly(folder, name, flags)
}

/// Opens a folder only to reach what is in it by name, for which no permission to list it is needed.
pub fn open_folder_to_pass(folder: impl AsFd, name: &CStr) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(folder, name, flags, Mode::empty())?)
}

/// `/`, to pass through.
pub fn open_root() -> io::Result<OwnedFd> {
    open_folder_to_pass(CWD, c"/")
}

/// Opens without touching the access time, which only the owner (and root) may.
fn open_quietly(folder: impl AsFd, name: &CStr, flags: OFlags) -> io::Result<OwnedFd> {
    let folder = folder.as_fd();
    match rustix::fs::openat(folder, name, flags | OFlags::NOATIME, Mode::empty()) {
        Err(Errno::PERM) => Ok(rustix::fs::openat(folder, name, flags, Mode::empty())?),
        other => Ok(other?),
    }
}

/// Whether files keep their inode numbers here when the file system is mounted anew. FAT and exFAT have none, and
/// most of those in user space and of shares make them up.
pub fn keeps_inodes(handle: impl AsFd) -> bool {
    // From linux/magic.h, and the sources of smb, exfat and vboxsf.
    const MADE_UP: [u64; 7] = [
        0x4d44,      // FAT
        0x2011_bab0, // exFAT
        0x6573_5546, // FUSE
        0xff53_4d42, // CIFS
        0xfe53_4d42, // SMB 2 and later
        0x517b,      // SMB
        0x786f_4256, // shared folders of VirtualBox
    ];
    let is_made_up =
        |status: rustix::fs::StatFs| MADE_UP.contains(&(status.f_type as u64 & 0xffff_ffff));
    !rustix::fs::fstatfs(handle).is_ok_and(is_made_up)
}

/// Whether a file that was read at `read_at` (seconds since 1970) or later may have been written to after that and have
/// the same time still: where times are kept in steps of two seconds (FAT), one (ext3) or a hundredth (exFAT). A
/// server's clock may be some seconds behind ours.
pub fn is_time_too_coarse(changed: Timestamp, read_at: i64) -> bool {
    const MARGIN: i64 = 60;
    is_in_steps(changed) && changed.seconds.saturating_add(MARGIN) > read_at
}

/// Whether it looks like a time that is kept in steps of a hundredth of a second or more.
pub fn is_in_steps(time: Timestamp) -> bool {
    time.nanoseconds.is_multiple_of(10_000_000)
}

/// Waits until the kernel's clock has passed `changed`, at most a few milliseconds.
///
/// Times in files come from a clock that moves in ticks of 1 to 10 ms. A file written to twice in one
/// tick, once before and once after it was read, would look unchanged for ever. After this wait, whatever
/// is written to it gets a later time. A time in the future cannot be waited for: whatever is written
/// then gets an earlier time, which is another one as well.
pub fn let_the_clock_pass(changed: Timestamp) {
    const LONGEST_TICKS: i64 = 3;
    const TICK: std::time::Duration = std::time::Duration::from_millis(4);
    for _ in 0..LONGEST_TICKS {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
        let is_this_tick = (now.tv_sec, now.tv_nsec)
            <= (changed.seconds, i64::from(changed.nanoseconds))
            && changed.seconds - now.tv_sec <= 1;
        if !is_this_tick {
            return;
        }
        std::thread::sleep(TICK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};

    #[test]
    fn one_call_tells_what_a_file_is() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "12345").unwrap();
        fs::hard_link(folder.path().join("file"), folder.path().join("link")).unwrap();
        std::os::unix::fs::symlink("file", folder.path().join("symbolic")).unwrap();
        let handle = File::open(folder.path()).unwrap();

        let stat = Stat::at(&handle, c"file").unwrap();
        assert!(stat.is_file());
        assert_eq!((stat.size, stat.links), (5, 2));
        assert_eq!(stat.id, Stat::at(&handle, c"link").unwrap().id);
        let opened = open_file(&handle, c"file").unwrap();
        assert!(stat.is_same_version(&Stat::of(&opened).unwrap()));

        let link = Stat::at(&handle, c"symbolic").unwrap();
        assert_eq!(link.file_type, FileType::Symlink);
        assert_eq!(link_target(&handle, c"symbolic").unwrap(), b"file");
        assert!(Stat::at(&handle, c"missing").is_err());
    }

    #[test]
    fn links_are_not_followed_when_opening() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("real")).unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        std::os::unix::fs::symlink("real", folder.path().join("to folder")).unwrap();
        std::os::unix::fs::symlink("file", folder.path().join("to file")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("broken")).unwrap();
        std::os::unix::fs::symlink("round", folder.path().join("round")).unwrap();
        let handle = File::open(folder.path()).unwrap();
        assert!(open_folder(&handle, c"real").is_ok());
        assert!(open_folder_to_pass(&handle, c"real").is_ok());
        assert!(open_folder(&handle, c"to folder").is_err());
        assert!(open_folder_to_pass(&handle, c"to folder").is_err());
        assert!(open_file(&handle, c"to file").is_err());
        assert!(!is_broken_link(&handle, c"to file"));
        assert!(is_broken_link(&handle, c"broken"));
        assert!(is_broken_link(&handle, c"round"));
    }

    #[test]
    fn opening_a_fifo_does_not_wait() {
        let folder = tempfile::tempdir().unwrap();
        let handle = File::open(folder.path()).unwrap();
        rustix::fs::mknodat(&handle, c"fifo", FileType::Fifo, Mode::RUSR, 0).unwrap();
        let opened = open_file(&handle, c"fifo").unwrap();
        assert!(!Stat::of(&opened).unwrap().is_file());
    }

    #[test]
    fn times_in_coarse_steps_do_not_tell_of_a_write_just_after_reading() {
        let at = |seconds, nanoseconds| Timestamp {
            seconds,
            nanoseconds,
        };
        for coarse in [at(950, 0), at(1001, 0), at(1000, 990_000_000), at(3000, 0)] {
            assert!(is_time_too_coarse(coarse, 1000), "{coarse:?}");
        }
        for sound in [at(940, 0), at(1001, 4_000_000), at(1000, 1), at(-5, 0)] {
            assert!(!is_time_too_coarse(sound, 1000), "{sound:?}");
        }
    }

    #[test]
    fn a_second_write_after_the_wait_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for round in 0..20 {
            fs::write(&path, format!("{round:03} a")).unwrap();
            let before = Stat::of(File::open(&path).unwrap()).unwrap();
            let_the_clock_pass(before.changed);
            fs::write(&path, format!("{round:03} b")).unwrap();
            let after = Stat::of(File::open(&path).unwrap()).unwrap();
            assert!(!before.is_same_version(&after));
        }
    }
}
