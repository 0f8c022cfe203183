//! Deletion, reconciliation, costs and checks of snapshots, and differences between them, on real archives
//! and a real repository: the engine as the command line uses it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gibus::error::ErrorKind;
use gibus::format::id::Id;
use gibus::progress::Monitor;
use gibus::repository::Repository;
use gibus::repository::check::CheckOptions;
use gibus::repository::claims::{ClaimId, ClaimState};
use gibus::repository::holdings::ClaimCosts;
use gibus::repository::prune::PruneDepth;
use gibus::repository::settings::Settings;
use gibus::snapshot::archive::Archive;
use gibus::snapshot::archive::file::{ARCHIVE_FORMAT, ArchiveFile, RepositoryRef};
use gibus::snapshot::archive::name::SnapshotName;
use gibus::snapshot::build::{BackupRequest, back_up};
use gibus::snapshot::check::{Trouble, check_snapshots};
use gibus::snapshot::delete::{delete_snapshots, plan_deletion};
use gibus::snapshot::diff::{Change, differences};
use gibus::snapshot::file::Snapshot;
use gibus::snapshot::places::ArchiveName;
use gibus::snapshot::reconcile::{disagreement, reconcile};
use gibus::snapshot::specification::Specification;
use tempfile::TempDir;

struct Fixture {
    folder: TempDir,
    repository: Repository,
    archive: Archive,
    monitor: Arc<Monitor>,
}

impl Fixture {
    /// What each of these groups of claims holds.
    fn costs(&self, groups: &[BTreeSet<ClaimId>]) -> Vec<ClaimCosts> {
        let holdings = self.repository.holdings(&self.monitor).unwrap();
        groups.iter().map(|group| holdings.costs(group)).collect()
    }

    fn new() -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        fs::create_dir(top.join("files")).unwrap();
        let repository = Repository::create(&top.join("repository"), &Settings::default()).unwrap();
        let archive = archive(&top, "first", &repository);
        Fixture {
            folder,
            repository,
            archive,
            monitor: Arc::new(Monitor::new()),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    /// Writes a file of incompressible bytes that follow from `seed`.
    fn write(&self, name: &str, seed: u32, len: usize) {
        let mut state = seed.wrapping_mul(2_654_435_761) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as u8
        };
        let bytes: Vec<u8> = (0..len).map(|_| next()).collect();
        fs::write(self.path("files").join(name), bytes).unwrap();
    }

    fn back_up(&self) -> SnapshotName {
        self.back_up_to(&self.archive)
    }

    fn back_up_to(&self, archive: &Archive) -> SnapshotName {
        let request = BackupRequest {
            archive,
            repository: &self.repository,
            now: &"2026-11-23T01:02:03+01:00[Europe/Paris]".parse().unwrap(),
            is_dry_run: false,
        };
        back_up(&request, &self.monitor).unwrap().snapshot.unwrap()
    }

    fn open(&self, name: SnapshotName) -> Snapshot {
        Snapshot::open(&self.archive.path_of(name)).unwrap()
    }

    fn claim(&self, name: SnapshotName) -> ClaimId {
        ClaimId(self.open(name).header().claim_id)
    }

    fn state(&self, claim: ClaimId) -> ClaimState {
        self.repository.claim_states().unwrap().of(claim)
    }

    fn repositories(&self) -> Vec<Repository> {
        vec![self.repository.clone()]
    }

    fn archives(&self) -> Vec<Archive> {
        vec![self.archive.clone()]
    }
}

fn archive(top: &Path, name: &str, repository: &Repository) -> Archive {
    let file = ArchiveFile {
        format: ARCHIVE_FORMAT,
        id: Id::random().unwrap(),
        name: ArchiveName::new(name).unwrap(),
        host: "host".into(),
        user: "user".into(),
        repository: RepositoryRef {
            id: repository.id(),
            place: repository.place().to_owned(),
        },
        specification: Specification::of(vec![top.join("files")]),
    };
    Archive::create(&top.join(name), &file).unwrap()
}

#[test]
fn a_deleted_snapshot_is_gone_and_its_claim_released() {
    let fixture = Fixture::new();
    fixture.write("a", 1, 1000);
    let old = fixture.back_up();
    let new = fixture.back_up();
    let claim = fixture.claim(old);
    let plan = plan_deletion(&fixture.archive, &[old], false).unwrap();
    assert_eq!(plan.kept, 1);
    assert_eq!(
        plan.claims_in(fixture.repository.id()),
        BTreeSet::from([claim])
    );
    let monitor = &fixture.monitor;
    let report =
        delete_snapshots(&plan, &fixture.archive, &fixture.repositories(), monitor).unwrap();
    assert_eq!(report.deleted, [old]);
    assert!(report.unreleased.is_empty());
    assert_eq!(fixture.archive.snapshots().unwrap(), [new]);
    assert_eq!(fixture.state(claim), ClaimState::Released);
}

#[test]
fn the_last_snapshot_is_kept_unless_allowed() {
    let fixture = Fixture::new();
    let only = fixture.back_up();
    let refused = plan_deletion(&fixture.archive, &[only], false).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    assert_eq!(
        plan_deletion(&fixture.archive, &[only], true).unwrap().kept,
        0
    );
}

#[test]
fn an_interrupted_deletion_has_deleted_whole_snapshots() {
    let fixture = Fixture::new();
    let names = [fixture.back_up(), fixture.back_up(), fixture.back_up()];
    let plan = plan_deletion(&fixture.archive, &names[..2], false).unwrap();
    let cancelled = Monitor::new();
    cancelled.cancel();
    let error = delete_snapshots(&plan, &fixture.archive, &fixture.repositories(), &cancelled);
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(fixture.archive.snapshots().unwrap(), names);
    let amiss = disagreement(&fixture.repository, &fixture.archives(), &fixture.monitor).unwrap();
    assert!(amiss.orphans.is_empty() && amiss.unclaimed.is_empty());
}

#[test]
fn what_releasing_frees_is_what_prune_gives_back() {
    let fixture = Fixture::new();
    fixture.write("shared", 1, 100_000);
    fixture.write("alone", 2, 300_000);
    // Beyond the size from which contents are kept in chunks.
    fixture.write("big", 3, 9_000_000);
    let old = fixture.back_up();
    fs::remove_file(fixture.path("files/alone")).unwrap();
    fs::remove_file(fixture.path("files/big")).unwrap();
    let new = fixture.back_up();
    let groups = [
        BTreeSet::from([fixture.claim(old)]),
        BTreeSet::from([fixture.claim(new)]),
    ];
    let costs = fixture.costs(&groups);
    assert_eq!(costs[0].contents, 3);
    assert_eq!(costs[0].content_bytes, 9_400_000);
    assert_eq!(costs[0].alone_contents, 2);
    assert_eq!(costs[0].alone_content_bytes, 9_300_000);
    assert_eq!((costs[1].contents, costs[1].alone_contents), (1, 0));
    assert_eq!(costs[1].alone_stored_bytes, 0);

    fixture
        .repository
        .release_contents(fixture.claim(old))
        .unwrap();
    let report = fixture
        .repository
        .prune(PruneDepth::Pieces, &fixture.monitor)
        .unwrap();
    let freed = report.stored_bytes_before - report.stored_bytes_after;
    let expected = costs[0].alone_stored_bytes;
    assert!(
        freed.abs_diff(expected) < expected / 50,
        "{freed} freed, {expected} expected"
    );
}

#[test]
fn both_snapshots_of_the_same_files_free_nothing_alone_and_everything_together() {
    let fixture = Fixture::new();
    fixture.write("a", 1, 50_000);
    let claims = [fixture.back_up(), fixture.back_up()].map(|name| fixture.claim(name));
    let each = claims.map(|claim| BTreeSet::from([claim]));
    let costs = fixture.costs(&each);
    assert_eq!(costs[0].alone_contents + costs[1].alone_contents, 0);
    let both = [BTreeSet::from(claims)];
    let costs = fixture.costs(&both);
    assert_eq!(
        (costs[0].alone_contents, costs[0].alone_content_bytes),
        (1, 50_000)
    );
}

#[test]
fn a_claim_whose_snapshot_was_never_published_is_released() {
    let fixture = Fixture::new();
    fixture.write("a", 1, 1000);
    let kept = fixture.back_up();
    let killed = fixture.back_up();
    let claim = fixture.claim(killed);
    fs::remove_file(fixture.archive.path_of(killed)).unwrap();
    let amiss = reconcile(&fixture.repository, &fixture.archives(), &fixture.monitor).unwrap();
    assert_eq!(amiss.orphans, [claim]);
    assert_eq!(fixture.state(claim), ClaimState::Released);
    assert_eq!(fixture.state(fixture.claim(kept)), ClaimState::Live);
}

#[test]
fn claims_of_archives_that_are_not_given_are_left_alone() {
    let fixture = Fixture::new();
    let other = archive(&fixture.path(""), "other", &fixture.repository);
    fixture.back_up();
    let theirs = fixture.back_up_to(&other);
    fs::remove_file(other.path_of(theirs)).unwrap();
    let amiss = reconcile(&fixture.repository, &fixture.archives(), &fixture.monitor).unwrap();
    assert!(amiss.orphans.is_empty());
    let both = [fixture.archive.clone(), other];
    let amiss = reconcile(&fixture.repository, &both, &fixture.monitor).unwrap();
    assert_eq!(amiss.orphans.len(), 1);
}

#[test]
fn no_claim_is_released_while_a_snapshot_of_its_archive_cannot_be_read() {
    let fixture = Fixture::new();
    let (first, second) = (fixture.back_up(), fixture.back_up());
    let claim = fixture.claim(first);
    let path = fixture.archive.path_of(first);
    fs::remove_file(&path).unwrap();
    fs::write(&path, b"not a snapshot").unwrap();
    let amiss = reconcile(&fixture.repository, &fixture.archives(), &fixture.monitor).unwrap();
    assert!(amiss.orphans.is_empty());
    assert_eq!(amiss.unreadable.len(), 1);
    assert_eq!(fixture.state(claim), ClaimState::Live);
    assert_eq!(fixture.state(fixture.claim(second)), ClaimState::Live);
}

#[test]
fn lost_claims_come_back_as_they_were() {
    let fixture = Fixture::new();
    fixture.write("a", 1, 1000);
    fs::copy(fixture.path("files/a"), fixture.path("files/copy")).unwrap();
    let names = [fixture.back_up(), fixture.back_up()];
    let tokens = |name| {
        fixture
            .open(name)
            .tokens()
            .map(Result::unwrap)
            .collect::<Vec<_>>()
    };
    let references = |name| {
        let token = tokens(name)[0];
        fixture
            .repository
            .content_storage_stats(&token)
            .unwrap()
            .references
    };
    assert_eq!(references(names[1]), 4);
    let claims = fixture.path("repository/claims");
    let files: Vec<_> = fs::read_dir(&claims)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "claim")
        })
        .collect();
    assert_eq!(files.len(), 2);
    fs::remove_file(&files[0]).unwrap();
    fs::remove_file(&files[1]).unwrap();
    fs::write(&files[1], b"not a claim").unwrap();
    assert!(
        fixture
            .repository
            .prune(PruneDepth::Blocks, &fixture.monitor)
            .is_err()
    );
    let amiss = reconcile(&fixture.repository, &fixture.archives(), &fixture.monitor).unwrap();
    assert_eq!(amiss.unclaimed.len(), 2);
    assert_eq!(references(names[1]), 4);
    fixture
        .repository
        .prune(PruneDepth::Blocks, &fixture.monitor)
        .unwrap();
    assert_eq!(references(names[0]), 4);
}

#[test]
fn a_snapshot_that_was_put_back_after_its_deletion_is_told() {
    let fixture = Fixture::new();
    let (first, _) = (fixture.back_up(), fixture.back_up());
    let path = fixture.archive.path_of(first);
    let bytes = fs::read(&path).unwrap();
    let plan = plan_deletion(&fixture.archive, &[first], false).unwrap();
    delete_snapshots(
        &plan,
        &fixture.archive,
        &fixture.repositories(),
        &fixture.monitor,
    )
    .unwrap();
    fs::write(&path, bytes).unwrap();
    let amiss = reconcile(&fixture.repository, &fixture.archives(), &fixture.monitor).unwrap();
    assert_eq!(amiss.released, [(fixture.archive.id(), first)]);
    assert!(amiss.unclaimed.is_empty());
}

#[test]
fn a_check_names_the_files_that_damage_concerns() {
    let fixture = Fixture::new();
    fixture.write("old", 1, 5000);
    let first = fixture.back_up();
    let packs = fixture.path("repository/packs");
    let pack = fs::read_dir(&packs)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    fixture.write("new", 2, 5000);
    let second = fixture.back_up();
    fs::remove_file(pack).unwrap();
    let report = fixture
        .repository
        .check(&CheckOptions::default(), &fixture.monitor)
        .unwrap();
    let (archives, monitor) = (fixture.archives(), &fixture.monitor);
    let check = check_snapshots(&fixture.repository, &archives, &report, monitor).unwrap();
    let concerned: Vec<_> = check.findings.iter().map(|finding| finding.name).collect();
    assert_eq!(concerned, [first, second]);
    for finding in &check.findings {
        let Trouble::Affected { paths, files } = &finding.trouble else {
            panic!("{finding:?}");
        };
        assert_eq!(*files, 1);
        assert!(paths[0].ends_with(b"/files/old"));
    }
}

#[test]
fn differences_are_what_changed() {
    let fixture = Fixture::new();
    for folder in ["files/same", "files/gone", "files/kind"] {
        fs::create_dir(fixture.path(folder)).unwrap();
    }
    fixture.write("same/a", 1, 10);
    fixture.write("gone/b", 2, 10);
    fixture.write("content", 3, 10);
    fixture.write("mode", 4, 10);
    let old = fixture.back_up();
    fs::remove_dir_all(fixture.path("files/gone")).unwrap();
    fs::remove_dir(fixture.path("files/kind")).unwrap();
    fixture.write("kind", 5, 10);
    fixture.write("content", 6, 10);
    fixture.write("new", 7, 10);
    let mode = fixture.path("files/mode");
    let mut permissions = fs::metadata(&mode).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o600);
    fs::set_permissions(&mode, permissions).unwrap();
    let new = fixture.back_up();
    let (old, new) = (fixture.open(old), fixture.open(new));
    let found = |old, new, path: &str| -> Vec<(String, Change)> {
        let found = differences(old, new, path.as_bytes()).unwrap();
        let top = fixture.path("files");
        let name = |path: Vec<u8>| {
            let path = String::from_utf8(path).unwrap();
            path.strip_prefix(top.to_str().unwrap()).unwrap().to_owned()
        };
        found
            .map(Result::unwrap)
            .map(|found| (name(found.path), found.change))
            .collect()
    };
    let expected = [
        ("/content", Change::Content),
        ("/gone", Change::Removed),
        ("/gone/b", Change::Removed),
        ("/kind", Change::Type),
        ("/mode", Change::Attributes),
        ("/new", Change::Added),
    ];
    assert_eq!(
        found(&old, &new, "/"),
        expected.map(|(name, change)| (name.to_owned(), change))
    );
    assert!(found(&new, &new, "/").is_empty());
    let below = fixture.path("files/gone");
    let below = found(&new, &old, below.to_str().unwrap());
    assert_eq!(below, [("/gone/b".to_owned(), Change::Added)]);
}
