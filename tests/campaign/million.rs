//! A million files: memory stays bounded, and opening a snapshot of them takes no time.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::measure::Measured;
use crate::stage::{Stage, asked_for, assert_same};
use crate::support::{Random, has_tool};

/// What a backup may need, of however many files.
const MOST_MEMORY: u64 = 500_000_000;
/// What opening a snapshot and listing one folder may take, the start of the program included.
const LONGEST_OPENING: Duration = Duration::from_millis(100);
const VARIABLE: &str = "GIBUS_CAMPAIGN_DIR";

#[test]
fn a_million_different_files_in_eleven_thousand_folders() {
    if asked_for(VARIABLE, "the campaign on a million files").is_none() {
        return;
    }
    let stage = Stage::new();
    let tree = stage.path("tree");
    make_tree(&tree);
    stage.set_up("m", "", &tree);
    let (first, build) = stage.back_up("m");
    assert_eq!(build["read_files"], 1_000_000);
    assert_eq!(build["new_contents"], 1_000_000);
    let (unchanged, build) = stage.back_up("m");
    assert_eq!(build["read_files"], 0);
    for backup in [&first, &unchanged] {
        assert!(backup.peak_bytes < MOST_MEMORY, "{backup}");
    }
    let folders = [PathBuf::from("/"), tree.clone(), tree.join("42/4/2")];
    for folder in &folders {
        assert_opens_quickly(&stage, folder);
    }
    if has_tool("rsync") {
        stage.gibus_with("extract -A m --into extracted", &[&tree]);
        assert_same(&tree, &stage.path("extracted/tree"));
        stage.remove("extracted");
    }
    stage.gibus("restore -A m --all");
    stage.gibus("repo check m --read-data");
    stage.gibus("delete -A m");
    stage.gibus("repo prune m");
    println!("a million files, first backup      {first}");
    println!("a million files, unchanged backup  {unchanged}");
    println!("stored {} MB", stage.stored_bytes("m") / 1_000_000);
}

#[test]
fn a_million_names_in_one_folder() {
    if asked_for(VARIABLE, "the campaign on a folder of a million names").is_none() {
        return;
    }
    let stage = Stage::new();
    let tree = stage.path("tree");
    fs::create_dir(&tree).unwrap();
    for number in 0..1_000_000 {
        // No two alike, so that what is stored and the folder's entries are in memory at the same time.
        let bytes = format!("file {number}\n");
        fs::write(tree.join(format!("a short file {number}")), bytes).unwrap();
    }
    stage.set_up("m", "", &tree);
    let (first, build) = stage.back_up("m");
    assert_eq!(build["new_contents"], 1_000_000);
    let (unchanged, build) = stage.back_up("m");
    assert_eq!(build["read_files"], 0);
    assert_opens_quickly(&stage, Path::new("/"));
    stage.gibus_with("extract -A m --into extracted", &[&tree]);
    let extracted = fs::read_dir(stage.path("extracted/tree")).unwrap().count();
    assert_eq!(extracted, 1_000_000);
    println!("one folder, first backup      {first}");
    println!("one folder, unchanged backup  {unchanged}");
    for backup in [&first, &unchanged] {
        assert!(backup.peak_bytes < MOST_MEMORY, "{backup}");
    }
}

/// The best of some runs: others may be busy on this computer.
#[track_caller]
fn assert_opens_quickly(stage: &Stage, folder: &Path) {
    let run = |_| stage.gibus_with("--json ls -A m", &[folder]);
    let best: Measured = (0..7).map(run).min_by_key(|run| run.wall).unwrap();
    println!("listing {}: {best}", folder.display());
    let is_release = !cfg!(debug_assertions);
    assert!(best.wall < LONGEST_OPENING || !is_release, "{best}");
}

/// 100 × 10 × 10 folders of 100 files of 8 bytes to 4 KB, no two alike.
fn make_tree(tree: &Path) {
    let make = |outer: u64| {
        let mut random = Random::new(outer);
        for inner in 0..100 {
            let folder = tree.join(format!("{outer}/{}/{}", inner / 10, inner % 10));
            fs::create_dir_all(&folder).unwrap();
            for file in 0..100 {
                let number = (outer * 100 + inner) * 100 + file;
                let mut bytes = number.to_le_bytes().to_vec();
                let len = random.below(4089) as usize;
                bytes.extend(random.noise(len));
                fs::write(folder.join(format!("file {file}")), bytes).unwrap();
            }
        }
    };
    std::thread::scope(|scope| {
        for start in 0..4 {
            scope.spawn(move || (start..100).step_by(4).for_each(make));
        }
    });
}
