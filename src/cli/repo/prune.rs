//! `gibus repo prune`: gives back the space of contents that no snapshot needs.

use clap::Args;

use serde::Serialize;

use crate::catalog::{Reconciled, Upkeep};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, Lookup, Outcome};
use crate::cli::human::{counted, size};
use crate::cli::output::complain;
use crate::repository::prune::{PruneDepth, PruneReport};
use crate::snapshot::reconcile::Disagreement;

/// Give back the space of contents that no snapshot needs
///
/// Snapshots are looked through first: a claim that is missing or damaged is supplied again from its
/// snapshot. Nothing is removed as long as one of the archives that use the repository cannot be read.
///
/// What comes back is what `gibus what-if delete` tells, to the byte: no content is read or compressed for it. What no
/// snapshot needs but is compressed together with what some snapshot does need stays until --repack.
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the repository
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Print what would be given back, and remove nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Also compress anew what is only partly needed: takes longer, and gives back more
    #[arg(long)]
    pub repack: bool,
}

impl Options {
    fn depth(&self) -> PruneDepth {
        match self.repack {
            true => PruneDepth::Pieces,
            false => PruneDepth::Blocks,
        }
    }
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let found = context.repository(&options.name)?;
    let upkeep = context.catalog.upkeep_of(found).looked_up()?;
    if options.dry_run {
        return dry_run(&upkeep, options.depth(), context);
    }
    let agreed = put_right(context, &upkeep)?;
    let (report, _) = context.work(|monitor| agreed.prune(options.depth(), monitor))?;
    let (name, amiss) = (&upkeep.found.name, &agreed.amiss);
    let freed = report
        .stored_bytes_before
        .saturating_sub(report.stored_bytes_after);
    if context.out.is_json() {
        context.out.document(&Document {
            message_type: "prune",
            name: name.to_string(),
            dry_run: false,
            deleted_contents: report.deleted_contents,
            deleted_packs: report.deleted_packs,
            moved_packs: report.moved_packs,
            repacked_packs: report.repacked_packs,
            deleted_loose_files: report.deleted_loose_files,
            deleted_leftovers: report.deleted_leftovers,
            supplied_claims: amiss.unclaimed.len(),
            released_claims: amiss.orphans.len(),
            stored_bytes_before: report.stored_bytes_before,
            stored_bytes_after: report.stored_bytes_after,
            freed_bytes: freed,
            mixed_bytes: report.mixed_bytes,
            left_undone: report.left_undone.clone(),
        })?;
        return Ok(exit_of(&report));
    }
    context.out.tell(&match report.deleted_contents {
        0 if freed == 0 && report.left_undone.is_some() => "Nothing was given back".to_owned(),
        0 if freed == 0 => "There was nothing to give back".to_owned(),
        contents => format!(
            "Gave back {}: {} removed, {} left in {}",
            size(freed),
            counted(contents, "content", "contents"),
            size(report.stored_bytes_after),
            name
        ),
    })?;
    if report.is_repacking_worth_it() {
        let hint = mixed_hint(report.mixed_bytes, &options.name);
        context.out.tell(&hint)?;
    }
    tell_left_undone(&report);
    Ok(exit_of(&report))
}

/// How a command ends that has pruned.
pub fn exit_of(report: &PruneReport) -> Exit {
    match report.left_undone {
        Some(_) => Exit::Incomplete,
        None => Exit::Done,
    }
}

/// Says why a prune could not do everything, if it could not.
pub fn tell_left_undone(report: &PruneReport) {
    if let Some(why) = &report.left_undone {
        complain(&format!("not everything could be done: {why}"));
    }
}

/// What repacking would give back.
fn mixed_hint(mixed_bytes: u64, name: &str) -> String {
    format!(
        "About {} more that no snapshot needs are compressed together with what is needed: \
         `gibus prune {name} --repack` gives them back",
        size(mixed_bytes)
    )
}

/// Makes claims and snapshots agree, and tells what had to be done for that.
pub fn put_right<'a>(context: &Context, upkeep: &'a Upkeep) -> Result<Reconciled<'a>, Failure> {
    let (agreed, _) = context.work(|monitor| upkeep.reconcile(monitor))?;
    let style = context.out.style();
    if !style.json && !style.quiet {
        for line in lines(&agreed.amiss) {
            complain(&line);
        }
    }
    Ok(agreed)
}

fn lines(amiss: &Disagreement) -> Vec<String> {
    let mut lines = Vec::new();
    let number = |count: usize, one: &str, many: &str| counted(count as u64, one, many);
    if !amiss.unclaimed.is_empty() {
        let claims = number(amiss.unclaimed.len(), "claim was", "claims were");
        lines.push(format!(
            "note: {claims} missing or damaged, and made anew from the snapshots"
        ));
    }
    if !amiss.orphans.is_empty() {
        let claims = number(amiss.orphans.len(), "claim was", "claims were");
        lines.push(format!(
            "note: {claims} left by an interrupted run, and released"
        ));
    }
    for (_, name, error) in &amiss.unreadable {
        lines.push(format!(
            "note: the snapshot {name} cannot be read: {}",
            error.why()
        ));
    }
    for (_, name) in &amiss.released {
        lines.push(format!(
            "note: the snapshot {name} was deleted before and has come back; what it needs may be gone"
        ));
    }
    lines
}

fn dry_run(upkeep: &Upkeep, depth: PruneDepth, context: &mut Context) -> Outcome {
    let ((amiss, plan), _) = context.work(|monitor| upkeep.plan_prune(depth, monitor))?;
    if context.out.is_json() {
        context.out.document(&Document {
            message_type: "prune",
            name: upkeep.found.name.to_string(),
            dry_run: true,
            deleted_contents: plan.contents_to_delete(),
            deleted_packs: (plan.packs_to_delete.len() + plan.orphan_packs.len()) as u64,
            moved_packs: plan.packs_to_move.len() as u64,
            repacked_packs: plan.packs_to_repack.len() as u64,
            deleted_loose_files: plan.loose_to_delete.len() as u64,
            deleted_leftovers: plan.leftovers.len() as u64,
            supplied_claims: amiss.unclaimed.len(),
            released_claims: amiss.orphans.len(),
            stored_bytes_before: plan.stored_bytes_before,
            stored_bytes_after: plan.stored_bytes_before.saturating_sub(plan.freed_bytes),
            freed_bytes: plan.freed_bytes,
            mixed_bytes: plan.mixed_bytes,
            left_undone: plan.left_undone(),
        })?;
        return Ok(Exit::Done);
    }
    context.out.line(&format!(
        "Would give back {}{}: remove {}, delete {}, copy what is needed of {}, compress {} anew",
        if plan.packs_to_repack.is_empty() {
            ""
        } else {
            "about "
        },
        size(plan.freed_bytes),
        counted(plan.contents_to_delete(), "content", "contents"),
        counted(
            (plan.packs_to_delete.len() + plan.orphan_packs.len()) as u64,
            "pack",
            "packs"
        ),
        counted(plan.packs_to_move.len() as u64, "pack", "packs"),
        counted(plan.packs_to_repack.len() as u64, "pack", "packs"),
    ))?;
    if let Some(why) = plan.left_undone() {
        context
            .out
            .line(&format!("Not everything can be done: {why}"))?;
    }
    if plan.is_repacking_worth_it() {
        let hint = mixed_hint(plan.mixed_bytes, upkeep.found.name.as_str());
        context.out.line(&hint)?;
    }
    if !amiss.orphans.is_empty() {
        let claims = counted(amiss.orphans.len() as u64, "claim", "claims");
        context.out.line(&format!(
            "More after that: {claims} left by an interrupted run would be released first"
        ))?;
    }
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Document {
    message_type: &'static str,
    name: String,
    dry_run: bool,
    deleted_contents: u64,
    deleted_packs: u64,
    moved_packs: u64,
    repacked_packs: u64,
    deleted_loose_files: u64,
    deleted_leftovers: u64,
    supplied_claims: usize,
    released_claims: usize,
    stored_bytes_before: u64,
    stored_bytes_after: u64,
    freed_bytes: u64,
    mixed_bytes: u64,
    left_undone: Option<String>,
}
