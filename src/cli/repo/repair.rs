//! `gibus repo repair`: makes the best of a damaged repository.

use clap::Args;

use serde::Serialize;

use super::prune::put_right;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, Outcome};
use crate::cli::human::counted;
use crate::cli::lookup::{self, FoundRepository};
use crate::cli::output::complain;
use crate::error::{ErrorKind, Result};
use crate::repository::Repository;
use crate::repository::check::{CheckOptions, Severity};
use crate::repository::token::Token;
use crate::snapshot::archive::Archive;
use crate::snapshot::archive::file::{ARCHIVE_FORMAT, ArchiveFile, RepositoryRef};
use crate::snapshot::exigency::series::Series;
use crate::snapshot::file::Snapshot;
use crate::snapshot::reconcile::{Disagreement, disagreement};

/// Rebuild what can be rebuilt in a damaged repository
///
/// Tables are made again from the packs, claims from the snapshots. Contents that are lost are listed;
/// the next backup stores those that the source still has.
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the repository
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Give up claims that are lost and that no snapshot of the configuration needs. Only when every
    /// archive that uses this repository is in the configuration!
    #[arg(long)]
    pub release_lost: bool,

    /// Print what is damaged and would be repaired, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let found = lookup::repository(context, &options.name)?;
    if !options.dry_run {
        repair_archive_files(context, &found)?;
    }
    let archives = lookup::archives_of(context, &found.name)?;
    let repository = &found.repository;
    if options.dry_run {
        return dry_run(&found, &archives, context);
    }
    let amiss = put_right(context, repository, &archives)?;
    let released = release_lost(options, context, repository, &amiss)?;
    let (report, _) = context.work(|monitor| repository.repair(&mut tokens(&archives), monitor))?;
    let is_whole = report.lost() == 0 && amiss.unreadable.is_empty();
    if context.out.is_json() {
        context.out.document(&Document {
            message_type: "repair",
            name: found.name.to_string(),
            replaced_settings: report.replaced_settings,
            replaced_tables: report.replaced_tables,
            rebuilt_rows: report.rebuilt_rows,
            lost_contents: report.lost(),
            supplied_claims: amiss.unclaimed.len(),
            released_claims: amiss.orphans.len() + released,
            unreadable_snapshots: amiss.unreadable.iter().map(|u| u.1.to_string()).collect(),
        })?;
    } else {
        context.out.tell(&format!(
            "Repaired {}: {} replaced, {} made anew",
            found.name,
            counted(report.replaced_tables, "table", "tables"),
            counted(report.rebuilt_rows, "entry", "entries"),
        ))?;
        if report.replaced_settings {
            context.out.tell(
                "Its repository.toml was made anew; 'gibus repo show' says what it is taken for, \
                 'gibus repo convert' changes that",
            )?;
        }
        if report.lost() > 0 {
            context.out.tell(&format!(
                "{} lost. The next backup stores again what the source still has; \
                 'gibus repo check {}' names the files of the snapshots that need them",
                counted(report.lost(), "content is", "contents are"),
                found.name
            ))?;
        }
    }
    Ok(if is_whole {
        Exit::Done
    } else {
        Exit::Incomplete
    })
}

/// Makes the `archive.toml` anew of archives that have lost it, or whose is damaged: the configuration says
/// what is backed up, the snapshots say the rest.
fn repair_archive_files(
    context: &Context,
    found: &FoundRepository,
) -> std::result::Result<(), Failure> {
    for (name, entry) in context.config().archives.all()? {
        let Ok(entry) = entry else { continue };
        if entry.repository != found.name {
            continue;
        }
        let Err(Failure::Error { error, .. }) = lookup::open_archive(&entry) else {
            continue;
        };
        let file = ArchiveFile {
            format: ARCHIVE_FORMAT,
            id: entry.id,
            name: name.clone(),
            host: context.host.clone(),
            user: context.user.clone(),
            repository: RepositoryRef {
                id: found.entry.id,
                place: found.entry.place.clone(),
            },
            specification: entry.specification.clone(),
        };
        let file = match Series::open(&entry.place) {
            Ok(series) if series.archive.id == entry.id => ArchiveFile {
                name: series.archive.name,
                host: series.archive.host,
                user: series.archive.user,
                ..file
            },
            Err(none) if none.kind() == error.kind() && error.kind() == ErrorKind::Damaged => file,
            // Where no snapshot says so it may not be that archive, or not that disk.
            _ => continue,
        };
        Archive::replace_file(&entry.place, &file)?;
        complain(&format!("note: the archive.toml of {name} was made anew"));
    }
    Ok(())
}

/// Every token of every snapshot that can be read, one snapshot after the other.
fn tokens(archives: &[Archive]) -> impl Iterator<Item = Result<Token>> {
    let paths = archives.iter().flat_map(|archive| {
        // An archive that cannot be listed was refused before.
        let names = archive.snapshots().unwrap_or_default();
        names.into_iter().map(|name| archive.path_of(name))
    });
    let snapshots = paths.filter_map(|path| Snapshot::open(&path).ok());
    let tokens = |snapshot: Snapshot| snapshot.tokens().filter_map(Result::ok).collect::<Vec<_>>();
    snapshots.flat_map(tokens).map(Ok)
}

/// Claims that cannot be read, and that no snapshot needs, keep everything from being pruned.
fn release_lost(
    options: &Options,
    context: &Context,
    repository: &Repository,
    amiss: &Disagreement,
) -> std::result::Result<usize, Failure> {
    if amiss.lost.is_empty() {
        return Ok(0);
    }
    let claims = counted(amiss.lost.len() as u64, "claim is", "claims are");
    if !options.release_lost {
        complain(&format!(
            "note: {claims} lost, and of no snapshot of the configuration; nothing can be pruned until \
             their archives are adopted, or --release-lost says that there are none"
        ));
        return Ok(0);
    }
    context.work(|monitor| {
        let _lock = repository.lock_exclusive("releasing lost claims", monitor)?;
        for claim in &amiss.lost {
            repository.release_contents(*claim)?;
        }
        Ok(())
    })?;
    Ok(amiss.lost.len())
}

fn dry_run(found: &FoundRepository, archives: &[Archive], context: &mut Context) -> Outcome {
    let options = CheckOptions { read_data: true };
    let ((amiss, report), _) = context.work(|monitor| {
        let amiss = disagreement(&found.repository, archives, monitor)?;
        Ok((amiss, found.repository.check(&options, monitor)?))
    })?;
    let damage = report
        .findings
        .iter()
        .filter(|f| f.severity == Severity::Damage);
    for finding in damage {
        context
            .out
            .line(&format!("Damaged: {}: {}", finding.what, finding.why))?;
    }
    if !amiss.unclaimed.is_empty() {
        let claims = counted(amiss.unclaimed.len() as u64, "claim", "claims");
        context
            .out
            .line(&format!("Would make {claims} anew from the snapshots"))?;
    }
    if report.is_sound() && amiss.unclaimed.is_empty() {
        context.out.tell("There is nothing to repair")?;
    }
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Document {
    message_type: &'static str,
    name: String,
    replaced_settings: bool,
    replaced_tables: u64,
    rebuilt_rows: u64,
    lost_contents: u64,
    supplied_claims: usize,
    released_claims: usize,
    unreadable_snapshots: Vec<String>,
}
