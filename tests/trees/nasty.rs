//! Makes trees of everything that a file system can hold.
//!
//! Every part is a folder of its own. What this machine, this file system or this user cannot have is
//! left out, and told.

use std::ffi::{CString, OsStr};
use std::fs::{self, File, Permissions};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Timespec, Timestamps, XattrFlags};

use crate::support::{Random, skip};

/// What the maker of a tree may do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Power {
    Root,
    Ordinary,
}

/// Names that have made programs stumble.
pub fn odd_names() -> Vec<Vec<u8>> {
    let mut names: Vec<Vec<u8>> = [
        &b"\n"[..],
        b"two\nlines",
        b"ends in newline\n",
        b"-rf",
        b"--delete",
        b"-",
        b" ",
        b" leading and trailing ",
        b".hidden",
        b"...",
        b"..a",
        b"~",
        b"$HOME",
        b"`id`",
        b"*",
        b"?",
        b"[a-z]",
        b"{a,b}",
        b"!bang",
        b"#hash",
        b"a;b|c&d<e>f",
        b"quote'quote\"quote",
        b"back\\slash",
        b"\\n",
        b"\\x41",
        b"trailing\\",
        b"colon:colon",
        b"percent%20%s%n",
        b"tab\tand\rreturn",
        b"bell\x07backspace\x08delete\x7f",
        b"\x1b[31mred\x1b[0m",
        b"\x1b]0;title\x07",
        b"\x01\x02\x03\x1e\x1f",
        b"\xff\xfe",
        b"caf\xe9",
        b"cut \xe2\x82",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        "r\u{e9}sum\u{e9}".as_bytes(),
        "re\u{301}sume\u{301}".as_bytes(),
        "\u{202e}gpj.exe".as_bytes(),
        "zero\u{200b}width".as_bytes(),
        "\u{feff}mark".as_bytes(),
        "line\u{2028}separator".as_bytes(),
        "c1\u{9b}31m".as_bytes(),
        "日本語 \u{1f3a9}".as_bytes(),
        b"Foo",
        b"foo",
        b"FOO",
        b"con",
        b"nul.txt",
        b"dot.",
    ]
    .into_iter()
    .map(<[u8]>::to_vec)
    .collect();
    names.push(vec![b'n'; 255]);
    names.push("\u{e9}".repeat(127).into_bytes());
    names.push(vec![b'\n'; 255]);
    names.push(vec![0xff; 255]);
    names
}

/// Bytes that look random but are the same each time.
pub fn noise(seed: u64, len: usize) -> Vec<u8> {
    Random::new(seed).noise(len)
}

pub fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

pub fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Sets the modification time, of a link its own.
pub fn set_time(path: &Path, seconds: i64, nanoseconds: i64) {
    let time = Timespec {
        tv_sec: seconds,
        tv_nsec: nanoseconds,
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    rustix::fs::utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
}

/// Sets an extended attribute, of a link its own; `false`, and told, where that cannot be.
pub fn set_extended(path: &Path, name: &str, value: &[u8]) -> bool {
    match rustix::fs::lsetxattr(path, name, value, XattrFlags::empty()) {
        Ok(()) => true,
        Err(errno) => {
            skip(&format!("the extended attribute {name}: {errno}"));
            false
        }
    }
}

/// Makes a FIFO, socket or device; `false`, and told, where that cannot be.
pub fn make_node(path: &Path, file_type: FileType, device: (u32, u32)) -> bool {
    let device = rustix::fs::makedev(device.0, device.1);
    let mode = Mode::from_raw_mode(0o640);
    match rustix::fs::mknodat(CWD, path, file_type, mode, device) {
        Ok(()) => true,
        Err(errno) => {
            skip(&format!("a file of type {file_type:?}: {errno}"));
            false
        }
    }
}

/// An access list in the form in which the kernel has it: tag, permissions, number.
pub fn acl(entries: &[(u16, u16, u32)]) -> Vec<u8> {
    let mut bytes = 2u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in entries {
        bytes.extend_from_slice(&tag.to_le_bytes());
        bytes.extend_from_slice(&permissions.to_le_bytes());
        bytes.extend_from_slice(&id.to_le_bytes());
    }
    bytes
}

/// Owner rwx, user 1234 r-x, group r--, group 70000 rwx, mask rwx, others none.
pub fn some_acl() -> Vec<u8> {
    const NO_ID: u32 = u32::MAX;
    acl(&[
        (1, 7, NO_ID),
        (2, 5, 1234),
        (4, 4, NO_ID),
        (8, 7, 70_000),
        (16, 7, NO_ID),
        (32, 0, NO_ID),
    ])
}

/// CAP_NET_BIND_SERVICE and CAP_NET_RAW, permitted and effective.
pub fn some_capability() -> Vec<u8> {
    let mut value = 0x0200_0001u32.to_le_bytes().to_vec();
    value.extend_from_slice(&(1u32 << 10 | 1 << 13).to_le_bytes());
    value.extend_from_slice(&[0; 12]);
    value
}

/// Everything, below `root`, which exists. No path in it is too long for the system, and no file so
/// long that it could not be read.
pub fn make(root: &Path, power: Power) {
    plain(&root.join("plain"));
    names(&root.join("names"));
    links(&root.join("links"));
    holes(&root.join("holes"));
    extended(&root.join("extended"), power);
    acls(&root.join("acls"));
    special(&root.join("special"), power);
    deep(&root.join("deep"));
    if power == Power::Root {
        owners(&root.join("owners"));
    }
    modes(&root.join("modes"), power);
    // Last: whatever is done in a folder sets its time.
    times(&root.join("times"));
    set_time(&root.join("links"), 86_400, 1);
    set_time(root, -86_400, 999_999_999);
}

fn plain(root: &Path) {
    fs::create_dir_all(root.join("empty folder")).unwrap();
    write(&root.join("empty file"), "");
    write(&root.join("one byte"), "x");
    write(&root.join("newline"), "\n");
    write(&root.join("small"), noise(1, 1000));
    write(&root.join("block"), noise(2, 4096));
    write(&root.join("medium"), noise(3, 700_000));
    write(&root.join("large"), noise(4, 9_000_001));
    write(&root.join("large, same bytes"), noise(4, 9_000_001));
    let mut changed = noise(4, 9_000_001);
    changed.splice(4_000_000..4_000_000, *b"inserted");
    write(&root.join("large, a little changed"), changed);
    write(&root.join("text"), "all work and no play\n".repeat(50_000));
    write(&root.join("zeros"), vec![0; 3 << 20]);
    for number in 0..300 {
        let path = root.join(format!("many/{}/{number}", number % 7));
        write(&path, noise(number, number as usize * 31));
    }
}

fn names(root: &Path) {
    fs::create_dir(root).unwrap();
    for name in odd_names() {
        let path = root.join(OsStr::from_bytes(&name));
        fs::create_dir(&path).unwrap();
        write(&path.join(OsStr::from_bytes(&name)), &name);
        let target = [&b"./"[..], &name].concat();
        symlink(OsStr::from_bytes(&target), path.join("link to it")).unwrap();
    }
}

fn links(root: &Path) {
    for folder in ["a/b", "c", "d"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    write(&root.join("a/first"), noise(5, 3_000_000));
    for name in ["a/b/second", "c/third", "0"] {
        fs::hard_link(root.join("a/first"), root.join(name)).unwrap();
    }
    write(&root.join("c/empty"), "");
    fs::hard_link(root.join("c/empty"), root.join("d/empty")).unwrap();
    write(&root.join("d/same bytes, no link"), noise(5, 3_000_000));
    let link = |target: &str, name: &str| symlink(target, root.join(name)).unwrap();
    link("a/first", "to file");
    link("a/b", "to folder");
    link("../c", "a/b/upwards");
    link("/", "to root");
    link("..", "to parent");
    link("a/../././a//first", "not tidy");
    // Links can have several names as well.
    let again = |from: &str, to: &str| {
        let (from, to) = (root.join(from), root.join(to));
        match rustix::fs::linkat(CWD, from, CWD, to, AtFlags::empty()) {
            Ok(()) => {}
            Err(errno) => skip(&format!("hard links to symbolic links: {errno}")),
        }
    };
    again("to file", "to file, again");
    if make_node(&root.join("fifo"), FileType::Fifo, (0, 0)) {
        again("fifo", "c/fifo, again");
    }
}

fn holes(root: &Path) {
    fs::create_dir(root).unwrap();
    let file = |name: &str, len: u64, runs: &[(u64, usize)]| {
        let file = File::create(root.join(name)).unwrap();
        file.set_len(len).unwrap();
        for (number, &(at, len)) in runs.iter().enumerate() {
            file.write_all_at(&noise(number as u64, len), at).unwrap();
        }
    };
    file("nothing but a hole", 5 << 20, &[]);
    file("short hole", 100, &[]);
    file("at the start", (2 << 20) + 5, &[(2 << 20, 5)]);
    file("at the end", 2 << 20, &[(0, 5)]);
    file("in the middle", 3 << 20, &[(0, 70_000), (2 << 20, 1 << 20)]);
    file("on both sides", 3 << 20, &[(1 << 20, 1 << 20)]);
    let runs: Vec<_> = (0..200).map(|run| (run * 65_536 + 8192, 4096)).collect();
    file("many", 200 * 65_536, &runs);
    file("not aligned", 1_000_003, &[(33, 5000), (500_001, 77_777)]);
    write(&root.join("zeros that were written"), vec![0; 1 << 20]);
}

fn extended(root: &Path, power: Power) {
    fs::create_dir(root).unwrap();
    for (number, name) in ["file", "folder", "long", "read only"].iter().enumerate() {
        let path = root.join(name);
        match *name {
            "folder" => fs::create_dir(&path).unwrap(),
            _ => write(&path, noise(number as u64, 100)),
        }
        if !set_extended(&path, "user.note", b"text") {
            return;
        }
        set_extended(&path, "user.empty", b"");
        set_extended(&path, "user.binary", &[0, 255, b'\n', 27]);
        set_extended(&path, "user.n\u{e9}\u{202e}", b"odd name");
    }
    set_extended(&root.join("long"), "user.long", &noise(9, 3000));
    set_mode(&root.join("read only"), 0o444);
    if power == Power::Root {
        write(&root.join("trusted"), "x");
        set_extended(&root.join("trusted"), "trusted.note", b"only root");
        write(&root.join("security"), "x");
        set_extended(&root.join("security"), "security.note", b"only root");
        write(&root.join("capable"), "#!/bin/sh\n");
        set_mode(&root.join("capable"), 0o755);
        let capability = some_capability();
        set_extended(&root.join("capable"), "security.capability", &capability);
        symlink("file", root.join("link")).unwrap();
        set_extended(&root.join("link"), "trusted.note", b"of the link");
    }
}

fn acls(root: &Path) {
    const ACCESS: &str = "system.posix_acl_access";
    fs::create_dir_all(root.join("folder")).unwrap();
    write(&root.join("file"), "x");
    if !set_extended(&root.join("file"), ACCESS, &some_acl()) {
        return;
    }
    set_extended(&root.join("folder"), ACCESS, &some_acl());
    set_extended(
        &root.join("folder"),
        "system.posix_acl_default",
        &some_acl(),
    );
    // These inherit from it, and one of them is then set otherwise.
    write(&root.join("folder/inherits"), "x");
    fs::create_dir(root.join("folder/inherits too")).unwrap();
    write(&root.join("folder/inherits too/below"), "x");
    write(&root.join("folder/has none"), "x");
    rustix::fs::removexattr(root.join("folder/has none"), ACCESS).unwrap();
    fs::create_dir(root.join("folder/has none either")).unwrap();
    for name in [ACCESS, "system.posix_acl_default"] {
        rustix::fs::removexattr(root.join("folder/has none either"), name).unwrap();
    }
    set_mode(&root.join("folder/has none"), 0o604);
}

fn special(root: &Path, power: Power) {
    fs::create_dir(root).unwrap();
    make_node(&root.join("fifo"), FileType::Fifo, (0, 0));
    make_node(&root.join("socket"), FileType::Socket, (0, 0));
    if power == Power::Root {
        devices(root);
    }
}

/// Device files.
pub fn devices(root: &Path) {
    make_node(&root.join("null"), FileType::CharacterDevice, (1, 3));
    make_node(&root.join("loop"), FileType::BlockDevice, (7, 0));
    let large = (4095, 1_048_575);
    make_node(&root.join("large"), FileType::CharacterDevice, large);
}

/// A thousand folders deep.
fn deep(root: &Path) {
    fs::create_dir(root).unwrap();
    let end = make_deep(root, b"d", 1000);
    write_at(&end, "bottom", b"a thousand levels deep");
}

/// Makes that many folders of this name in each other, and returns the innermost.
pub fn make_deep(root: &Path, name: &[u8], levels: usize) -> OwnedFd {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut handle = rustix::fs::openat(CWD, root, flags, Mode::empty()).unwrap();
    let name = CString::new(name).unwrap();
    for _ in 0..levels {
        rustix::fs::mkdirat(&handle, &name, Mode::from_raw_mode(0o755)).unwrap();
        handle = rustix::fs::openat(&handle, &name, flags, Mode::empty()).unwrap();
    }
    handle
}

/// Writes a file in an open folder.
pub fn write_at(folder: &OwnedFd, name: &str, bytes: &[u8]) {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder, name, flags, Mode::from_raw_mode(0o644)).unwrap();
    File::from(file).write_all_at(bytes, 0).unwrap();
}

fn modes(root: &Path, power: Power) {
    fs::create_dir(root).unwrap();
    let unreadable = [0, 0o200, 0o111];
    let files = [
        0o400, 0o444, 0o600, 0o644, 0o666, 0o777, 0o4755, 0o2755, 0o6711, 0o1644, 0o7777, 0o2644,
    ];
    let folders = [0o500, 0o555, 0o700, 0o777, 0o1777, 0o2755, 0o2775, 0o7755];
    let unreadable = match power {
        Power::Root => &unreadable[..],
        Power::Ordinary => &[],
    };
    for mode in files.iter().chain(unreadable) {
        write(&root.join(format!("file {mode:o}")), mode.to_string());
    }
    for mode in folders.iter().chain(unreadable) {
        let path = root.join(format!("folder {mode:o}/file"));
        write(&path, mode.to_string());
    }
    set_modes(root);
}

/// Gives everything in the part `modes` the mode that its name says.
pub fn set_modes(root: &Path) {
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let mode = name.split(' ').next_back().unwrap();
        set_mode(&path, u32::from_str_radix(mode, 8).unwrap());
    }
}

fn owners(root: &Path) {
    fs::create_dir(root).unwrap();
    for id in [
        1,
        65_534,
        65_535,
        65_536,
        100_000,
        4_000_000_000,
        u32::MAX - 1,
    ] {
        let path = root.join(format!("{id}"));
        write(&path, "x");
        let folder = root.join(format!("folder {id}"));
        fs::create_dir(&folder).unwrap();
        let link = root.join(format!("link {id}"));
        symlink("1", &link).unwrap();
        for path in [&path, &folder] {
            chown(path, Some(id), Some(id)).unwrap();
        }
        std::os::unix::fs::lchown(&link, Some(id), Some(0)).unwrap();
        // Changing the owner takes these bits away, so they come after it.
        set_mode(&path, 0o6755);
        set_mode(&folder, 0o2750);
    }
}

fn times(root: &Path) {
    fs::create_dir(root).unwrap();
    let times: [(i64, i64); 12] = [
        (0, 0),
        (0, 1),
        (-1, 0),
        (-1, 999_999_999),
        (-86_400 * 365 * 40, 5),
        (-(1 << 31), 0),
        ((1 << 31) - 1, 999_999_999),
        (1 << 31, 0),
        (1 << 32, 123_456_789),
        (4_102_444_800, 0),
        (15_032_385_535, 0),
        (1_600_000_000, 100),
    ];
    for (seconds, nanoseconds) in times {
        let name = format!("{seconds}.{nanoseconds}");
        let file = root.join(&name);
        write(&file, &name);
        let folder = root.join(format!("folder {name}"));
        write(&folder.join("inner/file"), &name);
        let link = root.join(format!("link {name}"));
        symlink(&name, &link).unwrap();
        let fifo = root.join(format!("fifo {name}"));
        make_node(&fifo, FileType::Fifo, (0, 0));
        for path in [file, folder.join("inner"), folder, link, fifo] {
            set_time(&path, seconds, nanoseconds);
        }
    }
    set_time(root, 1, 1);
}

/// All paths below `root` in which nothing is too deep for a recursion.
pub fn paths(root: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_symlink() && path.is_dir() {
            all.extend(paths(&path));
        }
        all.push(path);
    }
    all.sort();
    all
}
