//! A repository and an archive with a history, what every snapshot of it must give back, and the oracle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use gibus::repository::Repository;
use gibus::repository::claims::{ClaimId, LiveClaims};
use gibus::snapshot::file::Snapshot;
use serde_json::Value;

use crate::support::{Home, Random, Shape, Tree, change_tree, is_campaign, make_tree};

/// The repository `r` and the archive `a` of the folder `source`.
pub struct Scene {
    pub home: Home,
    location: PathBuf,
    pub random: Random,
    /// What each snapshot that is there holds.
    pub snapshots: BTreeMap<String, Tree>,
    /// Counts the extractions, to take the snapshots in turn.
    turn: usize,
}

/// The files of the big tree: some hundred, one of them of 3 MB.
pub const USUAL: Shape = Shape {
    files: 250,
    big_bytes: 3_000_000,
};

/// For what is repeated very often.
pub const TINY: Shape = Shape {
    files: 12,
    big_bytes: 0,
};

impl Scene {
    /// `settings` are options of `repo create`.
    pub fn new(settings: &str, shape: Shape, seed: u64) -> Scene {
        let home = Home::new();
        let location = home.path("data/gibus");
        Scene::with(home, location, settings, shape, seed)
    }

    /// Repository and archive are in `location`, the rest in `home`.
    pub fn with(home: Home, location: PathBuf, settings: &str, shape: Shape, seed: u64) -> Scene {
        let mut random = Random::new(seed);
        make_tree(&home.path("source"), shape, &mut random);
        let place = location.display();
        home.done(&format!("repo create r {settings} --location {place}"));
        home.done("archive create a --repo r --keep-broken-links --include source");
        Scene {
            home,
            location,
            random,
            snapshots: BTreeMap::new(),
            turn: 0,
        }
    }

    pub fn source(&self) -> PathBuf {
        self.home.path("source")
    }

    /// The folder of the repository.
    pub fn repository(&self) -> PathBuf {
        below(&self.location.join("gibus.d/repos"), 2)
    }

    /// The folder of the archive.
    pub fn archive(&self) -> PathBuf {
        below(&self.location.join("gibus.d/snapshots"), 3)
    }

    /// Moves repository and archive, as if their disk were mounted elsewhere.
    pub fn move_to(&mut self, location: PathBuf) {
        fs::rename(&self.location, &location).unwrap();
        self.location = location;
    }

    pub fn change(&mut self, changes: usize) {
        change_tree(&self.home.path("source"), changes, &mut self.random);
    }

    /// Makes a snapshot that must succeed.
    #[track_caller]
    pub fn back_up(&mut self) {
        self.home.done("backup -A a");
        self.note_snapshots("a backup");
    }

    #[track_caller]
    pub fn prune(&self) {
        self.home.done("repo prune r");
    }

    /// Deletes a snapshot, which must succeed.
    #[track_caller]
    pub fn delete(&mut self, name: &str) {
        self.home.done(&format!("delete -A a --snapshot {name}"));
        self.snapshots.remove(name);
    }

    pub fn oldest(&self) -> String {
        self.snapshots.keys().next().unwrap().clone()
    }

    /// Compares the snapshots that are listed with those that must be there. One more may be there, and
    /// then has what is in the source now.
    #[track_caller]
    pub fn note_snapshots(&mut self, what: &str) {
        let listed = self.home.snapshots("a");
        for name in self.snapshots.keys() {
            assert!(listed.contains(name), "after {what}, {name} is gone");
        }
        let new: Vec<_> = listed
            .into_iter()
            .filter(|name| !self.snapshots.contains_key(name))
            .collect();
        assert!(new.len() <= 1, "after {what} there are new ones: {new:?}");
        for name in new {
            self.snapshots.insert(name, Tree::read(&self.source()));
        }
    }

    /// Extracts a snapshot and compares every byte and all metadata.
    #[track_caller]
    pub fn assert_extracts(&self, name: &str, what: &str) {
        let into = self.home.path("extracted");
        let _ = fs::remove_dir_all(&into);
        let source = self.source();
        let arguments = [
            "extract",
            "-A",
            "a",
            "--snapshot",
            name,
            "--into",
            "extracted",
        ];
        let run = self
            .home
            .run(arguments.map(Path::new).into_iter().chain([&*source]));
        assert_eq!(
            run.code,
            Some(0),
            "after {what}, extracting {name}: {run:?}"
        );
        self.snapshots[name].assert_is_at(&into.join("source"), &format!("after {what}, {name}"));
        fs::remove_dir_all(&into).unwrap();
    }

    #[track_caller]
    pub fn assert_all_extract(&self, what: &str) {
        for name in self.snapshots.keys() {
            self.assert_extracts(name, what);
        }
    }

    /// What has to hold whatever happened: all snapshots are listed, the one whose turn it is extracts
    /// exactly (in a campaign all of them), every stored byte is right, and nothing is wrong but that space
    /// is kept too long.
    #[track_caller]
    pub fn assert_nothing_lost(&mut self, what: &str) {
        self.note_snapshots(what);
        let report = self.check(what);
        for finding in report["findings"].as_array().unwrap() {
            assert_eq!(finding["severity"], "leftover", "after {what}: {report:#}");
        }
        assert_eq!(report["snapshot_findings"], Value::Array(Vec::new()));
        if is_campaign() {
            return self.assert_all_extract(what);
        }
        self.turn += 1;
        let name = self
            .snapshots
            .keys()
            .nth(self.turn % self.snapshots.len().max(1));
        if let Some(name) = name {
            self.assert_extracts(name, what);
        }
    }

    /// The next backup and prune succeed with nothing unlocked by hand, and put everything right.
    #[track_caller]
    pub fn assert_recovers(&mut self, what: &str) {
        self.back_up();
        self.prune();
        let report = self.check(what);
        let nothing = Value::Array(Vec::new());
        assert_eq!(report["findings"], nothing, "after {what} and a recovery");
        assert_eq!(report["snapshot_findings"], nothing, "after {what}");
        self.assert_references_are_right(what);
        self.assert_nothing_left_over(what);
    }

    /// A check of every byte, which must not find damage.
    #[track_caller]
    pub fn check(&self, what: &str) -> Value {
        let run = self.home.gibus("--json repo check r --read-data");
        assert_eq!(run.code, Some(0), "after {what}, check: {run:#?}");
        serde_json::from_str(&run.stdout).unwrap()
    }

    /// The references that the claims add up to are those of the snapshots, counted anew.
    #[track_caller]
    fn assert_references_are_right(&self, what: &str) {
        let repository = Repository::open(&self.repository()).unwrap();
        let live = LiveClaims::load(&**repository.storage(), repository.id()).unwrap();
        let (mut references, mut claims) = (BTreeMap::new(), BTreeSet::new());
        for name in self.snapshots.keys() {
            let snapshot = Snapshot::open(&self.archive().join(name)).unwrap();
            claims.insert(ClaimId(snapshot.header().claim_id));
            for token in snapshot.tokens() {
                *references.entry(token.unwrap().number).or_insert(0_u64) += 1;
            }
        }
        let claimed: BTreeSet<_> = live.claims().map(|claim| claim.claim_id).collect();
        assert_eq!(claimed, claims, "after {what}: the claims that are live");
        for (number, times) in references {
            assert_eq!(live.references(number), times, "after {what}: {number:?}");
        }
    }

    /// No temporary file, no lock.
    #[track_caller]
    fn assert_nothing_left_over(&self, what: &str) {
        let mut left = Vec::new();
        for folder in [
            self.repository().join("tmp"),
            self.repository().join("locks"),
            self.archive().join("tmp"),
        ] {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                left.push(entry.unwrap().path());
            }
        }
        left.retain(|path| !path.ends_with("locks/spare"));
        assert!(left.is_empty(), "after {what}, left over: {left:?}");
    }
}

/// The only folder so many levels below.
pub fn below(folder: &Path, levels: usize) -> PathBuf {
    (0..levels).fold(folder.to_owned(), |folder, _| {
        let mut entries = fs::read_dir(&folder).unwrap();
        entries.next().unwrap().unwrap().path()
    })
}
