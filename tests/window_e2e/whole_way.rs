//! The way of somebody who has just installed the program: the first run, a backup, looking around, getting files
//! back. What comes back is compared byte by byte with what was there.

use std::fs;
use std::path::{Path, PathBuf};

use crate::desktop::Desktop;

#[test]
fn from_an_empty_home_to_files_that_are_back() {
    let Some(desktop) = Desktop::start() else {
        return;
    };
    let source = desktop.home("Documents");
    let disk = desktop.path("disk");
    fs::create_dir(&disk).unwrap();
    write_files(&source);
    let before = contents(&source);
    let mut window = desktop.open();

    // What: everything, as it is ticked already. Where to: a folder, since no disk is mounted for the test.
    window.wait_for("Your first backup: what?");
    window.click("Next");
    window.click("Another folder");
    window.type_into("Folder for the backups", disk.to_str().unwrap());
    window.click("Start the first backup");
    window.wait_until("there is a snapshot", |_| snapshots(&disk) == 1);
    window.wait_for_beginning("Everything is backed up");

    // The originals are lost.
    fs::remove_dir_all(&source).unwrap();

    window.click("Browse");
    let row = window.wait_for_beginning("Documents");
    window.click_at(row);
    window.key("space");
    window.click("Extract…");
    let target = desktop.home("back");
    window.type_into("Folder to extract to", target.to_str().unwrap());
    window.click("Extract");
    window.wait_until("it is there", |_| target.join("Documents").is_dir());
    window.wait_for("Close");
    assert_eq!(contents(&target.join("Documents")), before);
    window.click("Close");
    window.key("ctrl+q");
    assert_eq!(window.wait_for_end().code(), Some(0));
}

/// Files of several sizes and kinds, in folders in each other.
fn write_files(folder: &Path) {
    let noise = |len: usize| -> Vec<u8> {
        let mut state = len as u32 + 1;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..len).map(next).collect()
    };
    for (name, bytes) in [
        ("letter.txt", b"Dear all".to_vec()),
        ("empty", Vec::new()),
        ("ümlaut and space.txt", b"\xff\x00\x01".to_vec()),
        ("deep/er/deepest/one", noise(70_000)),
        ("deep/er/two", noise(3_000_000)),
        ("deep/copy of two", noise(3_000_000)),
    ] {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// All files below a folder, by their paths in it.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let below = path.strip_prefix(folder).unwrap().to_owned();
                found.push((below, fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// How many snapshots there are on a disk.
fn snapshots(disk: &Path) -> usize {
    let mut folders = vec![disk.to_owned()];
    let mut count = 0;
    while let Some(at) = folders.pop() {
        let Ok(entries) = fs::read_dir(at) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => count += usize::from(path.extension().is_some_and(|e| e == "snapshot")),
            }
        }
    }
    count
}
