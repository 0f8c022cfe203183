//! Trees and files of extreme shapes: very long, very deep, very empty.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;

use crate::look::{assert_same, look};
use crate::nasty::{make_deep, noise, write_at};
use crate::support::skip;
use crate::world::World;

const TERABYTE: u64 = 1 << 40;

#[test]
fn a_terabyte_with_little_in_it_costs_little() {
    let world = World::new();
    let sparse = File::create(world.source().join("sparse")).unwrap();
    if let Err(error) = sparse.set_len(TERABYTE) {
        return skip(&format!("a file of a terabyte: {error}"));
    }
    for (number, at) in [0, 1 << 30, TERABYTE / 2 + 12_345, TERABYTE - 100]
        .into_iter()
        .enumerate()
    {
        sparse.write_all_at(&noise(number as u64, 100), at).unwrap();
    }
    let empty = File::create(world.source().join("nothing")).unwrap();
    empty.set_len(TERABYTE).unwrap();
    if sparse.metadata().unwrap().blocks() > 10_000 {
        return skip("sparse files: this file system has none");
    }
    let before = look(&world.source());
    world.set_up("", "");
    let backup = world.back_up();
    assert!(backup["build"]["read_bytes"].as_u64().unwrap() < 1 << 20);
    assert!(backup["build"]["stored_bytes"].as_u64().unwrap() < 1 << 20);
    assert_eq!(world.back_up()["build"]["read_files"], 0);

    let copy = world.extract(0, "copy");
    assert_same(&before, &look(&copy));
    sparse.write_all_at(b"changed", TERABYTE / 4).unwrap();
    world.restore("--overwrite");
    assert_same(&before, &look(&world.source()));
    world.gibus("repo check r --read-data").expect(0);
}

#[test]
fn paths_of_31500_bytes_go_the_whole_way() {
    let world = World::new();
    let name = [&b"long "[..], &[b'x'; 245]].concat();
    let end = make_deep(&world.source(), &name, 125);
    write_at(&end, "file", b"far away");
    write_at(&end, "file two", b"far away as well");
    drop(end);
    let mut folder = world.source().as_os_str().as_bytes().to_vec();
    for _ in 0..125 {
        folder.push(b'/');
        folder.extend_from_slice(&name);
    }
    let path = PathBuf::from(OsStr::from_bytes(&[&folder[..], b"/file"].concat()));
    assert!(path.as_os_str().len() > 31_300);

    let before = look(&world.source());
    world.set_up("", "");
    world.back_up();
    assert_eq!(world.back_up()["build"]["read_files"], 0);
    let copy = world.extract(0, "copy");
    assert_same(&before, &look(&copy));

    // Such a path can be asked for as well.
    let with = |command: &[&str]| {
        let mut arguments: Vec<&OsStr> = command.iter().map(OsStr::new).collect();
        arguments.push(path.as_os_str());
        world.run(arguments)
    };
    assert_eq!(with(&["cat", "-A", "a"]).expect(0), "far away");
    let listed = with(&["ls", "-A", "a"]);
    assert_eq!(
        listed.expect(0).trim_end().as_bytes(),
        path.as_os_str().as_bytes()
    );
    with(&["extract", "-A", "a", "--into", "alone"]).expect(0);
    assert_eq!(fs::read(world.path("alone/file")).unwrap(), b"far away");
    with(&["archive", "explain", "a"]).expect(0);

    // Restored in part, then from nothing at all.
    let names = std::iter::repeat_n(OsStr::from_bytes(&name), 10);
    let inner: PathBuf = names.collect();
    std::process::Command::new("rm")
        .arg("-rf")
        .arg(world.source().join(inner))
        .status()
        .unwrap();
    with(&["restore", "-A", "a"]).expect(0);
    world.restore("");
    assert_same(&before, &look(&world.source()));
    let deleted = with(&["restore", "-A", "a"]);
    assert_eq!(deleted.stderr, "");
}

#[test]
fn a_path_of_40000_bytes_is_no_limit() {
    let world = World::new();
    let end = make_deep(&world.source(), &[b'd'; 40], 1000);
    write_at(&end, "file", b"deeper than any path can say");
    drop(end);
    let before = look(&world.source());
    world.set_up("--layout loose", "");
    world.back_up();
    assert_eq!(world.back_up()["build"]["read_files"], 0);
    let copy = world.extract(0, "copy");
    assert_same(&before, &look(&copy));
    let found = world.json("find -A a file", 0);
    assert_eq!(found["found"].as_array().unwrap().len(), 1);
    world.json("diff -A a", 0);
}

#[test]
fn a_folder_of_ten_thousand_names() {
    let world = World::new();
    for number in 0..10_000 {
        File::create(world.source().join(format!("{number}"))).unwrap();
    }
    let before = look(&world.source());
    world.set_up("", "");
    let backup = world.back_up();
    assert_eq!(backup["build"]["new_contents"], 1);
    let copy = world.extract(0, "copy");
    assert_same(&before, &look(&copy));
}
