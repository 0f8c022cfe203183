//! `gibus repo repair`: makes the best of a damaged repository.

use clap::Args;

use serde::Serialize;

use super::prune::put_right;
use crate::catalog::Upkeep;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Lookup, Outcome};
use crate::cli::human::counted;
use crate::cli::output::complain;
use crate::repository::check::Severity;
use crate::snapshot::reconcile::Disagreement;

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
    let found = context.repository(&options.name)?;
    if !options.dry_run {
        for name in context.catalog.repair_archive_files(&found)? {
            complain(&format!("note: the archive.toml of {name} was made anew"));
        }
    }
    let upkeep = context.catalog.upkeep_of(found).looked_up()?;
    if options.dry_run {
        return dry_run(&upkeep, context);
    }
    let agreed = put_right(context, &upkeep)?;
    if !options.release_lost {
        warn_of_lost(&agreed.amiss);
    }
    let (repaired, _) = context.work(|monitor| agreed.repair(options.release_lost, monitor))?;
    let (name, report, amiss) = (&upkeep.found.name, &repaired.report, &repaired.amiss);
    if context.out.is_json() {
        context.out.document(&Document {
            message_type: "repair",
            name: name.to_string(),
            replaced_settings: report.replaced_settings,
            replaced_tables: report.replaced_tables,
            rebuilt_rows: report.rebuilt_rows,
            lost_contents: report.lost(),
            supplied_claims: amiss.unclaimed.len(),
            released_claims: amiss.orphans.len() + repaired.released_lost,
            unreadable_snapshots: amiss.unreadable.iter().map(|u| u.1.to_string()).collect(),
        })?;
    } else {
        context.out.tell(&format!(
            "Repaired {name}: {} replaced, {} made anew",
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
                 'gibus repo check {name}' names the files of the snapshots that need them",
                counted(report.lost(), "content is", "contents are"),
            ))?;
        }
    }
    Ok(match repaired.is_whole() {
        true => Exit::Done,
        false => Exit::Incomplete,
    })
}

/// Claims that cannot be read, and that no snapshot needs, keep everything from being pruned.
fn warn_of_lost(amiss: &Disagreement) {
    if amiss.lost.is_empty() {
        return;
    }
    let claims = counted(amiss.lost.len() as u64, "claim is", "claims are");
    complain(&format!(
        "note: {claims} lost, and of no snapshot of the configuration; nothing can be pruned until \
         their archives are adopted, or --release-lost says that there are none"
    ));
}

fn dry_run(upkeep: &Upkeep, context: &mut Context) -> Outcome {
    let ((amiss, report), _) = context.work(|monitor| upkeep.plan_repair(monitor))?;
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
