//! Repositories, sources and targets on shares and sticks: on a file system of our own that passes everything on to a
//! folder, and is like one of them (`tests/support/slow_fs`).
//!
//! - [`operations`] how many operations a backup and a restore need
//! - [`sources`] what is backed up has other inodes and coarser times than on a disk
//! - [`links`] symbolic links have no attributes of their own
//! - [`listings`] a listing that is interrupted is not gone on with
//! - [`open_files`] what is open can be neither deleted nor renamed

mod links;
mod listings;
mod open_files;
mod operations;
#[path = "../support/slow_fs/mod.rs"]
mod slow_fs;
mod sources;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;

use slow_fs::{Manner, SlowFs};
use support::{Home, skip};

/// A home with `server`, a folder, and `share`, an empty one to show it at. `None`, having said so, where nothing can be
/// mounted.
fn home_with_a_server() -> Option<Home> {
    if !Path::new("/dev/fuse").exists() {
        // No package brings it: also where nothing else may be skipped.
        eprintln!("SKIPPED a share: this kernel has no /dev/fuse");
        return None;
    }
    if let Some(why) = slow_fs::cannot_mount() {
        skip(&why);
        return None;
    }
    let home = Home::new();
    std::fs::create_dir(home.path("server")).unwrap();
    std::fs::create_dir(home.path("share")).unwrap();
    Some(home)
}

/// Shows the server at the share.
fn mount(home: &Home, manner: Manner) -> SlowFs {
    SlowFs::mount(&home.path("server"), &home.path("share"), manner).unwrap()
}

/// Files of up to 4 KB in folders of a hundred, no two alike, that compress as text does.
fn make_files(folder: &Path, count: usize) {
    for number in 0..count {
        let folder = folder.join(format!("folder {:03}", number / 100));
        std::fs::create_dir_all(&folder).unwrap();
        let lines = (0..number % 120).map(|line| format!("{number} {} {line}\n", number * line));
        let text: String = lines.collect();
        std::fs::write(folder.join(format!("{number}.txt")), text).unwrap();
    }
}
