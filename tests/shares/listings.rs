//! A file system that does not go on with a listing but where its last answer ended, as lowntfs-3g: whoever asks for less at once
//! than it answers misses what was left over.

use std::fs;

use crate::slow_fs::Manner;
use crate::support::Tree;
use crate::{home_with_a_server, make_files, mount};

#[test]
fn nothing_is_missed_where_a_listing_cannot_be_gone_on_with() {
    let Some(home) = home_with_a_server() else {
        return;
    };
    let manner = Manner {
        loses_its_place: true,
        ..Manner::default()
    };
    let mounted = mount(&home, manner);
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
    Tree::read(&home.path("server/source")).assert_is_at(&home.path("out0/source"), "extract");
    mounted.unmount().unwrap();
}
