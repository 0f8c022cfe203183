//! The whole way: backup, extract, compare; backup, change, restore, compare.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::path::Path;
use std::process::Command;

use rustix::fs::FileType;

use crate::look::{Tree, assert_same, differences, look};
use crate::nasty::{self, Power, make_node, noise, set_extended, set_mode, set_time, write};
use crate::support::{is_root, skip};
use crate::world::{World, assert_rsync_agrees};

fn power() -> Power {
    match is_root() {
        true => Power::Root,
        false => {
            skip("what only root may have: this is not root");
            Power::Ordinary
        }
    }
}

/// A world with the nasty tree in it, backed up once; and what the tree looks like.
fn backed_up(settings: &str) -> (World, Tree) {
    let world = World::new();
    nasty::make(&world.source(), power());
    world.set_up(settings, "--keep-broken-links");
    let before = look(&world.source());
    let backup = world.back_up();
    assert_eq!(backup["complete"], true);
    assert_eq!(backup["problems"].as_array().unwrap().len(), 0);
    (world, before)
}

fn comes_back(settings: &str) {
    let (world, before) = backed_up(settings);
    let unchanged = world.back_up();
    assert_eq!(unchanged["build"]["read_files"], 0);
    assert_eq!(unchanged["build"]["new_contents"], 0);
    for back in [1, 0] {
        let copy = world.extract(back, &format!("copy {back}"));
        assert_same(&before, &look(&copy));
        assert_rsync_agrees(&world.source(), &copy);
    }
    assert_same(&before, &look(&world.source()));
    let check = world.json("repo check r --read-data", 0);
    assert_eq!(check["sound"], true);
    assert_eq!(check["findings"].as_array().unwrap().len(), 0);
}

#[test]
fn everything_comes_back_from_packs_with_zstd() {
    comes_back("--layout packed --codec zstd");
}

#[test]
fn everything_comes_back_from_packs_with_gzip() {
    comes_back("--layout packed --codec gzip");
}

#[test]
fn everything_comes_back_from_packs_without_compression() {
    comes_back("--layout packed --codec none");
}

#[test]
fn everything_comes_back_from_loose_files_with_zstd() {
    comes_back("--layout loose --codec zstd");
}

#[test]
fn everything_comes_back_from_loose_files_with_gzip() {
    comes_back("--layout loose --codec gzip");
}

#[test]
fn everything_comes_back_from_loose_files_without_compression() {
    comes_back("--layout loose --codec none");
}

#[test]
fn what_is_gone_comes_back_where_it_was() {
    let (world, before) = backed_up("");
    remove(&world.source().join("deep"));
    for part in ["links", "plain/many/3", "acls/file", "times/1.0"] {
        remove(&world.source().join(part));
    }
    world.restore("");
    assert_same(&before, &look(&world.source()));
    remove(&world.source());
    world.restore("");
    assert_same(&before, &look(&world.source()));
    let again = world.restore("");
    for number in ["created_files", "created_directories", "attributes_set"] {
        assert_eq!(again[number], 0, "{again}");
    }
}

#[test]
fn what_was_changed_is_replaced_when_told_to() {
    let (world, before) = backed_up("");
    vandalise(&world);
    world.restore("--overwrite");
    assert_restored(&world, &before);
    let again = world.restore("--overwrite");
    for number in ["created_files", "replaced", "moved_aside", "attributes_set"] {
        assert_eq!(again[number], 0, "{again}");
    }
}

#[test]
fn what_was_changed_is_moved_aside() {
    let (world, before) = backed_up("");
    vandalise(&world);
    let vandalised = look(&world.source());
    world.restore("");
    assert_restored(&world, &before);
    // Nothing that was there is lost: it is in its place, or beside it.
    let after = look(&world.source());
    let kept: Vec<_> = after.values().filter_map(|looked| looked.content).collect();
    for (path, looked) in &vandalised {
        let is_kept = looked.content.is_none_or(|content| kept.contains(&content));
        assert!(is_kept, "{:?}", OsStr::from_bytes(path));
    }
    let aside = after.keys().filter(|path| is_aside(path)).count();
    assert!(aside > 20, "{aside}");
}

#[test]
fn what_is_there_is_not_extracted_over() {
    let (world, before) = backed_up("");
    let copy = world.extract(0, "copy");
    let source = world.source();
    let extract = |options: &[&str]| {
        let mut command = vec![OsStr::new("extract"), OsStr::new("-A"), OsStr::new("a")];
        command.extend(options.iter().map(OsStr::new));
        let into = world.path("copy");
        command.extend([source.as_os_str(), OsStr::new("--into"), into.as_os_str()]);
        world.run(command)
    };
    let refused = extract(&[]);
    refused.expect(1);
    let named = copy.to_str().unwrap();
    assert!(refused.stderr.contains(named), "{}", refused.stderr);
    assert_same(&before, &look(&copy));
    write(&copy.join("plain/small"), "other");
    remove(&copy.join("links"));
    extract(&["--overwrite"]).expect(0);
    assert_same(&before, &look(&copy));
}

#[test]
fn hard_links_come_back_in_part() {
    let (world, before) = backed_up("");
    let links = world.source().join("links");
    let extract = |names: &[&str], into: &str| {
        let mut command: Vec<_> = ["extract", "-A", "a", "--into", into]
            .map(Into::into)
            .into();
        command.extend(names.iter().map(|name| links.join(name).into_os_string()));
        world.run(command).expect(0);
        world.path(into)
    };
    let links_of = |path: &Path| path.symlink_metadata().unwrap().nlink();
    let one = extract(&["c/third"], "one");
    assert_eq!(links_of(&one.join("third")), 1);
    assert_eq!(fs::read(one.join("third")).unwrap(), noise(5, 3_000_000));
    let two = extract(&["c/third", "a", "d"], "two");
    assert_eq!(links_of(&two.join("third")), 3);
    assert_eq!(links_of(&two.join("d/same bytes, no link")), 1);
    assert_eq!(links_of(&two.join("d/empty")), 1);
    // The names that are left are linked to, not written anew beside.
    for name in ["a/first", "0"] {
        remove(&links.join(name));
    }
    let restored = world.restore("");
    assert_eq!(restored["created_files"], 2);
    assert_eq!(links_of(&links.join("0")), 4);
    assert_same(&before, &look(&world.source()));
}

#[test]
fn what_may_not_be_changed_is_told_and_the_rest_restored() {
    use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};
    let world = World::new();
    for name in ["immutable", "append only", "plain"] {
        write(&world.source().join(name), name);
    }
    let set = |name: &str, flags: IFlags| {
        let file = fs::File::open(world.source().join(name)).unwrap();
        // The other flags are the file system's own, and stay.
        let others = ioctl_getflags(&file)? - (IFlags::IMMUTABLE | IFlags::APPEND);
        ioctl_setflags(&file, others | flags)
    };
    let set_all = || {
        set("immutable", IFlags::IMMUTABLE)?;
        set("append only", IFlags::APPEND)
    };
    if let Err(errno) = set_all() {
        return skip(&format!("immutable and append-only files: {errno}"));
    }
    world.set_up("", "");
    world.back_up();
    let copy = world.extract(0, "copy");
    for name in ["immutable", "append only", "plain"] {
        assert_eq!(fs::read(copy.join(name)).unwrap(), name.as_bytes());
    }
    let clear = || {
        set("immutable", IFlags::empty()).unwrap();
        set("append only", IFlags::empty()).unwrap();
    };
    clear();
    for name in ["immutable", "append only", "plain"] {
        write(&world.source().join(name), "changed");
    }
    set_all().unwrap();
    let restored = world.json("restore -A a --all --overwrite", 3);
    let told = restored["problems"].to_string();
    clear();
    assert!(told.contains("immutable"), "{told}");
    assert!(told.contains("append only"), "{told}");
    assert_eq!(restored["failed"], 2);
    let read = |name: &str| fs::read(world.source().join(name)).unwrap();
    assert_eq!(read("plain"), b"plain");
    assert_eq!(read("immutable"), b"changed");
    world.restore("--overwrite");
    assert_eq!(read("append only"), b"append only");
    assert_eq!(fs::read_dir(world.source()).unwrap().count(), 3);
}

/// Removes what is too deep for the usual way as well.
fn remove(path: &Path) {
    let status = Command::new("rm").arg("-rf").arg(path).status();
    assert!(status.unwrap().success());
}

/// Whether a restore has moved this aside, or it is below something that was.
fn is_aside(path: &[u8]) -> bool {
    String::from_utf8_lossy(path).contains(".before-restore-")
}

/// The tree is as it was, but for what is new and what was moved aside.
#[track_caller]
fn assert_restored(world: &World, before: &Tree) {
    let mut after = look(&world.source());
    after.retain(|path, _| !is_aside(path) && !path.starts_with(b"new/"));
    after.remove(&b"new"[..]);
    let differences = differences(before, &after);
    assert!(
        differences.is_empty(),
        "{}",
        differences[..differences.len().min(40)].join("\n")
    );
    let outside = fs::read_to_string(world.path("outside/file")).unwrap();
    assert_eq!(outside, "not ours");
    assert_eq!(fs::read_dir(world.path("outside")).unwrap().count(), 1);
}

/// Changes the tree in every way.
fn vandalise(world: &World) {
    let root = world.source();
    let at = |name: &str| root.join(name);
    write(&world.path("outside/file"), "not ours");

    // Bytes; once with the same length and the same time.
    let time = fs::metadata(at("plain/small")).unwrap();
    write(&at("plain/small"), noise(77, 1000));
    set_time(&at("plain/small"), time.mtime(), time.mtime_nsec());
    write(&at("plain/medium"), noise(3, 699_999));
    write(&at("plain/large"), noise(4, 9_000_002));
    write(&at("plain/empty file"), "x");
    write(&at("holes/many"), "x");
    write(&at("holes/nothing but a hole"), noise(1, 5 << 20));
    write(&at("links/a/first"), "all four names have this now");
    write(&at("links/d/empty"), "and both of these");

    // Types.
    fs::remove_dir(at("plain/empty folder")).unwrap();
    write(&at("plain/empty folder"), "now a file");
    fs::remove_file(at("plain/one byte")).unwrap();
    write(&at("plain/one byte/inner"), "now a folder");
    fs::remove_file(at("plain/text")).unwrap();
    symlink(world.path("outside/file"), at("plain/text")).unwrap();
    for folder in ["plain/many/4", "links/c"] {
        remove(&at(folder));
        symlink(world.path("outside"), at(folder)).unwrap();
    }
    fs::remove_file(at("special/fifo")).unwrap();
    write(&at("special/fifo"), "now a file");
    if is_root() && at("special/null").exists() {
        remove(&at("special/null"));
        make_node(&at("special/null"), FileType::CharacterDevice, (1, 5));
    }
    remove(&at("links/to folder"));
    symlink("nowhere", at("links/to folder")).unwrap();

    // Names.
    for name in nasty::odd_names().iter().step_by(3) {
        let folder = at("names").join(OsStr::from_bytes(name));
        write(&folder.join(OsStr::from_bytes(name)), "changed");
        remove(&folder.join("link to it"));
    }
    fs::create_dir(at("new")).unwrap();
    fs::rename(at("plain/many/5"), at("new/5")).unwrap();
    remove(&at("deep/d/d/d/d"));

    // Attributes.
    for path in nasty::paths(&at("modes")) {
        set_mode(&path, 0o711);
    }
    for path in nasty::paths(&at("times")) {
        set_time(&path, 1_700_000_000, 0);
    }
    if is_root() {
        for path in nasty::paths(&at("owners")) {
            std::os::unix::fs::lchown(path, Some(7), Some(7)).unwrap();
        }
        chown(at("plain"), Some(7), None).unwrap();
    }
    for name in ["extended/file", "extended/folder"] {
        set_extended(&at(name), "user.note", b"changed");
        set_extended(&at(name), "user.surplus", b"x");
        let _ = rustix::fs::removexattr(at(name), "user.empty");
    }
    for path in nasty::paths(&at("acls")) {
        for name in ["system.posix_acl_access", "system.posix_acl_default"] {
            let _ = rustix::fs::removexattr(&path, name);
        }
        set_mode(&path, 0o750);
    }
    set_extended(
        &at("acls/folder/has none"),
        "system.posix_acl_access",
        &nasty::some_acl(),
    );
    set_mode(&at(""), 0o700);
}

#[test]
fn links_that_have_become_separate_identical_files_are_left_alone_and_extracted_as_links() {
    let world = World::new();
    let source = world.source();
    write(&source.join("a"), "the same");
    fs::hard_link(source.join("a"), source.join("b")).unwrap();
    set_time(&source.join("a"), 1_000_000_000, 5);
    world.set_up("", "");
    world.back_up();
    fs::remove_file(source.join("b")).unwrap();
    write(&source.join("b"), "the same");
    set_time(&source.join("b"), 1_000_000_000, 5);
    let inode = |path: &Path| fs::metadata(path).unwrap().ino();
    let separate = inode(&source.join("b"));

    world.restore("");
    assert_eq!(inode(&source.join("b")), separate);
    assert_eq!(fs::read_dir(&source).unwrap().count(), 2);
    let copy = world.extract(0, "copy");
    assert_eq!(inode(&copy.join("a")), inode(&copy.join("b")));

    // What differs is replaced, and is a link again.
    write(&source.join("b"), "another");
    world.restore("--overwrite");
    assert_eq!(inode(&source.join("a")), inode(&source.join("b")));
}
