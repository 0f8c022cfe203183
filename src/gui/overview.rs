//! What there is: the archives and repositories of the configuration, and how they are.
//!
//! Everything is read on threads, each archive and each repository on its own, so that a share that hangs
//! makes its own row say so and nothing else wait. Screens look at this and never at a disk.

use std::path::PathBuf;

use crate::catalog::Catalog;
use crate::config::{ArchiveEntry, RepositoryEntry};
use crate::error::{Error, Result};
use crate::format::id::Id;
use crate::fs::is_writable;
use crate::jobs::{Fetch, Workers};
use crate::repository::lock::Holder;
use crate::repository::settings::Settings;
use crate::repository::stats::RepositoryStats;
use crate::repository::storage::Space;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::file::{BuildStats, Snapshot, TakenAt};
use crate::snapshot::places::{ArchiveName, RepositoryName};
use crate::snapshot::tree::Totals;

/// Everything that is configured.
#[derive(Default)]
pub struct Overview {
    configured: Fetch<Configured>,
    pub archives: Vec<ArchiveOverview>,
    pub repositories: Vec<RepositoryOverview>,
    /// Counts how often something here has changed, so that screens know when to work out anew what they
    /// derive from it.
    pub generation: u64,
    /// Counts how often everything was asked for again.
    pub refreshes: u64,
}

/// What the configuration says.
struct Configured {
    archives: Vec<(ArchiveName, Result<ArchiveEntry>)>,
    repositories: Vec<(RepositoryName, Result<RepositoryEntry>)>,
}

/// An archive and its snapshots.
pub struct ArchiveOverview {
    pub name: ArchiveName,
    /// What the configuration says of it, or why that cannot be read.
    pub entry: Result<ArchiveEntry>,
    pub snapshots: Fetch<SnapshotsOverview>,
    /// It was asked for again while it was being read, which may have been too early.
    is_asked_again: bool,
}

/// The snapshots of an archive, oldest first.
#[derive(Clone, Debug, Default)]
pub struct SnapshotsOverview {
    pub snapshots: Vec<SnapshotOverview>,
    /// Those that cannot be read.
    pub unreadable: Vec<(SnapshotName, Error)>,
    /// Its `archive.toml` is lost or damaged; the snapshots speak for themselves.
    pub problem: Option<Error>,
}

/// What a snapshot says of itself.
#[derive(Clone, Debug)]
pub struct SnapshotOverview {
    pub name: SnapshotName,
    pub path: PathBuf,
    /// Length of its file.
    pub file_bytes: u64,
    pub taken_at: TakenAt,
    pub totals: Totals,
    pub build: BuildStats,
    /// False: something that was asked for is not in it.
    pub complete: bool,
    /// The repository that has its contents.
    pub repository: Id,
    pub claim: Id,
}

/// A repository and how it is.
pub struct RepositoryOverview {
    pub name: RepositoryName,
    pub entry: Result<RepositoryEntry>,
    /// The archives of the configuration that use it.
    pub archives: Vec<ArchiveName>,
    pub state: Fetch<RepositoryState>,
    pub stats: Fetch<RepositoryStats>,
    /// As with archives.
    is_asked_again: bool,
}

/// What can be found out about a repository at once.
#[derive(Clone, Debug)]
pub struct RepositoryState {
    pub settings: Settings,
    /// Why its settings had to be guessed, where they had.
    pub damaged_settings: Option<Error>,
    /// Who holds locks.
    pub holders: Vec<Holder>,
    pub space: Space,
    /// Nothing can be stored in it, by this user at least.
    pub is_read_only: bool,
}

impl Overview {
    /// Reads everything again; what is known stays until then.
    pub fn refresh(&mut self, catalog: &Catalog, workers: &Workers) {
        let catalog = catalog.clone();
        let read = move |_: &_| {
            let config = catalog.config();
            Ok(Configured {
                archives: config.archives.all()?,
                repositories: config.repositories.all()?,
            })
        };
        self.configured.start(workers, "configuration", read);
        self.refreshes += 1;
    }

    /// Takes in what has been read.
    pub fn update(&mut self, catalog: &Catalog, workers: &Workers) {
        if self.configured.poll() {
            self.generation += 1;
            self.take_configured(catalog, workers);
        }
        for archive in &mut self.archives {
            self.generation += u64::from(archive.snapshots.poll());
            archive.read_if_asked_again(catalog, workers);
        }
        for repository in &mut self.repositories {
            self.generation += u64::from(repository.state.poll());
            self.generation += u64::from(repository.stats.poll());
            repository.read_if_asked_again(catalog, workers);
        }
    }

    fn take_configured(&mut self, catalog: &Catalog, workers: &Workers) {
        let Some(configured) = self.configured.value_mut() else {
            return;
        };
        let archives = std::mem::take(&mut configured.archives);
        let repositories = std::mem::take(&mut configured.repositories);
        let mut old = std::mem::take(&mut self.archives);
        for (name, entry) in archives {
            let known = old.iter().position(|archive| archive.name == name);
            let mut archive = match known {
                Some(index) => old.swap_remove(index),
                None => ArchiveOverview {
                    name,
                    entry: entry.clone(),
                    snapshots: Fetch::default(),
                    is_asked_again: false,
                },
            };
            archive.entry = entry;
            archive.read(catalog, workers);
            self.archives.push(archive);
        }
        let mut old = std::mem::take(&mut self.repositories);
        for (name, entry) in repositories {
            let known = old.iter().position(|repository| repository.name == name);
            let mut repository = match known {
                Some(index) => old.swap_remove(index),
                None => RepositoryOverview {
                    name,
                    entry: entry.clone(),
                    archives: Vec::new(),
                    state: Fetch::default(),
                    stats: Fetch::default(),
                    is_asked_again: false,
                },
            };
            repository.entry = entry;
            let users = self.archives.iter().filter(|archive| {
                let entry = archive.entry.as_ref();
                entry.is_ok_and(|entry| entry.repository == repository.name)
            });
            repository.archives = users.map(|archive| archive.name.clone()).collect();
            repository.read(catalog, workers);
            self.repositories.push(repository);
        }
    }

    /// Some place has yet to answer. Nothing wakes the window when its patience with it is over.
    pub fn is_waiting(&self) -> bool {
        let mut archives = self.archives.iter();
        let mut repositories = self.repositories.iter();
        archives.any(|archive| archive.snapshots.is_awaited())
            || repositories.any(|one| one.state.is_awaited() || one.stats.is_awaited())
    }

    /// Nothing has been read yet.
    pub fn is_loading(&self) -> bool {
        self.configured.value().is_none() && self.configured.is_loading()
    }

    /// Why the configuration could not be read.
    pub fn error(&self) -> Option<&Error> {
        self.configured.error()
    }

    /// It has been read, and there is no archive in it.
    pub fn is_empty(&self) -> bool {
        self.configured.value().is_some() && self.archives.is_empty()
    }

    pub fn archive(&self, name: &ArchiveName) -> Option<&ArchiveOverview> {
        self.archives.iter().find(|archive| archive.name == *name)
    }

    pub fn repository(&self, name: &RepositoryName) -> Option<&RepositoryOverview> {
        self.repositories
            .iter()
            .find(|repository| repository.name == *name)
    }
}

impl ArchiveOverview {
    /// Reads the list of snapshots again; if that is being done, afterwards: a share that hangs is asked once.
    fn read(&mut self, catalog: &Catalog, workers: &Workers) {
        if self.entry.is_err() {
            return;
        }
        self.is_asked_again = self.snapshots.is_loading();
        if self.is_asked_again {
            return;
        }
        let (catalog, name) = (catalog.clone(), self.name.clone());
        let read = move |monitor: &std::sync::Arc<_>| snapshots_overview(&catalog, &name, monitor);
        self.snapshots.start(workers, "snapshots", read);
    }

    fn read_if_asked_again(&mut self, catalog: &Catalog, workers: &Workers) {
        if self.is_asked_again && !self.snapshots.is_loading() {
            self.read(catalog, workers);
        }
    }

    /// The newest snapshot that can be read.
    pub fn newest(&self) -> Option<&SnapshotOverview> {
        self.snapshots.value()?.snapshots.last()
    }
}

impl RepositoryOverview {
    fn is_loading(&self) -> bool {
        self.state.is_loading() || self.stats.is_loading()
    }

    fn read_if_asked_again(&mut self, catalog: &Catalog, workers: &Workers) {
        if self.is_asked_again && !self.is_loading() {
            self.read(catalog, workers);
        }
    }

    fn read(&mut self, catalog: &Catalog, workers: &Workers) {
        let Ok(entry) = self.entry.clone() else {
            return;
        };
        self.is_asked_again = self.is_loading();
        if self.is_asked_again {
            return;
        }
        let (its_catalog, its_entry) = (catalog.clone(), entry.clone());
        self.state.start(workers, "repository", move |_| {
            let repository = its_catalog.open_repository(&its_entry)?;
            Ok(RepositoryState {
                settings: repository.settings(),
                damaged_settings: repository.damaged_settings(),
                holders: repository.locks().holders()?,
                space: repository.storage().space()?,
                is_read_only: !is_writable(&its_entry.place),
            })
        });
        let catalog = catalog.clone();
        self.stats.start(workers, "statistics", move |monitor| {
            catalog.open_repository(&entry)?.storage_stats(monitor)
        });
    }
}

fn snapshots_overview(
    catalog: &Catalog,
    name: &ArchiveName,
    monitor: &crate::progress::Monitor,
) -> Result<SnapshotsOverview> {
    let (series, problem) = catalog.series(name)?;
    let mut overview = SnapshotsOverview {
        problem,
        ..SnapshotsOverview::default()
    };
    for file in series.snapshots {
        monitor.check_cancelled()?;
        match Snapshot::open(&file.path) {
            Err(error) => overview.unreadable.push((file.name, error)),
            Ok(snapshot) => {
                let header = snapshot.header();
                overview.snapshots.push(SnapshotOverview {
                    name: file.name,
                    path: file.path,
                    file_bytes: snapshot.file_len(),
                    taken_at: header.taken_at.clone(),
                    totals: header.totals,
                    build: header.build.clone(),
                    complete: header.complete,
                    repository: header.repository.id,
                    claim: header.claim_id,
                });
            }
        }
    }
    Ok(overview)
}
