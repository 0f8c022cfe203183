//! Snapshots are named by the clock, and the clock does as it likes.

use std::fs;

use crate::scene::{Scene, TINY};

#[test]
fn snapshots_of_one_second_have_names_of_their_own_in_their_order() {
    let mut scene = Scene::new("", TINY, 15);
    let mut names: Vec<String> = Vec::new();
    for _ in 0..5 {
        scene.change(2);
        let backup = scene.home.json("backup -A a");
        scene.note_snapshots("backups in one second");
        names.push(
            backup["backups"][0]["snapshot"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    assert_eq!(scene.home.snapshots("a"), names);
    assert!(names.is_sorted());
    scene.assert_all_extract("backups in one second");
}

#[test]
fn a_clock_that_was_set_back_does_not_change_the_order() {
    let mut scene = Scene::new("", TINY, 16);
    scene.back_up();
    // As if the clock had been wrong by years when it was made.
    let name = scene.oldest();
    let later = "2037-12-31-23-59-59.snapshot".to_owned();
    fs::rename(scene.archive().join(&name), scene.archive().join(&later)).unwrap();
    let tree = scene.snapshots.remove(&name).unwrap();
    scene.snapshots.insert(later.clone(), tree);

    scene.change(3);
    scene.back_up();
    let names = scene.home.snapshots("a");
    assert_eq!(names, [later, "2038-01-01-00-00-00.snapshot".to_owned()]);
    let newest = scene.home.json("ls -A a --back 0 source");
    assert!(newest.to_string().contains("new-") || newest.to_string().contains("file-"));
    scene.assert_all_extract("a clock that was set back");
    scene.assert_recovers("a clock that was set back");
}
