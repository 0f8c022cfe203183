//! What is done with archives and repositories by their names, in real folders.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use jiff::Zoned;

use super::*;
use crate::progress::Monitor;
use crate::repository::check::CheckOptions;
use crate::repository::prune::PruneDepth;
use crate::repository::settings::Settings;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::specification::Specification;

/// A user with a folder of files, a repository `main` and an archive `docs`.
struct Home {
    folder: tempfile::TempDir,
    catalog: Catalog,
}

fn repository_name(name: &str) -> RepositoryName {
    RepositoryName::new(name).unwrap()
}

fn archive_name(name: &str) -> ArchiveName {
    ArchiveName::new(name).unwrap()
}

fn monitor() -> Arc<Monitor> {
    Arc::new(Monitor::new())
}

impl Home {
    fn new() -> Home {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog {
            config_dir: folder.path().join("config"),
            data_dir: folder.path().join("data"),
            home_dir: None,
            user: "me".to_owned(),
            host: "laptop".to_owned(),
        };
        let home = Home { folder, catalog };
        home.write("one", "the first file");
        let main = home.create_repository("main");
        home.catalog
            .create_archive(&archive_name("docs"), &main, None, home.rules())
            .unwrap();
        home
    }

    fn rules(&self) -> Specification {
        Specification::of(vec![self.path("files")])
    }

    fn create_repository(&self, name: &str) -> FoundRepository {
        let settings = Settings::default();
        self.catalog
            .create_repository(&repository_name(name), None, &settings)
            .unwrap()
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path("files")).unwrap();
        fs::write(self.path("files").join(name), text).unwrap();
    }

    fn back_up(&self) -> SnapshotName {
        let report = self
            .catalog
            .back_up(&archive_name("docs"), &Zoned::now(), false, &monitor())
            .unwrap();
        report.snapshot.unwrap()
    }

    fn docs(&self) -> FoundArchive {
        self.catalog.archive(&archive_name("docs")).unwrap()
    }

    fn is_sound(&self, repository: &str) -> bool {
        let options = CheckOptions { read_data: true };
        let name = repository_name(repository);
        let checkup = self.catalog.check(&name, &options, &monitor()).unwrap();
        checkup.is_sound()
    }
}

fn kind<T>(result: Result<T>) -> ErrorKind {
    result.err().unwrap().kind()
}

#[test]
fn an_archive_is_made_beside_its_repository_and_found_by_its_name() {
    let home = Home::new();
    let disk = home.path("disk");
    let (name, settings) = (repository_name("other"), Settings::default());
    let other = home
        .catalog
        .create_repository(&name, Some(&disk), &settings)
        .unwrap();
    let photos = archive_name("photos");
    home.catalog
        .create_archive(&photos, &other, None, home.rules())
        .unwrap();
    let found = home.catalog.archive(&photos).unwrap();
    assert!(found.entry.place.starts_with(&disk));
    assert_eq!(found.archive.file().repository.id, other.entry.id);
    assert!(home.docs().entry.place.starts_with(home.path("data")));
    let unknown = home.catalog.archive(&archive_name("nothing"));
    assert_eq!(kind(unknown), ErrorKind::NotFound);
}

#[test]
fn a_name_that_is_taken_is_refused_before_anything_is_made() {
    let home = Home::new();
    let disk = home.path("disk");
    let (main, settings) = (repository_name("main"), Settings::default());
    let made = home
        .catalog
        .create_repository(&main, Some(&disk), &settings);
    assert_eq!(kind(made), ErrorKind::AlreadyExists);
    let main = home.catalog.repository(&main).unwrap();
    let docs = archive_name("docs");
    let made = home
        .catalog
        .create_archive(&docs, &main, Some(&disk), home.rules());
    assert_eq!(kind(made), ErrorKind::AlreadyExists);
    assert!(!disk.exists());
}

#[test]
fn another_repository_in_the_place_of_the_configured_one_is_not_found() {
    let home = Home::new();
    let other = home.create_repository("other");
    let main = home
        .catalog
        .repository(&repository_name("main"))
        .unwrap()
        .entry;
    fs::remove_dir_all(&main.place).unwrap();
    fs::rename(&other.entry.place, &main.place).unwrap();
    assert_eq!(
        kind(home.catalog.open_repository(&main)),
        ErrorKind::NotFound
    );
    let by_id = home.catalog.repository_with_id(main.id);
    assert_eq!(kind(by_id), ErrorKind::NotFound);
}

#[test]
fn a_changed_archive_goes_on_in_its_new_repository_and_deletion_concerns_both() {
    let home = Home::new();
    home.back_up();
    home.create_repository("other");
    let (docs, other) = (archive_name("docs"), repository_name("other"));
    let mut rules = home.rules();
    rules.exclude_caches = true;
    let changed = home
        .catalog
        .change_archive(&docs, rules.clone(), Some(&other))
        .unwrap();
    assert_eq!(changed.entry.repository, other);
    assert_eq!(home.docs().archive.file().specification, rules);
    home.write("two", "another file");
    home.back_up();
    let names = home.docs().archive.snapshots().unwrap();
    let refused = home.catalog.plan_deletion(&docs, &names, false);
    assert_eq!(kind(refused), ErrorKind::Invalid);
    let deletable = home.catalog.plan_deletion(&docs, &names, true).unwrap();
    assert_eq!(deletable.repositories.len(), 2);
    let deletables = [deletable];
    let effect = home.catalog.what_if_deleted(&deletables, &monitor());
    // "one" in the first repository, "one" and "two" in the second.
    assert_eq!(effect.unwrap().repositories.freed_contents, 3);
    let [deletable] = deletables;
    home.catalog
        .delete_snapshots(&deletable, &monitor())
        .unwrap();
    for repository in ["main", "other"] {
        let name = repository_name(repository);
        let (_, report) = home
            .catalog
            .prune(&name, PruneDepth::Blocks, &monitor())
            .unwrap();
        assert!(report.deleted_contents > 0, "{repository}");
    }
}

#[test]
fn an_archive_and_its_repository_are_adopted_under_free_names() {
    let home = Home::new();
    home.back_up();
    let place = home.docs().entry.place;
    // Another computer, where both names are taken.
    let elsewhere = Catalog {
        config_dir: home.path("config-2"),
        data_dir: home.path("data-2"),
        ..home.catalog.clone()
    };
    let settings = Settings::default();
    let main = elsewhere
        .create_repository(&repository_name("main"), None, &settings)
        .unwrap();
    elsewhere
        .create_archive(&archive_name("docs"), &main, None, home.rules())
        .unwrap();
    let taken = elsewhere.adopt_archive(&place, None, None);
    assert_eq!(kind(taken), ErrorKind::AlreadyExists);
    // And nothing was adopted in vain.
    assert_eq!(elsewhere.config().repositories.names().unwrap().len(), 1);
    let old = archive_name("old");
    let adoption = elsewhere
        .adopt_archive(&place, Some(old.clone()), None)
        .unwrap();
    let (name, _) = adoption.adopted_repository.unwrap();
    assert_eq!(name, repository_name("main-2"));
    assert!(adoption.problems.is_empty());
    assert_eq!(
        elsewhere
            .archive(&old)
            .unwrap()
            .archive
            .snapshots()
            .unwrap()
            .len(),
        1
    );
    // A second time it is known, and keeps its name.
    let again = elsewhere.adopt_archive(&place, None, None).unwrap();
    assert_eq!(again.name, old);
    assert!(again.adopted_repository.is_none());
    let renamed = elsewhere.adopt_archive(&place, Some(archive_name("new")), None);
    assert_eq!(kind(renamed), ErrorKind::AlreadyExists);
}

#[test]
fn a_series_is_read_without_its_file_and_repair_makes_the_file_anew() {
    let home = Home::new();
    home.back_up();
    let (docs, main) = (archive_name("docs"), repository_name("main"));
    assert!(home.catalog.series(&docs).unwrap().1.is_none());
    fs::remove_file(home.docs().entry.place.join("archive.toml")).unwrap();
    let (series, error) = home.catalog.series(&docs).unwrap();
    assert_eq!(series.snapshots.len(), 1);
    assert_eq!(error.unwrap().kind(), ErrorKind::NotFound);
    assert!(!home.is_sound("main"));
    // What it needs is not known, so nothing may be removed.
    assert_eq!(
        kind(home.catalog.prune(&main, PruneDepth::Blocks, &monitor())),
        ErrorKind::NotFound
    );
    let repaired = home.catalog.repair(&main, false, &monitor()).unwrap();
    assert_eq!(repaired.remade_archive_files, [docs]);
    assert!(repaired.is_whole());
    assert!(home.is_sound("main"));
}

#[test]
fn prune_supplies_a_lost_claim_before_it_removes_anything() {
    let home = Home::new();
    home.back_up();
    let main = repository_name("main");
    let claims = home
        .catalog
        .repository(&main)
        .unwrap()
        .entry
        .place
        .join("claims");
    for claim in fs::read_dir(claims).unwrap() {
        fs::remove_file(claim.unwrap().path()).unwrap();
    }
    let (amiss, report) = home
        .catalog
        .prune(&main, PruneDepth::Blocks, &monitor())
        .unwrap();
    assert_eq!(amiss.unclaimed.len(), 1);
    assert_eq!(report.deleted_contents, 0);
    assert!(home.is_sound("main"));
}

#[test]
fn conversion_keeps_every_snapshot_sound() {
    use crate::format::compression::Codec;
    use crate::repository::settings::Layout;
    let home = Home::new();
    home.back_up();
    let settings = Settings::new(Layout::Loose, Codec::Gzip, None).unwrap();
    let main = repository_name("main");
    let (_, report) = home.catalog.convert(&main, &settings, &monitor()).unwrap();
    assert_eq!(report.converted_contents, 1);
    let repository = home.catalog.repository(&main).unwrap().repository;
    assert_eq!(repository.settings(), settings);
    assert!(home.is_sound("main"));
}

#[test]
fn what_is_needed_is_deleted_only_when_that_is_said() {
    let home = Home::new();
    home.back_up();
    let (docs, main) = (archive_name("docs"), repository_name("main"));
    let (catalog, monitor) = (&home.catalog, monitor());
    for extent in [Extent::Forget, Extent::IfEmpty, Extent::Everything] {
        let deleted = catalog.delete_repository(&main, extent, &monitor);
        assert_eq!(kind(deleted), ErrorKind::Invalid, "{extent:?}");
    }
    let deleted = catalog.delete_archive(&docs, Extent::IfEmpty, &monitor);
    assert_eq!(kind(deleted), ErrorKind::Invalid);
    let place = home.docs().entry.place;
    catalog
        .delete_archive(&docs, Extent::Forget, &monitor)
        .unwrap();
    assert!(place.join("archive.toml").exists());
    // The archive is not in the configuration now, and still has its snapshot.
    let deleted = catalog.delete_repository(&main, Extent::IfEmpty, &monitor);
    assert_eq!(kind(deleted), ErrorKind::Invalid);
    catalog.adopt_archive(&place, None, None).unwrap();
    let report = catalog
        .delete_archive(&docs, Extent::Everything, &monitor)
        .unwrap();
    assert_eq!(report.deleted.len(), 1);
    assert!(!place.exists());
    let place = catalog.repository(&main).unwrap().entry.place;
    catalog
        .delete_repository(&main, Extent::IfEmpty, &monitor)
        .unwrap();
    assert!(!place.exists());
    assert!(catalog.config().repositories.names().unwrap().is_empty());
}

#[test]
fn an_empty_archive_is_deleted_while_its_repository_is_away() {
    let home = Home::new();
    let place = home
        .catalog
        .repository(&repository_name("main"))
        .unwrap()
        .entry
        .place;
    fs::rename(&place, Path::new(&home.path("away"))).unwrap();
    let docs = archive_name("docs");
    home.catalog
        .delete_archive(&docs, Extent::IfEmpty, &monitor())
        .unwrap();
    assert_eq!(kind(home.catalog.archive(&docs)), ErrorKind::NotFound);
}

#[test]
fn a_copy_of_an_archive_is_not_taken_for_the_archive_until_that_is_gone() {
    let home = Home::new();
    home.back_up();
    let place = home.docs().entry.place;
    let copy = home.path("copy");
    fs::create_dir(&copy).unwrap();
    for file in fs::read_dir(&place).unwrap() {
        let file = file.unwrap();
        if file.path().is_file() {
            fs::copy(file.path(), copy.join(file.file_name())).unwrap();
        }
    }
    // What came after the copy is in the archive alone.
    home.write("two", "the second file");
    home.back_up();
    let refused = home.catalog.adopt_archive(&copy, None, None);
    assert_eq!(kind(refused), ErrorKind::AlreadyExists);
    assert_eq!(home.docs().entry.place, place);
    home.catalog
        .prune(&repository_name("main"), PruneDepth::Blocks, &monitor())
        .unwrap();
    assert!(home.is_sound("main"));

    fs::rename(&place, home.path("away")).unwrap();
    home.catalog.adopt_archive(&copy, None, None).unwrap();
    assert_eq!(home.docs().entry.place, copy.canonicalize().unwrap());
}

#[test]
fn a_copy_of_a_repository_is_not_taken_for_the_repository() {
    let home = Home::new();
    let main = repository_name("main");
    let place = home.catalog.repository(&main).unwrap().entry.place;
    let copy = home.path("copy");
    let copied = std::process::Command::new("cp")
        .arg("-r")
        .args([&place, &copy])
        .status();
    assert!(copied.unwrap().success());
    let refused = home.catalog.adopt_repository(&copy, None);
    assert_eq!(kind(refused), ErrorKind::AlreadyExists);
    assert_eq!(home.catalog.repository(&main).unwrap().entry.place, place);
}
