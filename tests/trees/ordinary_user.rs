//! Ordinary users: what they may not read, and what they may not set. As root, the program is run as
//! nobody.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use crate::look::{assert_same, look};
use crate::nasty::{self, Power, set_extended, set_mode, write};
use crate::support::{is_root, skip};
use crate::world::World;

#[test]
fn everything_that_a_user_can_have_comes_back() {
    let mut world = World::new();
    nasty::make(&world.source(), Power::Ordinary);
    if world.become_ordinary() {
        // Giving it away has taken the set-id bits.
        nasty::set_modes(&world.source().join("modes"));
    }
    world.set_up("", "--keep-broken-links");
    let before = look(&world.source());
    world.back_up();
    assert_eq!(world.back_up()["build"]["read_files"], 0);
    let copy = world.extract(0, "copy");
    assert_same(&before, &look(&copy));
    let status = Command::new("rm").arg("-rf").arg(world.source()).status();
    assert!(status.unwrap().success());
    world.restore("");
    assert_same(&before, &look(&world.source()));
}

#[test]
fn what_cannot_be_read_is_told_and_does_not_vanish_from_the_series() {
    let mut world = World::new();
    for name in ["file", "folder/inside", "fine"] {
        write(&world.source().join(name), name);
    }
    world.become_ordinary();
    let forbid = |mode| {
        set_mode(&world.source().join("file"), mode);
        set_mode(&world.source().join("folder"), mode);
    };
    forbid(0);
    world.set_up("", "");
    let preview = world.json("archive preview a", 3);
    assert_eq!(preview["unreadable"], 2, "{preview}");
    for _ in 0..2 {
        let document = world.json("backup -A a", 3);
        let backup = &document["backups"][0];
        assert_eq!(backup["complete"], false);
        let told: Vec<_> = backup["problems"]
            .as_array()
            .unwrap()
            .iter()
            .map(|problem| problem["path"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(told.len(), 2, "{document}");
        for name in ["file", "folder"] {
            let path = world.source().join(name);
            assert!(
                told.contains(&path.to_str().unwrap().to_owned()),
                "{told:?}"
            );
            let listed = world.run(["ls", "-A", "a", "--long", path.to_str().unwrap()]);
            listed.expect(0);
        }
        let words = world.gibus("snapshots -A a");
        assert!(words.expect(0).contains("incomplete"), "{words:?}");
    }
    let into = world.path("copy");
    let source = world.source();
    let extract = |code: i32| {
        let _ = fs::remove_dir_all(&into);
        let arguments = ["--json", "extract", "-A", "a", "--into", "copy"];
        let run = world.run(arguments.iter().copied().chain([source.to_str().unwrap()]));
        run.expect(code).to_owned()
    };
    let told = extract(3);
    assert!(told.contains("source/file"), "{told}");
    assert_eq!(fs::read(into.join("source/fine")).unwrap(), b"fine");
    assert!(!into.join("source/file").exists());
    // It is not put in the place of what can be read by now.
    forbid(0o755);
    world.json("restore -A a --all --overwrite", 3);
    assert_eq!(fs::read(source.join("file")).unwrap(), b"file");
    assert_eq!(
        fs::read(source.join("folder/inside")).unwrap(),
        b"folder/inside"
    );

    set_mode(&source.join("file"), 0o644);
    set_mode(&source.join("folder"), 0o755);
    let backup = world.back_up();
    assert_eq!(backup["complete"], true);
    extract(0);
    assert_same(&look(&source), &look(&into.join("source")));
}

#[test]
fn what_is_stored_is_for_its_owner_alone_whatever_the_umask() {
    for umask in ["000", "077"] {
        let world = World::new();
        write(&world.source().join("file"), "secret");
        for layout in ["packed", "loose"] {
            let script = format!(
                "umask {umask}; set -e; gibus=$1; \
                 $gibus repo create {layout} --layout {layout} --location store; \
                 $gibus archive create {layout} --repo {layout} --location store --include source; \
                 for i in 1 2; do $gibus backup -A {layout}; done; \
                 $gibus delete -A {layout}; $gibus repo prune {layout}; \
                 $gibus repo convert {layout} --codec gzip"
            );
            let own = world.command([""]);
            let settings = own
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?)));
            let run = Command::new("sh")
                .args(["-c", &script, "sh"])
                .arg(own.get_program())
                .env_clear()
                .envs(settings)
                .current_dir(world.path(""))
                .output()
                .unwrap();
            assert!(run.status.success(), "{run:?}");
        }
        for top in ["store/gibus.d", "config"] {
            let top = world.path(top);
            for path in nasty::paths(&top).into_iter().chain([top]) {
                let metadata = fs::symlink_metadata(&path).unwrap();
                let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
                let mode = metadata.mode() & 0o7777;
                assert_eq!(mode, expected, "{mode:o} {}", path.display());
            }
        }
    }
}

/// A world of root's in which everything but the tree itself is then given to nobody.
fn backed_up_by_root(make: impl Fn(&World)) -> Option<World> {
    if !is_root() {
        skip("restoring what is root's as an ordinary user: this is not root");
        return None;
    }
    let mut world = World::new();
    make(&world);
    world.set_up("", "--keep-broken-links");
    world.back_up();
    world.become_ordinary();
    Some(world)
}

#[test]
fn owners_are_told_once_with_a_count_and_are_no_failure() {
    let make = |world: &World| {
        for number in 0..30 {
            write(&world.source().join(format!("{number}")), "root's");
        }
    };
    let Some(world) = backed_up_by_root(make) else {
        return;
    };
    let source = world.source();
    let run = world.run([
        "extract",
        "-A",
        "a",
        "--into",
        "copy",
        source.to_str().unwrap(),
    ]);
    run.expect(0);
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("owner"), "{}", run.stderr);
    assert!(run.stderr.contains("31"), "{}", run.stderr);
    let copied = world.path("copy/source/7");
    assert_eq!(fs::metadata(copied).unwrap().uid(), crate::world::NOBODY);
}

#[test]
fn devices_and_attributes_of_root_are_told_once_each_and_are_losses() {
    let make = |world: &World| {
        nasty::devices(&world.source());
        for number in 0..5 {
            let path = world.source().join(format!("{number}"));
            write(&path, "x");
            set_extended(&path, "trusted.note", b"x");
            set_extended(&path, "user.note", b"x");
            set_extended(&path, "security.capability", &nasty::some_capability());
            set_mode(&path, 0o4755);
        }
    };
    let Some(world) = backed_up_by_root(make) else {
        return;
    };
    if !world.source().join("null").exists() {
        return skip("devices: they could not be made");
    }
    let source = world.source();
    let run = world.run([
        "extract",
        "-A",
        "a",
        "--into",
        "copy",
        source.to_str().unwrap(),
    ]);
    run.expect(3);
    let lines: Vec<_> = run.stderr.lines().collect();
    assert_eq!(lines.len(), 3, "{lines:#?}");
    let about = |what: &str| lines.iter().filter(|line| line.contains(what)).count();
    assert_eq!(about("owner"), 1, "{lines:#?}");
    assert_eq!(about("device"), 1, "{lines:#?}");
    assert_eq!(about("extended attributes"), 1, "{lines:#?}");
    let copied = look(&world.path("copy/source"));
    let file = &copied[&b"3"[..]];
    // A set-id bit would lend the rights of another owner now.
    assert_eq!(file.mode, 0o755);
    assert_eq!(file.extended.get(&b"user.note"[..]), Some(&b"x".to_vec()));
    assert!(!copied.contains_key(&b"null"[..]));
}
