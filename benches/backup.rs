//! Backing up a real tree: a first backup, backups of it unchanged, opening the snapshot. Prints figures,
//! asserts nothing about them.
//!
//! `cargo bench --bench backup -- DIR [--loose] [--keep PLACE]`; DIR is read only. The repository goes to
//! a temporary folder, or to PLACE, which is kept. A walk with one thread that asks for each file's
//! metadata is what the unchanged backup is to be compared with.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gibus::error::Result;
use gibus::format::compression::Codec;
use gibus::format::id::Id;
use gibus::progress::Monitor;
use gibus::repository::Repository;
use gibus::repository::settings::{Layout, Settings};
use gibus::snapshot::archive::Archive;
use gibus::snapshot::archive::file::{ARCHIVE_FORMAT, ArchiveFile, RepositoryRef};
use gibus::snapshot::build::{BackupReport, BackupRequest, back_up};
use gibus::snapshot::file::Snapshot;
use gibus::snapshot::places::ArchiveName;
use gibus::snapshot::specification::Specification;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let after = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(at + 1).map(PathBuf::from)
    };
    let kept = after("--keep");
    let tree = arguments
        .iter()
        .find(|argument| !argument.starts_with('-') && Some(Path::new(argument)) != kept.as_deref())
        .map_or_else(|| PathBuf::from("/usr/share/doc"), PathBuf::from);
    let layout = match arguments.iter().any(|argument| argument == "--loose") {
        true => Layout::Loose,
        false => Layout::Packed,
    };
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let place = kept.unwrap_or_else(|| folder.path().to_owned());

    let repository = Repository::create(
        &place.join("repository"),
        &Settings::new(layout, Codec::Zstd, None)?,
    )?;
    let file = ArchiveFile {
        format: ARCHIVE_FORMAT,
        id: Id::random()?,
        name: ArchiveName::new("bench")?,
        host: "host".into(),
        user: "user".into(),
        repository: RepositoryRef {
            id: repository.id(),
            place: repository.place().to_owned(),
        },
        specification: Specification::of(vec![tree.clone()]),
    };
    let archive = Archive::create(&place.join("archive"), &file)?;
    let (count, walked) = walk(&tree);
    println!("walk         {walked:>9.3?}  {count} entries");
    let mut last = None;
    for round in 0..4 {
        let report = run(&archive, &repository)?;
        show(
            if round == 0 { "first" } else { "unchanged" },
            &report,
            walked,
        );
        last = report.snapshot;
    }
    if let Some(name) = last {
        let started = Instant::now();
        let snapshot = Snapshot::open(&archive.path_of(name))?;
        let entries = snapshot.list(snapshot.root())?.len();
        println!(
            "open         {:>9.3?}  {entries} entries in /",
            started.elapsed()
        );
    }
    Ok(())
}

fn run(archive: &Archive, repository: &Repository) -> Result<BackupReport> {
    let request = BackupRequest {
        archive,
        repository,
        now: &jiff::Zoned::now(),
        is_dry_run: false,
    };
    let monitor = Arc::new(Monitor::new());
    let report = back_up(&request, &monitor)?;
    for problem in monitor.problems().kept.iter().take(5) {
        println!("could not {}: {}", problem.attempted, problem.why);
    }
    Ok(report)
}

fn show(name: &str, report: &BackupReport, walked: Duration) {
    let stats = &report.stats;
    let wall = Duration::from_micros(stats.wall_microseconds);
    let cpu = Duration::from_micros(stats.cpu_microseconds);
    let seconds = wall.as_secs_f64();
    println!(
        "{name:<12} {wall:>9.3?}  cpu {cpu:.2?}, {:.0} files/s, {:.0} MB/s, {:.2} x walk, \
         read {}, stored {} MB, snapshot {} KB, peak memory {} MB",
        stats.files as f64 / seconds,
        stats.bytes as f64 / seconds / 1e6,
        seconds / walked.as_secs_f64(),
        stats.read_files,
        stats.stored_bytes / 1_000_000,
        report.snapshot_bytes / 1000,
        peak_megabytes(),
    );
}

/// Asks for the metadata of everything with one thread, as a yardstick; the second of two rounds.
fn walk(tree: &Path) -> (usize, Duration) {
    let mut outcome = (0, Duration::ZERO);
    for _ in 0..2 {
        let started = Instant::now();
        let found = walkdir::WalkDir::new(tree).into_iter();
        let count = found.filter(|entry| entry.as_ref().is_ok_and(|e| e.metadata().is_ok()));
        outcome = (count.count(), started.elapsed());
    }
    outcome
}

/// The most memory taken since this was asked last.
fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    // Starts the count anew (5, in proc(5)); where that is not allowed the figure only grows.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1000
}
