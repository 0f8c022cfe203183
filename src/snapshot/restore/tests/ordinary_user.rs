//! What an ordinary user cannot have is counted, and the rest is restored.
//!
//! As root, these tests run themselves again as nobody.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::*;
use crate::progress::Severity;

/// True where the test is to go on: as an ordinary user, in a folder of its own.
fn is_ordinary(test: &str) -> bool {
    if !rustix::process::geteuid().is_root() {
        return true;
    }
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg(format!("snapshot::restore::tests::ordinary_user::{test}"))
        .uid(65534)
        .gid(65534)
        .status();
    match status {
        Ok(status) => assert!(status.success()),
        Err(error) => skip(&format!("nobody may not run this program: {error}")),
    }
    false
}

#[test]
fn owners_are_counted_once_and_set_id_is_left_out() {
    if !is_ordinary("owners_are_counted_once_and_set_id_is_left_out") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut sample = Sample::default();
    let mut files = Vec::new();
    for name in 0..10 {
        let mut file = sample.file(&format!("{name}"), b"root's");
        (file.attributes.uid, file.attributes.gid) = (0, 0);
        file.attributes.mode = 0o6755;
        files.push(file);
    }
    let mut own = sample.file("own", b"mine");
    own.attributes.mode = 0o6755;
    files.push(own);
    let listing = sample.add(files);
    let mut folder = entry("folder", Kind::Directory(listing));
    (folder.attributes.uid, folder.attributes.gid) = (0, 0);
    folder.attributes.mode = 0o3555;
    sample.finish(vec![folder]);
    let (report, problems) = extract_all(&sample, dir.path(), false).unwrap();
    assert_eq!(
        (report.created_files, report.without_owner, report.failed),
        (11, 11, 0)
    );
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].severity, Severity::Notice);
    assert!(problems[0].why.contains("11 files"), "{}", problems[0].why);
    let mode = |name: &str| fs::metadata(dir.path().join(name)).unwrap().mode() & 0o7777;
    assert_eq!(mode("folder/0"), 0o755);
    assert_eq!(mode("folder/own"), 0o6755);
    assert_eq!(mode("folder"), 0o1555);
    fs::set_permissions(dir.path().join("folder"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn devices_and_trusted_attributes_are_warnings_counted_once() {
    if !is_ordinary("devices_and_trusted_attributes_are_warnings_counted_once") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut sample = Sample::default();
    let mut entries = Vec::new();
    for name in 0..5 {
        let device = Kind::CharacterDevice { major: 1, minor: 3 };
        entries.push(entry(&format!("device {name}"), device));
        let mut file = sample.file(&format!("file {name}"), b"x");
        let attribute = |name: &[u8], value: &[u8]| ExtendedAttribute {
            name: name.to_vec(),
            value: value.to_vec(),
        };
        file.attributes.extended = Arc::from(vec![
            attribute(
                b"security.capability",
                &[1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            ),
            attribute(b"trusted.x", b"1"),
            attribute(b"user.x", b"1"),
        ]);
        entries.push(file);
    }
    entries.push(entry("fifo", Kind::Fifo));
    sample.finish(entries);
    let (report, problems) = extract_all(&sample, dir.path(), false).unwrap();
    assert_eq!((report.created_files, report.failed), (6, 5));
    let words: Vec<_> = problems
        .iter()
        .map(|p| (p.severity, p.attempted.as_str()))
        .collect();
    assert_eq!(
        words,
        [
            (Severity::Warning, "set extended attributes"),
            (Severity::Warning, "make the device file"),
        ]
    );
    let mut value = [0; 8];
    let read = rustix::fs::getxattr(dir.path().join("file 0"), "user.x", &mut value[..]);
    assert_eq!(read, Ok(1));
}

#[test]
fn own_read_only_folders_are_filled_and_foreign_ones_reported() {
    if !is_ordinary("own_read_only_folders_are_filled_and_foreign_ones_reported") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut sample = Sample::default();
    let (a, b) = (sample.file("a", b"1"), sample.file("b", b"2"));
    let listing = sample.add(vec![a, b]);
    let mut folder = entry("folder", Kind::Directory(listing));
    folder.attributes.mode = 0o555;
    sample.finish(vec![folder]);
    extract_all(&sample, dir.path(), false).unwrap();
    let path = dir.path().join("folder");
    let chmod = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    chmod(0o755);
    fs::remove_file(path.join("b")).unwrap();
    chmod(0o555);
    // Not asked for itself, the folder is not opened up.
    let (steps, report, problems) = put_back(&sample, &["/folder/b"], dir.path(), false);
    assert_eq!(steps, ["/folder/b: cannot: you may not write there"]);
    assert_eq!((report.failed, problems.len()), (1, 1));
    let (_, report, problems) = put_back(&sample, &["/folder"], dir.path(), false);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(report.created_files, 1);
    assert_eq!(fs::read(path.join("b")).unwrap(), b"2");
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o555);
    chmod(0o755);
    // A folder of somebody else.
    let opened = sample.open();
    let monitor = Monitor::new();
    let plan = plan_extract(
        &opened.snapshot,
        &opened,
        &[item("/folder")],
        Path::new("/usr"),
        policy(false),
        &monitor,
    );
    assert_eq!(
        super::steps(&plan.unwrap()),
        ["/folder: cannot: you may not write there"]
    );
}

#[test]
fn a_read_only_file_gets_its_extended_attributes() {
    if !is_ordinary("a_read_only_file_gets_its_extended_attributes") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut sample = Sample::default();
    let mut file = sample.file("file", b"1");
    file.attributes.mode = 0o400;
    file.attributes.extended = Arc::from(vec![ExtendedAttribute {
        name: b"user.x".to_vec(),
        value: b"1".to_vec(),
    }]);
    sample.finish(vec![file]);
    extract_all(&sample, dir.path(), false).unwrap();
    let path = dir.path().join("file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    rustix::fs::removexattr(&path, "user.x").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o440)).unwrap();
    let (report, problems) = extract_all(&sample, dir.path(), true).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(report.attributes_set, 1);
    let (mut left, mut right) = (sample.describe(), on_disk(dir.path()));
    left.remove(0);
    right.remove(0);
    assert_eq!(left, right);
}
