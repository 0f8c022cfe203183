//! What pictures of a real history show: the versions of something, backed up one after another, each on its own day.

use std::fs::{self, File, FileTimes};
use std::io::Result as IoResult;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use gibus::error::Result;
use gibus::format::compression::Codec;
use gibus::progress::Monitor;
use gibus::repository::settings::{Layout, Settings};
use gibus::snapshot::places::{ArchiveName, RepositoryName};
use gibus::snapshot::specification::Specification;
use jiff::{Timestamp, ToSpan, Zoned};
use walkdir::WalkDir;

use crate::demo::{backup_entry, catalog_in};
use crate::shots::Scene;

/// Backs every version up, oldest first; the folder has one subfolder for each, whose files have the dates they were
/// made at.
pub fn make(home: &Path, media: &Path, versions: &Path, name: &ArchiveName) -> Result<Scene> {
    let catalog = catalog_in(home, "gibus");
    let disk = media.join("Backup");
    fs::create_dir_all(&disk).expect("the stage is empty");
    let repository = RepositoryName::new("usb-disk")?;
    let packed = Settings::new(Layout::Packed, Codec::Zstd, None)?;
    let repository = catalog.create_repository(&repository, Some(&disk), &packed)?;
    let project = home.join(format!("Projects/{name}"));
    let specification = Specification::of(vec![project.clone()]);
    catalog.create_archive(name, &repository, None, specification)?;

    let mut now = Zoned::default();
    for (released, version) in by_day(versions) {
        let _ = fs::remove_dir_all(&project);
        copy(&version, &project).expect("versions can be read, and the stage has room for one");
        let day = Timestamp::try_from(released).expect("files are of this age of the world");
        let started = day.to_zoned(jiff::tz::TimeZone::UTC) + 1.hour();
        let report = catalog.back_up(name, &started, false, &Arc::new(Monitor::new()))?;
        backup_entry(name, &started, &report).append(&catalog.config_dir);
        now = started + 1.day();
    }
    Ok(Scene {
        home: home.to_owned(),
        disk,
        empty: catalog_in(home, "empty"),
        catalog,
        now,
    })
}

/// The versions, and when the last file of each was made.
fn by_day(versions: &Path) -> Vec<(SystemTime, PathBuf)> {
    let folders = fs::read_dir(versions).expect("the folder of versions can be read");
    let mut found: Vec<(SystemTime, PathBuf)> = folders
        .filter_map(|folder| {
            let folder = folder.ok()?.path();
            Some((newest_file(&folder)?, folder))
        })
        .collect();
    found.sort();
    found
}

fn newest_file(folder: &Path) -> Option<SystemTime> {
    let files = WalkDir::new(folder).into_iter().flatten();
    files
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| entry.metadata().ok()?.modified().ok())
        .max()
}

/// Copies folders and files with their times; what else there may be is left out.
fn copy(from: &Path, to: &Path) -> IoResult<()> {
    for entry in WalkDir::new(from) {
        let entry = entry?;
        // Every path of a walk begins with where it began.
        let place = to.join(entry.path().strip_prefix(from).unwrap_or(Path::new("")));
        if entry.file_type().is_dir() {
            fs::create_dir_all(&place)?;
        } else if entry.file_type().is_file() {
            fs::copy(entry.path(), &place)?;
            let modified = entry.metadata()?.modified()?;
            let times = FileTimes::new().set_modified(modified);
            File::options()
                .append(true)
                .open(&place)?
                .set_times(times)?;
        }
    }
    Ok(())
}
