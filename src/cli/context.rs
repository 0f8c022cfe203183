//! What a command finds around it: what the user has, where output goes, and how work runs.
//!
//! Lookups here are those of the catalog, with the exit codes that they have for a command, and with a note on
//! what is damaged and can be read all the same.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::args::Global;
use super::failure::{Failure, Lookup};
use super::output::{Output, Style, complain};
use super::progress::Progress;
use super::signals::Stoppable;
use crate::catalog::{Catalog, FoundArchive, FoundRepository};
use crate::config::{ArchiveEntry, Config};
use crate::environment;
use crate::error::{ErrorKind, Result};
use crate::progress::{Monitor, Problems};
use crate::repository::Repository;
use crate::snapshot::places::{ArchiveName, RepositoryName};

pub struct Context {
    pub out: Output,
    /// What this user has.
    pub catalog: Catalog,
    wait: Duration,
}

impl Context {
    /// Errors: [`ErrorKind::NotFound`] when there is no home folder to have a configuration in.
    pub fn new(global: &Global) -> Result<Context> {
        let style = Style {
            json: global.json,
            quiet: global.quiet,
            no_progress: global.no_progress,
            verbose: global.verbose,
        };
        Ok(Context {
            out: Output::new(style),
            catalog: environment::catalog(global.config_dir.clone())?,
            wait: global.wait,
        })
    }

    /// The configuration; nothing is read by this.
    pub fn config(&self) -> Config {
        self.catalog.config()
    }

    /// Errors: exit code 10 when the configuration does not have it, or when it is not at its place.
    pub fn repository(&self, name: &str) -> std::result::Result<FoundRepository, Failure> {
        let name = RepositoryName::new(name)?;
        let found = self.catalog.repository(&name).looked_up()?;
        tell_damage(&found.repository);
        Ok(found)
    }

    /// What the configuration says of an archive.
    ///
    /// Errors: exit code 10 when it does not have it.
    pub fn archive_entry(&self, name: &str) -> std::result::Result<ArchiveEntry, Failure> {
        let name = ArchiveName::new(name)?;
        self.config().archives.get(&name).looked_up()
    }

    /// Errors: exit code 10 when the configuration does not have it, or when it is not at its place.
    pub fn archive(&self, name: &str) -> std::result::Result<FoundArchive, Failure> {
        let name = ArchiveName::new(name)?;
        self.catalog.archive(&name).looked_up()
    }

    /// Does a piece of work under a monitor: with progress, stopped by Ctrl-C, and tried again while a
    /// lock stands in its way and there is time left to wait.
    pub fn work<T>(
        &self,
        job: impl Fn(&Arc<Monitor>) -> Result<T>,
    ) -> std::result::Result<(T, Problems), Failure> {
        let deadline = Instant::now() + self.wait;
        loop {
            let monitor = Arc::new(Monitor::new());
            let stoppable = Stoppable::new(&monitor);
            let progress = Progress::start(&monitor, self.out.shows_progress());
            let result = job(&monitor);
            drop(progress);
            drop(stoppable);
            match result {
                Err(error) if error.kind() == ErrorKind::Locked && Instant::now() < deadline => {
                    // Any signal ends the program while it sleeps: nothing is going on.
                    thread::sleep(Duration::from_millis(250));
                }
                Err(error) => return Err(Failure::from(error)),
                Ok(value) => return Ok((value, monitor.problems())),
            }
        }
    }
}

/// A repository whose settings are damaged can be read; that must not go unnoticed.
pub fn tell_damage(repository: &Repository) {
    if let Some(error) = repository.damaged_settings() {
        complain(&format!("note: {error}"));
    }
}
