//! The comparison that all else relies on sees every difference.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::support::{Home, Random, Shape, Tree, change_tree, make_tree};

#[test]
fn a_tree_is_like_its_copy_and_not_like_a_changed_one() {
    let home = Home::new();
    let (tree, copy) = (home.path("tree"), home.path("copy"));
    let shape = Shape {
        files: 60,
        big_bytes: 10_000,
    };
    make_tree(&tree, shape, &mut Random::new(1));
    let before = Tree::read(&tree);
    assert!(before.files() > 30);
    let copied = std::process::Command::new("cp")
        .args(["-a", tree.to_str().unwrap(), copy.to_str().unwrap()])
        .status();
    assert!(copied.unwrap().success());
    assert_eq!(before.differences(&Tree::read(&copy)), [""; 0]);
    change_tree(&copy, 1, &mut Random::new(2));
    assert_ne!(before.differences(&Tree::read(&copy)), [""; 0]);
}

#[test]
fn every_kind_of_difference_is_seen() {
    let home = Home::new();
    let root = home.path("tree");
    fs::create_dir(&root).unwrap();
    let (file, twin, link) = (root.join("file"), root.join("twin"), root.join("link"));
    let changes: [(&str, &dyn Fn()); 7] = [
        ("a byte", &|| write_keeping_time(&file, b"bytez")),
        ("the mode", &|| {
            fs::set_permissions(&file, fs::Permissions::from_mode(0o4755)).unwrap();
        }),
        ("a nanosecond", &|| {
            let time = SystemTime::UNIX_EPOCH + Duration::new(1_000_000_000, 1);
            fs::File::open(&file).unwrap().set_modified(time).unwrap();
        }),
        ("a link's target", &|| {
            fs::remove_file(&link).unwrap();
            symlink("elsewhere", &link).unwrap();
        }),
        ("a hard link", &|| {
            fs::remove_file(&twin).unwrap();
            write_keeping_time(&twin, b"bytes");
        }),
        ("a file more", &|| {
            fs::write(root.join("more"), b"").unwrap()
        }),
        ("a file less", &|| fs::remove_file(&link).unwrap()),
    ];
    for (what, change) in changes {
        let _ = fs::remove_dir_all(&root);
        fs::create_dir(&root).unwrap();
        write_keeping_time(&file, b"bytes");
        fs::hard_link(&file, &twin).unwrap();
        symlink("file", &link).unwrap();
        let before = Tree::read(&root);
        change();
        assert_ne!(before.differences(&Tree::read(&root)), [""; 0], "{what}");
    }
}

fn write_keeping_time(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    fs::File::open(path).unwrap().set_modified(time).unwrap();
}
