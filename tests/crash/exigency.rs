//! The configuration is lost, and perhaps the disk is mounted elsewhere: everything is restored all the same,
//! and adopting makes a configuration again.

use std::fs;
use std::path::Path;

use crate::scene::{Scene, USUAL};
use crate::support::{Tree, change_tree};

fn scene_without_configuration(layout: &str) -> Scene {
    let mut scene = Scene::new(&format!("--layout {layout}"), USUAL, 12);
    scene.back_up();
    scene.change(8);
    scene.back_up();
    fs::remove_dir_all(scene.home.path("config")).unwrap();
    scene
}

#[test]
fn everything_is_extracted_and_restored_with_no_configuration() {
    for layout in ["packed", "loose"] {
        let scene = scene_without_configuration(layout);
        assert_eq!(scene.home.gibus("snapshots -A a").code, Some(10));
        extract_all_by_exigency(&scene, &scene.archive());

        // Restored over what is there now: back to what it was, and nothing destroyed.
        let newest = scene.snapshots.values().next_back().unwrap();
        let mut random = scene.random.clone();
        change_tree(&scene.source(), 10, &mut random);
        fs::remove_file(scene.source().join("big")).unwrap();
        fs::remove_dir_all(scene.source().join("folder-0")).unwrap();
        let archive = scene.archive();
        let archive = archive.to_str().unwrap();
        scene
            .home
            .run(["restore", "--exigency", archive, "--all", "--overwrite"])
            .expect(0);
        let now = Tree::read(&scene.source());
        for (path, node) in &newest.nodes {
            // The root's own time is that of the files that were added since and are left alone.
            assert_eq!(now.nodes.get(path), Some(node), "{}", path.escape_ascii());
        }
        assert!(
            !scene.home.path("config").exists(),
            "nothing is configured by that"
        );
    }
}

#[test]
fn adopting_rebuilds_the_configuration_and_the_next_backup_reads_nothing() {
    for moves in [false, true] {
        let mut scene = scene_without_configuration("packed");
        if moves {
            scene.move_to(scene.home.path("elsewhere"));
            extract_all_by_exigency(&scene, &scene.archive());
        }
        let (repository, archive) = (scene.repository(), scene.archive());
        let found = scene.home.json("exigency scan .");
        assert_eq!(
            found["repositories"][0]["place"],
            text(&repository),
            "{found:#}"
        );
        assert_eq!(found["archives"][0]["place"], text(&archive), "{found:#}");
        assert_eq!(found["archives"][0]["repository_place"], text(&repository));
        assert_eq!(found["archives"][0]["snapshots"], 2);

        scene
            .home
            .done(&format!("repo adopt {}", text(&repository)));
        scene
            .home
            .done(&format!("archive adopt {}", text(&archive)));
        let backup = scene.home.json("backup -A a");
        let build = &backup["backups"][0]["build"];
        assert_eq!(build["read_files"], 0, "{backup:#}");
        assert_eq!(build["new_contents"], 0, "{backup:#}");
        scene.note_snapshots("adopting");
        scene.assert_all_extract("adopting");
        scene.assert_recovers("adopting");
    }
}

#[test]
fn a_snapshot_file_by_itself_and_its_repository_are_enough() {
    let scene = scene_without_configuration("packed");
    let (name, expected) = scene.snapshots.iter().next().unwrap();
    let alone = scene.home.path("alone.snapshot");
    fs::rename(scene.archive().join(name), &alone).unwrap();
    fs::remove_dir_all(scene.archive()).unwrap();
    let source = scene.source();
    let arguments = ["extract", "--exigency", "alone.snapshot", "--into", "x"];
    let arguments = arguments.map(Path::new).into_iter().chain([&*source]);
    scene.home.run(arguments).expect(0);
    expected.assert_is_at(&scene.home.path("x/source"), "a snapshot file alone");
}

fn extract_all_by_exigency(scene: &Scene, archive: &Path) {
    for (name, expected) in &scene.snapshots {
        let into = scene.home.path("by-exigency");
        let source = scene.source();
        let arguments = [
            "extract",
            "--exigency",
            text(archive),
            "--snapshot",
            name,
            "--into",
            text(&into),
            text(&source),
        ];
        scene.home.run(arguments).expect(0);
        expected.assert_is_at(&into.join("source"), name);
        fs::remove_dir_all(into).unwrap();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
