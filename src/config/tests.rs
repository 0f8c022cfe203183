//! Configurations in real directories.

use super::*;
use std::os::unix::fs::PermissionsExt;

fn config() -> (tempfile::TempDir, Config) {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::new(&folder.path().join("deep/gibus"));
    (folder, config)
}

fn repository_name(text: &str) -> RepositoryName {
    text.parse().unwrap()
}

fn archive_name(text: &str) -> ArchiveName {
    text.parse().unwrap()
}

fn repository() -> RepositoryEntry {
    RepositoryEntry {
        id: Id([7; 16]),
        place: crate::fs::bytes_path(b"/mnt/caf\xe9/gibus.d/repos/me/main").to_owned(),
    }
}

fn archive() -> ArchiveEntry {
    ArchiveEntry {
        id: Id([8; 16]),
        place: "/mnt/nas/gibus.d/snapshots/laptop/me/docs".into(),
        repository: repository_name("main"),
        specification: Specification::of(vec!["/home/me".into()]),
    }
}

#[test]
fn entries_are_found_again_as_they_were_written() {
    let (_folder, config) = config();
    assert!(config.archives.names().unwrap().is_empty());
    config
        .repositories
        .add(&repository_name("main"), &repository())
        .unwrap();
    config
        .archives
        .add(&archive_name("docs"), &archive())
        .unwrap();
    config
        .archives
        .add(&archive_name("all"), &archive())
        .unwrap();
    assert_eq!(
        config.repositories.get(&repository_name("main")).unwrap(),
        repository()
    );
    assert_eq!(
        config.archives.get(&archive_name("docs")).unwrap(),
        archive()
    );
    assert_eq!(
        config.archives.names().unwrap(),
        [archive_name("all"), archive_name("docs")]
    );
    let name = config.repository_with_id(Id([7; 16])).unwrap();
    assert_eq!(name, Some(repository_name("main")));
    assert_eq!(config.repository_with_id(Id([1; 16])).unwrap(), None);
    assert_eq!(
        config.archive_with_id(Id([8; 16])).unwrap(),
        Some(archive_name("all"))
    );
    assert_eq!(
        config.archives_of(&repository_name("main")).unwrap().len(),
        2
    );
}

#[test]
fn adding_refuses_a_name_that_is_taken_and_setting_does_not() {
    let (_folder, config) = config();
    let name = archive_name("docs");
    config.archives.add(&name, &archive()).unwrap();
    let error = config.archives.add(&name, &archive()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    let mut changed = archive();
    changed.specification.exclude_caches = true;
    config.archives.set(&name, &changed).unwrap();
    assert_eq!(config.archives.get(&name).unwrap(), changed);
    // Nothing else is left in the folder.
    let folder = config.archives.path_of(&name);
    assert_eq!(fs::read_dir(folder.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn an_unknown_name_is_told_with_those_that_are_known() {
    let (_folder, config) = config();
    let error = config.archives.get(&archive_name("dosc")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("no archive at all"), "{error}");
    config
        .archives
        .add(&archive_name("docs"), &archive())
        .unwrap();
    config
        .archives
        .add(&archive_name("pics"), &archive())
        .unwrap();
    for error in [
        config.archives.get(&archive_name("dosc")).unwrap_err(),
        config.archives.remove(&archive_name("dosc")).unwrap_err(),
    ] {
        assert!(error.to_string().contains("docs, pics"), "{error}");
    }
    config.archives.remove(&archive_name("docs")).unwrap();
    assert_eq!(config.archives.names().unwrap(), [archive_name("pics")]);
}

#[test]
fn a_bad_file_is_told_with_its_path_and_line_and_hides_no_other() {
    let (_folder, config) = config();
    config
        .archives
        .add(&archive_name("good"), &archive())
        .unwrap();
    let path = config.archives.path_of(&archive_name("bad"));
    let mut text = fs::read_to_string(config.archives.path_of(&archive_name("good"))).unwrap();
    let line = text.lines().count() + 1;
    text.push_str("exclude_dir = ['x']\n");
    fs::write(&path, text).unwrap();
    let error = config.archives.get(&archive_name("bad")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let shown = error.to_string();
    assert!(shown.contains("archives/bad.toml"), "{shown}");
    assert!(
        shown.contains(&format!("line {line}")) && shown.contains("exclude_dirs"),
        "{shown}"
    );

    fs::write(&path, b"\xff").unwrap();
    assert!(config.archives.get(&archive_name("bad")).is_err());
    let all = config.archives.all().unwrap();
    assert_eq!(all.len(), 2);
    assert!(all[0].1.is_err() && all[1].1.is_ok());
    assert_eq!(
        config.archive_with_id(archive().id).unwrap(),
        Some(archive_name("good"))
    );
    assert!(config.archives_of(&repository_name("main")).is_err());
}

#[test]
fn what_editors_leave_behind_is_no_entry() {
    let (_folder, config) = config();
    config
        .archives
        .add(&archive_name("docs"), &archive())
        .unwrap();
    let path = config.archives.path_of(&archive_name("docs"));
    for other in [
        "docs.toml~",
        ".docs.toml",
        ".docs.toml.swp",
        "docs.txt",
        "my docs.toml",
    ] {
        fs::write(path.with_file_name(other), "x").unwrap();
    }
    assert_eq!(config.archives.names().unwrap(), [archive_name("docs")]);
}

#[test]
fn only_the_owner_can_read_it() {
    let (folder, config) = config();
    config
        .archives
        .add(&archive_name("docs"), &archive())
        .unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    let file = config.archives.path_of(&archive_name("docs"));
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(file.parent().unwrap()), 0o700);
    assert_eq!(mode(&folder.path().join("deep")), 0o700);
}

#[test]
fn of_several_that_add_one_name_at_once_one_succeeds() {
    let (_folder, config) = config();
    let added = std::thread::scope(|scope| {
        let adds: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| config.archives.add(&archive_name("docs"), &archive())))
            .collect();
        adds.into_iter()
            .filter_map(|add| add.join().unwrap().ok())
            .count()
    });
    assert_eq!(added, 1);
}
