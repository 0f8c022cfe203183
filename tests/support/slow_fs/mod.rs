//! A file system that passes everything on to a folder, and counts what it is asked.
//!
//! It stands for a share: whatever a program does there is a request that somebody has to answer, and each can be
//! given a delay. Requests are answered side by side, as a server does.
//!
//! **What counts as an operation**: every request of the kernel's that reaches this file system, looking up a name and
//! closing a file included, but for FORGET, INTERRUPT, INIT and DESTROY, which make nobody wait.
//!
//! **What the kernel remembers**: names and attributes for as long as the mount is told, as clients of shares do (one
//! second with CIFS unless told otherwise). With no time at all each step of each path is a request each time;
//! with a time that does not end during a run, counts do not depend on how fast it was. The bytes of a file are
//! remembered while it is open; they are read ahead a megabyte at a time where that may be set (as root), and
//! written as the program writes them. Locks are kept by the kernel and cost nothing here.
//!
//! Linux only; mounting takes `/dev/fuse`, and `fusermount3` for anyone but root.

#![allow(dead_code)]

mod counts;
mod handles;
mod nodes;
mod pass_through;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fuser::{BackgroundSession, Config, MountOption, Session};

pub use counts::Counts;

use pass_through::PassThrough;

/// So many requests are answered at the same time.
const THREADS: usize = 64;
/// Longer than any kernel takes to tell that a file is closed.
const CLOSING: Duration = Duration::from_secs(10);
/// What the kernel reads ahead, in kilobytes.
const READ_AHEAD_KB: &str = "1024";

/// What a mounted file system is like.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// How much longer each operation takes than it does below.
    pub delay: Duration,
    /// How long names and attributes are good.
    pub remembered: Duration,
    /// Files have other numbers than those below: another one for each mount, as where they are made up.
    pub number_mask: u64,
    /// What is open can be neither deleted nor renamed, nor something else renamed over it, as on a share of Windows.
    pub keeps_open_files: bool,
    /// Attributes of a symbolic link are those of what it leads to when they are set, as with sshfs.
    pub follows_links: bool,
    /// A listing is gone on with only where an answer ended, as with lowntfs-3g; from anywhere else there is no more.
    pub loses_its_place: bool,
    /// The change time of a file is its modification time, as with FAT and sshfs.
    pub no_change_time: bool,
    /// Times are in steps of so many seconds, as with FAT; 0: as below.
    pub time_step: u64,
}

/// A mounted file system; unmounted when it is dropped.
pub struct SlowFs {
    session: Option<BackgroundSession>,
    counts: Arc<Counts>,
}

impl SlowFs {
    /// Shows the folder `backing` at the empty folder `mount_point`.
    ///
    /// Errors: those of mounting, and of opening `backing`.
    pub fn mount(backing: &Path, mount_point: &Path, manner: Manner) -> io::Result<SlowFs> {
        let counts = Arc::new(Counts::default());
        let file_system = PassThrough::new(backing, manner, Arc::clone(&counts))?;
        let mut config = Config::default();
        // Not `DefaultPermissions`: with attributes that are not cached the kernel would ask for those of each
        // folder on each path.
        config.mount_options = vec![MountOption::FSName("slow_fs".to_owned())];
        config.n_threads = Some(THREADS);
        let session = Session::new(file_system, mount_point, &config)?.spawn()?;
        read_ahead_more(mount_point);
        counts.reset();
        Ok(SlowFs {
            session: Some(session),
            counts,
        })
    }

    /// What was asked since the mount or the last [`Counts::reset`]. Call it when nobody has anything open: it waits
    /// for the kernel to tell that files are closed, which it does after the program has gone on.
    pub fn counts(&self) -> &Counts {
        let begun = Instant::now();
        while self.counts.left_open() > 0 && begun.elapsed() < CLOSING {
            std::thread::sleep(Duration::from_millis(1));
        }
        &self.counts
    }

    /// Unmounts, and waits until that is done.
    pub fn unmount(mut self) -> io::Result<()> {
        match self.session.take() {
            Some(session) => session.umount_and_join(),
            None => Ok(()),
        }
    }
}

impl Drop for SlowFs {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            // After a failed test: nobody is left to tell.
            let _ = session.umount_and_join();
        }
    }
}

/// Why nothing can be mounted here, if that is so.
pub fn cannot_mount() -> Option<String> {
    if let Err(error) = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/fuse")
    {
        return Some(format!("/dev/fuse cannot be opened: {error}"));
    }
    let is_root = rustix::process::geteuid().is_root();
    let has_helper = ["/usr/bin", "/bin"]
        .iter()
        .any(|folder| Path::new(folder).join("fusermount3").is_file());
    (!is_root && !has_helper).then(|| "it needs fusermount3 (package fuse3)".to_owned())
}

/// The default of 128 kB is less than what clients of shares ask for at once. Without the right to set it, it stays.
fn read_ahead_more(mount_point: &Path) {
    let device = backing_device(mount_point);
    let _ = device.map(|device| fs::write(device.join("read_ahead_kb"), READ_AHEAD_KB));
}

fn backing_device(mount_point: &Path) -> Option<PathBuf> {
    let path = mount_point.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let device = mounts.lines().rev().find_map(|line| {
        let mut fields = line.split(' ').skip(2);
        let device = fields.next()?;
        let place = fields.nth(1)?;
        (Path::new(place) == path).then(|| device.to_owned())
    })?;
    Some(Path::new("/sys/class/bdi").join(device))
}
