//! A file system that does not go on with a listing but where its last answer ended, as lowntfs-3g: whoever asks for less at once
//! than it answers misses what was left over.

use std::fs;

use crate::slow_fs::{Manner, SlowFs};
use crate::support::{Home, Tree};
use crate::{make_files, skip_without_mounts};

#[test]
fn nothing_is_missed_where_a_listing_cannot_be_gone_on_with() {
    if skip_without_mounts() {
        return;
    }
    let home = Home::new();
    let (server, share) = (home.path("server"), home.path("share"));
    fs::create_dir(&server).unwrap();
    fs::create_dir(&share).unwrap();
    let manner = Manner {
        loses_its_place: true,
        ..Manner::default()
    };
    let mounted = SlowFs::mount(&server, &share, manner).unwrap();
    // What is backed up is on it as well, with long names, so that a folder takes many answers.
    let source = home.path("share/source");
    make_files(&source, 20);
    for number in 0..1000 {
        let name = format!("{number:04} of a good many files with quite a long name each");
        fs::write(source.join(name), number.to_string()).unwrap();
    }
    home.done("repo create main --location share --layout loose");
    home.done(&format!(
        "archive create docs --repo main --include {}",
        source.display()
    ));
    const SNAPSHOTS: usize = 20;
    for number in 0..SNAPSHOTS {
        fs::write(source.join("changes"), number.to_string()).unwrap();
        home.done("backup -A docs");
    }
    assert_eq!(home.snapshots("docs").len(), SNAPSHOTS);
    assert_eq!(home.json("repo stats main")["claims"], SNAPSHOTS);
    home.done("repo check main --read-data");
    home.done("delete -A docs --back -1");
    home.done("prune main");
    home.done("repo check main --read-data");
    for back in [0, SNAPSHOTS - 2] {
        let line = format!(
            "extract -A docs --back {back} --into out{back} {}",
            source.display()
        );
        home.done(&line);
    }
    Tree::read(&server.join("source")).assert_is_at(&home.path("out0/source"), "extract");
    mounted.unmount().unwrap();
}
