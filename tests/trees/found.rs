//! What is looked at and how it is told: special files are never opened, links are what they are, and no
//! name does anything to a terminal.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use rustix::fs::{FileType, inotify};
use serde_json::Value;

use crate::look::{assert_same, look};
use crate::nasty::{self, make_node, odd_names, write};
use crate::support::is_root;
use crate::world::World;

/// The bytes of a path in a JSON document.
fn path_of(entry: &Value) -> Vec<u8> {
    let Some(hex) = entry["path_hex"].as_str() else {
        return entry["path"].as_str().unwrap().as_bytes().to_vec();
    };
    let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digits).collect()
}

/// All paths in the snapshot below the source, as they are on the disk.
fn listed(world: &World) -> BTreeSet<Vec<u8>> {
    let document = world.json("ls -A a --recursive", 0);
    let top = [world.source().as_os_str().as_bytes(), b"/"].concat();
    let paths = document["entries"].as_array().unwrap().iter().map(path_of);
    let below = |path: Vec<u8>| path.strip_prefix(&top[..]).map(<[u8]>::to_vec);
    paths.filter_map(below).collect()
}

#[test]
fn special_files_are_never_opened() {
    let world = World::new();
    let source = world.source();
    make_node(&source.join("fifo"), FileType::Fifo, (0, 0));
    make_node(&source.join("socket"), FileType::Socket, (0, 0));
    if is_root() {
        nasty::devices(&source);
    }
    symlink("fifo", source.join("link")).unwrap();
    write(&source.join("file"), "opened");
    world.set_up("", "");
    let target = world.path("copy/source");
    fs::create_dir_all(&target).unwrap();

    let watch = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
    let opens = inotify::WatchFlags::OPEN | inotify::WatchFlags::ACCESS;
    for folder in [&source, &target] {
        inotify::add_watch(&watch, folder, opens).unwrap();
    }
    let opened = || {
        let mut buffer = [MaybeUninit::uninit(); 8192];
        let mut events = inotify::Reader::new(&watch, &mut buffer);
        let mut names = BTreeSet::new();
        while let Ok(event) = events.next() {
            names.extend(event.file_name().map(|name| name.to_owned()));
        }
        names
    };
    let only_the_file = BTreeSet::from([c"file".to_owned()]);
    world.back_up();
    assert_eq!(opened(), only_the_file);
    // Not to see whether they are the same, either, nor to set their attributes.
    let extract = |overwrite: &str| {
        let command = ["extract", "-A", "a", "--into", "copy", overwrite];
        let mut command: Vec<OsString> = command.map(OsString::from).to_vec();
        command.retain(|argument| !argument.is_empty());
        command.push(source.clone().into());
        world.run(command).expect(0);
    };
    extract("--overwrite");
    for path in nasty::paths(&target) {
        nasty::set_time(&path, 1, 0);
    }
    opened();
    extract("--overwrite");
    let opened = opened();
    assert!(opened.is_subset(&only_the_file), "{opened:?}");
    assert_same(&look(&source), &look(&target));
}

#[test]
fn links_that_lead_nowhere_are_left_out_and_told() {
    let world = World::new();
    let source = world.source();
    symlink("nowhere", source.join("broken\n")).unwrap();
    symlink("round", source.join("round")).unwrap();
    symlink("file/below", source.join("below a file")).unwrap();
    symlink("file", source.join("good")).unwrap();
    write(&source.join("file"), "x");
    world.set_up("", "");
    let run = world.gibus("backup -A a");
    run.expect(0);
    assert!(run.stderr.contains("leads nowhere"), "{}", run.stderr);
    let names = |text: &[&str]| text.iter().map(|t| t.as_bytes().to_vec()).collect();
    let good: BTreeSet<Vec<u8>> = names(&["file", "good"]);
    assert_eq!(listed(&world), good);

    world.gibus("archive edit a --keep-broken-links").expect(0);
    assert_eq!(world.back_up()["problems"].as_array().unwrap().len(), 0);
    assert_eq!(listed(&world).len(), 5);
    let copy = world.extract(0, "copy");
    assert_same(&look(&source), &look(&copy));
}

#[test]
fn whatever_is_printed_is_harmless_and_exact_in_json() {
    let world = World::new();
    let source = world.source();
    let mut expected = BTreeSet::new();
    for name in odd_names() {
        let folder = source.join(OsStr::from_bytes(&name));
        write(&folder.join("in it"), "x");
        symlink(OsStr::from_bytes(&name), folder.join("broken")).unwrap();
        expected.insert([&name[..], b"/in it"].concat());
        expected.insert(name);
    }
    world.set_up("", "");
    // Each of these runs is looked at by `World::run`, its complaints too.
    world.gibus("backup -A a --verbose").expect(0);
    assert_eq!(listed(&world), expected);
    let harmful = |name: &Vec<u8>| !name.iter().all(|byte| (b' '..=b'~').contains(byte));
    for name in odd_names().into_iter().filter(harmful) {
        let path = source.join(OsStr::from_bytes(&name));
        write(&path.join("in it"), "other");
        symlink(OsStr::from_bytes(&name), path.join("broken too")).unwrap();
        let missing = path.join(OsStr::from_bytes(&name)).into_os_string();
        for command in [
            "ls -A a --long",
            "extract -A a --into copy",
            "extract -A a --into copy --overwrite",
            "restore -A a --dry-run",
            "archive explain a",
            "snapshots -A",
            "archive create b --repo r --include",
            "repo create b --location",
            "repo adopt",
            "archive adopt",
            "exigency scan",
            "ls --exigency",
            "--config-dir",
            "delete -A a --snapshot",
        ] {
            for path in [path.as_os_str(), &missing, OsStr::from_bytes(&name)] {
                for json in [None, Some("--json")] {
                    let command = command.split(' ').map(OsStr::new);
                    let all = json.into_iter().map(OsStr::new).chain(command);
                    world.run(all.chain([path]));
                }
            }
        }
    }
    for command in [
        "backup -A a --dry-run",
        "backup -A a --verbose",
        "ls -A a --recursive --long",
        "find -A a *",
        "find -A a * --all",
        "diff -A a",
        "restore -A a --all --dry-run",
        "restore -A a --all --verbose",
        "archive show a",
        "archive list",
        "repo list",
        "repo show r",
        "repo check r --read-data",
        "exigency scan .",
        "snapshots -A a --storage-stats",
    ] {
        world.gibus(command).expect(0);
        world.json(command, 0);
    }
}

#[test]
fn places_with_odd_names_work_like_any_other() {
    let world = World::new();
    for (number, name) in odd_names().into_iter().enumerate().step_by(5) {
        let place = world.path("places").join(OsStr::from_bytes(&name));
        let included = place.join(OsStr::from_bytes(&name));
        write(&included.join("file"), &name);
        let run = |line: &str, path: &std::path::Path| {
            let line = line.replace('#', &number.to_string());
            let mut arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            arguments.push(path.into());
            world.run(arguments).expect(0).to_owned()
        };
        run("repo create r# --location", &place);
        let create = format!("archive create a{number} --repo r{number} --include");
        let mut arguments: Vec<OsString> = create.split(' ').map(OsString::from).collect();
        arguments.extend([
            included.clone().into(),
            "--location".into(),
            place.clone().into(),
        ]);
        world.run(arguments).expect(0);
        world.gibus(&format!("backup -A a{number}")).expect(0);
        world.gibus(&format!("archive show a{number}")).expect(0);
        run("ls -A a#", &included);
        run("extract -A a# --into copy#", &included);
        let copy = world
            .path(format!("copy{number}"))
            .join(OsStr::from_bytes(&name));
        assert_same(&look(&included), &look(&copy));
        let scan = run("--json exigency scan", &place);
        assert!(scan.contains("\"archives\""), "{scan}");
    }
    world.gibus("archive list").expect(0);
    world.gibus("repo list").expect(0);
}

#[test]
fn an_include_that_is_a_link_is_kept_with_what_it_points_to() {
    let world = World::new();
    write(&world.path("real/folder/file"), "x");
    write(&world.path("real/file"), "y");
    fs::create_dir(world.path("way")).unwrap();
    symlink("../real/folder", world.path("way/to folder")).unwrap();
    symlink("to folder", world.path("way/twice")).unwrap();
    symlink("../real/file", world.path("way/to file")).unwrap();
    symlink("real", world.path("on the way")).unwrap();
    write(&world.source().join("file"), "z");
    symlink("../real", world.source().join("below an include")).unwrap();
    world.set_up("", "");
    for include in ["way/twice", "way/to file", "on the way/folder"] {
        let mut edit: Vec<OsString> = "archive edit a --include"
            .split(' ')
            .map(OsString::from)
            .collect();
        edit.push(world.path(include).into());
        world.run(edit).expect(0);
    }
    world.back_up();
    let document = world.json("ls -A a --recursive", 0);
    let top = [world.path("").as_os_str().as_bytes()].concat();
    let paths: BTreeSet<String> = document["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| {
            let path = path_of(entry);
            let below = path.strip_prefix(&top[..])?;
            Some(String::from_utf8(below.to_vec()).unwrap())
        })
        .filter(|path| !path.is_empty())
        .collect();
    let expected = [
        "on the way",
        "real",
        "real/file",
        "real/folder",
        "real/folder/file",
        "source",
        "source/below an include",
        "source/file",
        "way",
        "way/to file",
        "way/to folder",
        "way/twice",
    ];
    let strip = |path: &String| path.trim_start_matches('/').to_owned();
    let paths: BTreeSet<String> = paths.iter().map(strip).collect();
    assert_eq!(paths, expected.map(str::to_owned).into());
}
