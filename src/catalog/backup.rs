//! Backing up an archive by its name.

use std::sync::Arc;

use jiff::Zoned;

use super::{Catalog, FoundArchive, FoundRepository};
use crate::error::Result;
use crate::progress::Monitor;
use crate::snapshot::build::{BackupReport, BackupRequest, back_up};
use crate::snapshot::places::ArchiveName;

/// An archive and its repository, opened and up to date.
pub struct ReadyBackup {
    pub found: FoundArchive,
    pub repository: FoundRepository,
}

impl ReadyBackup {
    /// Makes a snapshot, named after `now`; with `is_dry_run` only finds out what would be done.
    ///
    /// Errors: those of [`back_up`].
    pub fn run(
        &self,
        now: &Zoned,
        is_dry_run: bool,
        monitor: &Arc<Monitor>,
    ) -> Result<BackupReport> {
        let request = BackupRequest {
            archive: &self.found.archive,
            repository: &self.repository.repository,
            now,
            is_dry_run,
        };
        back_up(&request, monitor)
    }
}

impl Catalog {
    /// Opens what a backup of this archive needs, and brings the file beside the snapshots up to date.
    pub fn ready_to_back_up(&self, name: &ArchiveName) -> Result<ReadyBackup> {
        let mut found = self.archive(name)?;
        let repository = self.repository(&found.entry.repository)?;
        found.bring_up_to_date(&repository.entry)?;
        Ok(ReadyBackup { found, repository })
    }

    /// Makes a snapshot of an archive, named after `now`; with `is_dry_run` only finds out what would be done.
    pub fn back_up(
        &self,
        name: &ArchiveName,
        now: &Zoned,
        is_dry_run: bool,
        monitor: &Arc<Monitor>,
    ) -> Result<BackupReport> {
        self.ready_to_back_up(name)?.run(now, is_dry_run, monitor)
    }
}
