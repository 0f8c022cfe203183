//! Getting files back: the plan that is shown is what then happens, and nothing happens before.

use std::fs;
use std::path::{Path, PathBuf};

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use gibus::gui::command::Command;
use gibus::jobs::get_back::{Picked, Picks, Request, Target};
use gibus::jobs::source::SeriesSource;
use gibus::snapshot::archive::name::SnapshotName;
use gibus::snapshot::places::ArchiveName;

use crate::support::{Window, World, contents};

/// Two snapshots: `notes.txt` differs between them, `docs/letter.txt` was added.
struct Scene {
    world: World,
    archive: ArchiveName,
    old: SnapshotName,
    new: SnapshotName,
}

impl Scene {
    fn new() -> Scene {
        let world = World::new();
        let archive = world.with_archive();
        world.write("notes.txt", "first");
        world.write("docs/plan.txt", "the plan");
        let old = world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
        world.write("notes.txt", "second, longer");
        world.write("docs/letter.txt", "dear");
        let new = world.back_up(&archive, "2026-11-21T10:00:00[UTC]");
        Scene {
            world,
            archive,
            old,
            new,
        }
    }

    fn picks(&self, name: SnapshotName, below_home: &[&str]) -> Picks {
        let source = SeriesSource::Archive(self.archive.clone());
        let series = source.series(&self.world.catalog).unwrap();
        let file = series.snapshots.iter().find(|file| file.name == name);
        let paths = below_home.iter().map(|below| {
            let path = self.world.home().join(below);
            path.to_str().unwrap().as_bytes().to_vec()
        });
        Picks {
            file: file.unwrap().path.clone(),
            name,
            what: Picked::Paths(paths.collect()),
        }
    }

    /// The window with the dialog open.
    fn ask(&self, picks: Vec<Picks>, target: Target) -> Window {
        let mut window = self.world.open();
        let request = Request {
            source: SeriesSource::Archive(self.archive.clone()),
            picks,
            target,
            overwrite: false,
        };
        window.harness.state_mut().send(Command::GetBack(request));
        window.steps(3);
        window
    }

    fn extract(&self, picks: Vec<Picks>) -> Window {
        self.ask(picks, Target::Folder(self.world.path("out")))
    }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// Waits for the plan, presses the button and waits for the end.
fn carry_out(window: &mut Window, button: &str) {
    wait_until_enabled(window, button);
    window.click(button);
    window.wait_for("Close");
}

fn wait_until_enabled(window: &mut Window, button: &str) {
    window.wait_until(&format!("'{button}' can be pressed"), |window| {
        is_enabled(window, button)
    });
}

fn is_enabled(window: &Window, button: &str) -> bool {
    use egui_kittest::kittest::NodeT;
    let mut all = window.harness.query_all_by_label(button);
    all.any(|node| !node.accesskit_node().is_disabled())
}

#[test]
fn one_file_is_extracted_after_its_plan_was_seen_and_its_folder_can_be_opened() {
    let scene = Scene::new();
    let out = scene.world.path("out");
    let mut window = scene.extract(vec![scene.picks(scene.old, &["notes.txt"])]);
    wait_until_enabled(&mut window, "Extract");
    assert!(window.shows("Create 1 (5 B)"));
    assert!(window.shows(&format!("notes.txt in {}: Create", out.display())));
    assert!(window.shows("as of Fri 20 Nov 2026, 10:00"));
    assert!(!out.exists(), "something was written before the button");
    carry_out(&mut window, "Extract");
    assert_eq!(
        contents(&out),
        [(PathBuf::from("notes.txt"), b"first".to_vec())]
    );
    window.wait_for("1 file and 0 folders extracted");
    window.click("Open the folder");
    window.wait_until_opened(&out);
    window.click("Close");
    window.wait_until_gone("Open the folder");
}

#[test]
fn a_folder_is_suggested_where_none_is_given_and_another_can_be_typed_or_chosen() {
    let scene = Scene::new();
    let picks = vec![scene.picks(scene.old, &["notes.txt"])];
    let mut window = scene.ask(picks, Target::Folder(PathBuf::new()));
    let suggested = scene.world.home().join("Restored");
    window.wait_for(&format!("notes.txt in {}", suggested.display()));
    window.type_into("Folder to extract to", "not absolute");
    window.wait_until("the button is disabled", |window| {
        !is_enabled(window, "Extract")
    });
    let typed = scene.world.path("typed");
    window.type_into("Folder to extract to", typed.to_str().unwrap());
    window.wait_for(&format!("notes.txt in {}", typed.display()));
    let chosen = scene.world.path("chosen");
    window.picker.answers.lock().unwrap().push(chosen.clone());
    window.click("Choose…");
    window.wait_for(&format!("notes.txt in {}", chosen.display()));
    carry_out(&mut window, "Extract");
    assert_eq!(text(&chosen.join("notes.txt")), "first");
    assert!(!suggested.exists() && !typed.exists());
}

#[test]
fn versions_of_one_file_from_different_days_are_extracted_side_by_side() {
    let scene = Scene::new();
    let mut window = scene.extract(vec![
        scene.picks(scene.old, &["notes.txt"]),
        scene.picks(scene.new, &["notes.txt", "docs"]),
    ]);
    window.wait_for("3 items from 2 snapshots");
    wait_until_enabled(&mut window, "Extract");
    assert!(window.shows("With all in it: 2 files"));
    assert!(window.shows("Fri 20 Nov 2026, 10:00") && window.shows("Sat 21 Nov 2026, 10:00"));
    carry_out(&mut window, "Extract");
    let expected = [
        ("docs/letter.txt", "dear"),
        ("docs/plan.txt", "the plan"),
        ("notes 2026-11-20-10-00-00.txt", "first"),
        ("notes 2026-11-21-10-00-00.txt", "second, longer"),
    ];
    let expected = expected.map(|(name, text)| (PathBuf::from(name), text.as_bytes().to_vec()));
    assert_eq!(contents(&scene.world.path("out")), expected);
}

#[test]
fn everything_of_a_snapshot_is_extracted_under_the_name_of_what_was_included() {
    let scene = Scene::new();
    let mut picks = scene.picks(scene.old, &[]);
    picks.what = Picked::All;
    let mut window = scene.extract(vec![picks]);
    window.wait_for("Everything, as of Fri 20 Nov 2026, 10:00");
    carry_out(&mut window, "Extract");
    let names: Vec<PathBuf> = contents(&scene.world.path("out"))
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    assert_eq!(
        names,
        [
            PathBuf::from("home/docs/plan.txt"),
            PathBuf::from("home/notes.txt")
        ]
    );
}

#[test]
fn what_exists_already_is_explained_and_can_be_replaced_or_avoided() {
    let scene = Scene::new();
    let out = scene.world.path("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("notes.txt"), "precious").unwrap();
    let picks = || vec![scene.picks(scene.old, &["notes.txt"])];
    let mut window = scene.extract(picks());
    window.wait_for("Something is there already");
    assert!(!is_enabled(&window, "Extract"));
    window.click("Use a new folder below it");
    window.wait_for("notes.txt in ");
    carry_out(&mut window, "Extract");
    assert_eq!(text(&out.join("notes.txt")), "precious");
    assert_eq!(text(&out.join("2026-11-25 12.00.00/notes.txt")), "first");

    let mut window = scene.extract(picks());
    window.click("Replace what is there");
    window.wait_for("Replace 1 (5 B)");
    assert_eq!(text(&out.join("notes.txt")), "precious");
    carry_out(&mut window, "Extract");
    assert_eq!(text(&out.join("notes.txt")), "first");
}

#[test]
fn a_restore_moves_a_different_file_aside_under_the_name_that_the_plan_said() {
    let scene = Scene::new();
    let home = scene.world.home();
    fs::remove_file(home.join("docs/plan.txt")).unwrap();
    let picks = scene.picks(scene.old, &["notes.txt", "docs"]);
    let mut window = scene.ask(vec![picks], Target::Origin);
    window.wait_for("Move 1 aside");
    let begin = "What is there becomes ";
    let label = window
        .labels()
        .into_iter()
        .find(|label| label.contains(begin));
    let label = label.unwrap();
    let aside = label.split_once(begin).unwrap().1.to_owned();
    assert!(window.shows(&format!("plan.txt in {}/docs: Create", home.display())));
    let before = contents(&home);
    carry_out(&mut window, "Restore");
    let mut expected = before;
    for (path, content) in &mut expected {
        if path == Path::new("notes.txt") {
            *path = PathBuf::from(&aside);
            assert_eq!(content, b"second, longer");
        }
    }
    expected.push((PathBuf::from("notes.txt"), b"first".to_vec()));
    expected.push((PathBuf::from("docs/plan.txt"), b"the plan".to_vec()));
    expected.sort();
    assert_eq!(contents(&home), expected);
    window.wait_for("1 moved aside");
    window.click("Open the folder");
    window.wait_until_opened(&home);
}

#[test]
fn a_restore_replaces_when_that_is_chosen() {
    let scene = Scene::new();
    let home = scene.world.home();
    let picks = scene.picks(scene.old, &["notes.txt"]);
    let mut window = scene.ask(vec![picks], Target::Origin);
    window.wait_for("Move 1 aside");
    window.click("Replace them");
    window.wait_for("Replace 1 (5 B)");
    carry_out(&mut window, "Restore");
    let expected = [
        ("docs/letter.txt", "dear"),
        ("docs/plan.txt", "the plan"),
        ("notes.txt", "first"),
    ];
    let expected = expected.map(|(name, text)| (PathBuf::from(name), text.as_bytes().to_vec()));
    assert_eq!(contents(&home), expected);
}

#[test]
fn what_is_identical_is_left_and_there_is_nothing_to_press() {
    let scene = Scene::new();
    let picks = scene.picks(scene.new, &["notes.txt", "docs"]);
    let mut window = scene.ask(vec![picks], Target::Origin);
    window.wait_for("as they are");
    assert!(window.shows("Identical"));
    assert!(!is_enabled(&window, "Restore"));
}

#[test]
fn files_of_different_days_go_back_into_one_folder_that_is_missing() {
    let scene = Scene::new();
    let home = scene.world.home();
    let before = contents(&home.join("docs"));
    fs::remove_dir_all(home.join("docs")).unwrap();
    let picks = vec![
        scene.picks(scene.old, &["docs/plan.txt"]),
        scene.picks(scene.new, &["docs/letter.txt"]),
    ];
    let mut window = scene.ask(picks, Target::Origin);
    carry_out(&mut window, "Restore");
    assert!(window.shows("2 files and 1 folder put back"));
    assert_eq!(contents(&home.join("docs")), before);
}

#[test]
fn one_path_from_two_days_cannot_be_put_back_but_extracted() {
    let scene = Scene::new();
    let picks = vec![
        scene.picks(scene.old, &["notes.txt"]),
        scene.picks(scene.new, &["notes.txt"]),
    ];
    let mut window = scene.ask(picks, Target::Origin);
    window.wait_for("picked from two snapshots");
    assert!(!is_enabled(&window, "Restore"));
    window.click("Extract to a folder");
    window.type_into(
        "Folder to extract to",
        scene.world.path("out").to_str().unwrap(),
    );
    window.wait_for(&format!("in {}", scene.world.path("out").display()));
    carry_out(&mut window, "Extract");
    assert_eq!(contents(&scene.world.path("out")).len(), 2);
}

#[test]
fn cancelling_before_the_button_writes_nothing() {
    let scene = Scene::new();
    let before = contents(&scene.world.home());
    for close in ["Cancel", "Escape"] {
        let picks = scene.picks(scene.old, &["notes.txt", "docs"]);
        let mut window = scene.ask(vec![picks], Target::Origin);
        wait_until_enabled(&mut window, "Restore");
        match close {
            "Cancel" => window.click("Cancel"),
            _ => window.key(Key::Escape),
        }
        window.wait_until_gone("Move different files aside");
        assert!(!window.harness.state().jobs().is_any_running());
        assert_eq!(window.harness.state().jobs().all().count(), 0);
    }
    assert_eq!(contents(&scene.world.home()), before);
}

#[test]
fn a_target_that_cannot_be_written_shows_why_before_anything_is_touched() {
    let scene = Scene::new();
    let home = scene.world.home();
    // A link stands where the folder was that the file goes into.
    fs::remove_dir_all(home.join("docs")).unwrap();
    fs::create_dir(scene.world.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink(scene.world.path("elsewhere"), home.join("docs")).unwrap();
    let picks = scene.picks(scene.new, &["docs/letter.txt"]);
    let mut window = scene.ask(vec![picks], Target::Origin);
    window.wait_for("One thing cannot be written");
    assert!(window.shows("symbolic link stands in the way"));
    assert!(window.shows("1 cannot be written"));
    assert!(!is_enabled(&window, "Restore"));

    // A file stands where the folder is to be.
    let blocked = scene.world.path("disk/blocked");
    fs::write(&blocked, "x").unwrap();
    window.click("Extract to a folder");
    let below = blocked.join("below");
    window.type_into("Folder to extract to", below.to_str().unwrap());
    window.wait_for("Could not");
    assert!(!is_enabled(&window, "Extract"));
    window.type_into(
        "Folder to extract to",
        scene.world.path("out").to_str().unwrap(),
    );
    carry_out(&mut window, "Extract");
    assert_eq!(text(&scene.world.path("out/letter.txt")), "dear");
    assert_eq!(contents(&scene.world.path("elsewhere")), []);
}

#[test]
fn the_steps_are_filtered_by_kind_and_by_text() {
    let scene = Scene::new();
    fs::remove_file(scene.world.home().join("docs/plan.txt")).unwrap();
    let picks = scene.picks(scene.old, &["notes.txt", "docs"]);
    let mut window = scene.ask(vec![picks], Target::Origin);
    let (notes, plan) = ("notes.txt in ", "plan.txt in ");
    window.wait_for(notes);
    assert!(window.shows(plan));
    window.click("Move 1 aside");
    window.wait_until_gone(plan);
    assert!(window.shows(notes));
    window.click("All steps");
    window.wait_for(plan);
    window.type_into("Find in the plan", "DOCS/PLAN");
    window.wait_until_gone(notes);
    assert!(window.shows(plan));
    window.type_into("Find in the plan", "no such thing");
    window.wait_for("No step is like that");
}

#[test]
fn what_was_put_there_after_the_plan_is_left_alone_and_named_in_the_summary() {
    let scene = Scene::new();
    let out = scene.world.path("out");
    let picks = scene.picks(scene.new, &["docs/letter.txt", "notes.txt"]);
    let mut window = scene.extract(vec![picks]);
    wait_until_enabled(&mut window, "Extract");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("notes.txt"), "precious").unwrap();
    carry_out(&mut window, "Extract");
    window.wait_for("Done, but not all of it");
    assert!(window.shows("1 FAILED"));
    let problem = format!("{}: Could not", out.join("notes.txt").display());
    assert!(window.shows(&problem), "{:?}", window.labels());
    assert_eq!(text(&out.join("notes.txt")), "precious");
    assert_eq!(text(&out.join("letter.txt")), "dear");
}

/// A scene with so many files that no machine is done with them in a few frames.
fn with_many_files() -> (Scene, Window) {
    let scene = Scene::new();
    for number in 0..4000 {
        scene
            .world
            .write(&format!("many/{number}.txt"), &format!("file {number}"));
    }
    let many = scene
        .world
        .back_up(&scene.archive, "2026-11-22T10:00:00[UTC]");
    let mut window = scene.extract(vec![scene.picks(many, &["many"])]);
    wait_until_enabled(&mut window, "Extract");
    window.click("Extract");
    (scene, window)
}

#[test]
fn while_it_runs_it_can_be_left_to_the_background() {
    let (scene, mut window) = with_many_files();
    window.wait_for("Progress");
    window.click("Continue in the background");
    window.wait_until_gone("Continue in the background");
    window.wait_until("the job has ended", |window| {
        !window.harness.state().jobs().is_any_running()
    });
    assert_eq!(contents(&scene.world.path("out/many")).len(), 4000);
}

#[test]
fn while_it_runs_it_can_be_cancelled_and_says_so() {
    let (scene, mut window) = with_many_files();
    window.click("Cancel");
    window.wait_for("Stopped");
    window.click("Close");
    // What is there is whole.
    let out = scene.world.path("out/many");
    let written = if out.exists() {
        contents(&out)
    } else {
        Vec::new()
    };
    assert!(written.len() < 4000);
    for (path, content) in written {
        let number = path.file_stem().unwrap().to_str().unwrap();
        assert_eq!(content, format!("file {number}").as_bytes());
    }
}

#[test]
fn a_job_that_has_ended_keeps_no_plan() {
    let scene = Scene::new();
    let mut window = scene.extract(vec![scene.picks(scene.old, &["notes.txt"])]);
    carry_out(&mut window, "Extract");
    let job = window.harness.state().jobs().all().next().unwrap();
    let gibus::jobs::Work::GetBack(prepared) = &job.work else {
        panic!("another job");
    };
    assert_eq!(prepared.look(<[_]>::len), 0);
}

#[test]
fn it_can_be_done_with_the_keyboard_alone() {
    let scene = Scene::new();
    let picks = scene.picks(scene.old, &["notes.txt"]);
    let mut window = scene.ask(vec![picks], Target::Origin);
    wait_until_enabled(&mut window, "Restore");
    tab_to(&mut window, "Replace them");
    window.key(Key::Space);
    window.wait_for("Replace 1 (5 B)");
    tab_to(&mut window, "Steps of the plan");
    window.key(Key::ArrowDown);
    wait_until_enabled(&mut window, "Restore");
    tab_to(&mut window, "Restore");
    window.key(Key::Enter);
    window.wait_for("Open the folder");
    tab_to(&mut window, "Open the folder");
    window.key(Key::Enter);
    window.wait_until("the folder is shown", |window| {
        window.opened_folders.lock().unwrap().len() == 1
    });
    tab_to(&mut window, "Close");
    window.key(Key::Space);
    window.wait_until_gone("Open the folder");
    assert_eq!(text(&scene.world.home().join("notes.txt")), "first");
}

/// Presses Tab until what has this label has the keyboard.
fn tab_to(window: &mut Window, label: &str) {
    for _ in 0..60 {
        let mut all = window.harness.query_all_by_label(label);
        if all.any(|node| node.is_focused()) {
            return;
        }
        drop(all);
        window.keys(Modifiers::NONE, Key::Tab);
    }
    panic!("Tab does not reach '{label}': {:?}", window.labels());
}
