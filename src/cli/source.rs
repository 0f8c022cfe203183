//! Where a command reads snapshots from: an archive of the configuration, or files alone (`--exigency`).

use std::path::PathBuf;

use super::context::{Context, tell_damage};
use super::failure::{Failure, Lookup};
use super::output::complain;
use super::select::{Selection, Source};
use crate::repository::Repository;
use crate::snapshot::archive::file::ArchiveFile;
use crate::snapshot::archive::select::Select;
use crate::snapshot::exigency::repository::find_repository;
use crate::snapshot::exigency::series::{Series, SnapshotFile};
use crate::snapshot::file::Snapshot;
use crate::snapshot::places::ArchiveName;

/// A series of snapshots, and where their contents are.
pub struct Snapshots {
    pub series: Series,
    contents: Contents,
}

enum Contents {
    /// In a repository of the configuration.
    Configured,
    /// In this folder, or where the snapshot says.
    Exigency(Option<PathBuf>),
}

impl Snapshots {
    /// Errors: exit code 10 when there is no such archive, or nothing at the path.
    pub fn open(source: &Source, context: &Context) -> Result<Snapshots, Failure> {
        match (&source.archive, &source.exigency) {
            (Some(name), _) => {
                let name = ArchiveName::new(name.as_str())?;
                let (series, amiss) = context.catalog.series(&name).looked_up()?;
                if let Some(error) = amiss {
                    complain(&format!("note: {error}"));
                }
                Ok(Snapshots {
                    series,
                    contents: Contents::Configured,
                })
            }
            (None, Some(path)) => Ok(Snapshots {
                series: Series::open(path).or_missing()?,
                contents: Contents::Exigency(source.repository.clone()),
            }),
            // The definitions ask for one of the two.
            (None, None) => Err(Failure::usage("choose an archive", "-A NAME is missing")),
        }
    }

    /// The files of the snapshots, oldest first.
    pub fn files(&self) -> &[SnapshotFile] {
        &self.series.snapshots
    }

    /// The snapshot that is meant; the newest if nothing is said.
    ///
    /// Errors: exit code 10 when there is none such.
    pub fn select(&self, selection: &Selection) -> Result<&SnapshotFile, Failure> {
        self.find(selection.select()?.unwrap_or_default())
    }

    pub fn find(&self, select: Select) -> Result<&SnapshotFile, Failure> {
        self.series.select(select).or_missing()
    }

    /// The repository that has the contents of `snapshot`.
    ///
    /// Errors: exit code 10 when it is not there.
    pub fn repository(
        &self,
        context: &Context,
        snapshot: &Snapshot,
    ) -> Result<Repository, Failure> {
        let wanted = ArchiveFile::from_header(snapshot.header()).repository;
        match &self.contents {
            Contents::Configured => {
                let found = context.catalog.repository_with_id(wanted.id).looked_up()?;
                tell_damage(&found.repository);
                Ok(found.repository)
            }
            Contents::Exigency(given) => {
                let place = find_repository(&wanted, &self.series.place, given.as_deref(), &[]);
                let advice = "say with --repository where it is; 'gibus exigency scan' finds it";
                let place = place.map_err(|error| match given {
                    None => error.advise(advice),
                    Some(_) => error,
                });
                let repository = Repository::open(&place.or_missing()?).or_missing()?;
                tell_damage(&repository);
                Ok(repository)
            }
        }
    }
}

/// Opens a snapshot's file.
///
/// Errors: exit code 10 when it is gone.
pub fn open(file: &SnapshotFile) -> Result<Snapshot, Failure> {
    Snapshot::open(&file.path).or_missing()
}
