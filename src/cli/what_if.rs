//! `gibus what-if`: what something would do, without doing it.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::context::{Context, tell_damage};
use super::failure::{Exit, Failure, Lookup, Outcome};
use super::human::{counted, signed_size, size};
use super::output::facts;
use super::select::{Keep, parse_snapshot};
use crate::catalog::{Deletable, DeletionEffect, FoundArchive, RehearsedDeletion};
use crate::repository::prune::PruneDepth;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::archive::select::Select;

#[derive(Debug, Subcommand)]
pub enum Command {
    Delete(Options),
}

/// What deleting snapshots, and a prune then, would free
///
/// Any snapshots of any archives together: what several of them share is freed only when all of them go. With
/// --keep-… an archive that is given as a whole means the snapshots that are not kept.
#[derive(Args, Debug)]
pub struct Options {
    /// An archive with all its snapshots, or one snapshot of it: ARCHIVE:NAME as `gibus snapshots` prints it,
    /// or ARCHIVE:N, that many steps back (0 the newest, -1 the oldest)
    #[arg(value_name = "ARCHIVE[:SNAPSHOT]", required = true)]
    pub what: Vec<String>,

    #[command(flatten)]
    pub keep: Keep,

    /// Tell by how much all files get shorter, the tables of the repository too: carries it out on paper, which takes
    /// as long as a prune
    #[arg(long)]
    pub exact: bool,

    /// With --exact: as after `gibus prune --repack`
    #[arg(long, requires = "exact")]
    pub repack: bool,
}

impl Options {
    fn rehearsed(&self) -> Option<PruneDepth> {
        match (self.exact, self.repack) {
            (false, _) => None,
            (true, false) => Some(PruneDepth::Blocks),
            (true, true) => Some(PruneDepth::Pieces),
        }
    }
}

pub fn run(command: &Command, context: &mut Context) -> Outcome {
    let Command::Delete(options) = command;
    let mut chosen: Vec<(FoundArchive, Vec<SnapshotName>)> = Vec::new();
    for what in &options.what {
        let (archive, snapshot) = match what.split_once(':') {
            Some((archive, snapshot)) => (archive, Some(snapshot)),
            None => (what.as_str(), None),
        };
        let found = context.archive(archive)?;
        let names = match snapshot {
            Some(snapshot) => vec![found.archive.select(select(snapshot)?).or_missing()?],
            None => {
                let names = found.archive.snapshots()?;
                match options.keep.rule() {
                    Some(rule) => rule.given_up(&names),
                    None => names,
                }
            }
        };
        match chosen
            .iter_mut()
            .find(|(known, _)| known.name == found.name)
        {
            Some((_, known)) => known.extend(names),
            None => chosen.push((found, names)),
        }
    }
    let mut deletions = Vec::new();
    for (found, names) in chosen {
        let deletable = context.catalog.deletable(found, &names, true).looked_up()?;
        deletable.repositories.iter().for_each(tell_damage);
        deletions.push(deletable);
    }
    let effect = tell(&deletions, options.rehearsed(), context)?;
    if context.out.is_json() {
        context.out.document(&Document {
            message_type: "what_if_delete",
            snapshots: deletions.iter().flat_map(names).collect(),
            effect,
        })?;
    }
    Ok(Exit::Done)
}

fn select(snapshot: &str) -> Result<Select, Failure> {
    match snapshot.parse() {
        Ok(back) => Ok(Select::Back(back)),
        Err(_) => Ok(Select::Named(parse_snapshot(snapshot)?)),
    }
}

fn names(deletable: &Deletable) -> impl Iterator<Item = JsonName> {
    let archive = deletable.found.name.to_string();
    let deletions = deletable.plan.deletions.iter();
    deletions.map(move |deletion| JsonName {
        archive: archive.clone(),
        snapshot: deletion.name.to_string(),
    })
}

/// Works out what these deletions would free, on paper too if it says how far a prune goes there, and tells it
/// unless the output is JSON.
pub fn tell(
    deletions: &[Deletable],
    rehearsed: Option<PruneDepth>,
    context: &mut Context,
) -> Result<JsonEffect, Failure> {
    let catalog = &context.catalog;
    let (effect, _) = context.work(|monitor| catalog.what_if_deleted(deletions, monitor))?;
    let rehearsed = match rehearsed {
        Some(depth) => Some(
            context
                .work(|monitor| catalog.rehearse_deletion(deletions, depth, monitor))?
                .0,
        ),
        None => None,
    };
    if !context.out.is_json() {
        let mut lines = vec![headline(&effect)];
        lines.extend(facts(&details(&effect)));
        lines.extend(rehearsed.as_ref().map(to_the_byte));
        for line in lines {
            context.out.line(&line)?;
        }
    }
    Ok(JsonEffect::new(&effect, rehearsed.as_ref()))
}

fn headline(effect: &DeletionEffect) -> String {
    let what_if = &effect.repositories;
    let at_most = if what_if.is_exact() { "" } else { "at most " };
    format!(
        "Deleting {} and a prune would free {at_most}{}; {} would be gone for good",
        counted(effect.snapshots, "snapshot", "snapshots"),
        signed_size(effect.freed_bytes()),
        counted(what_if.freed_contents, "content", "contents"),
    )
}

fn details(effect: &DeletionEffect) -> Vec<(&'static str, String)> {
    let what_if = &effect.repositories;
    let mut lines = vec![
        (
            "Nothing else needs",
            format!(
                "{} of contents, {} on the disk",
                size(what_if.freed_content_bytes),
                size(what_if.freed_stored_bytes)
            ),
        ),
        ("Packs and loose files", signed_size(what_if.file_bytes)),
    ];
    if what_if.moved_packs > 0 {
        lines.push((
            "To be copied for it",
            format!(
                "{} of {}",
                size(what_if.moved_bytes),
                counted(what_if.moved_packs, "pack", "packs")
            ),
        ));
    }
    if what_if.mixed_bytes > 0 {
        lines.push((
            "By repacking",
            format!("about {} more", size(what_if.mixed_bytes)),
        ));
    }
    if what_if.is_something_lost {
        lines.push((
            "Damaged",
            "something that is needed cannot be found; until a repair prune gives nothing back"
                .to_owned(),
        ));
    }
    lines.push((
        "Snapshots and claims",
        size(effect.snapshot_bytes + what_if.claim_bytes),
    ));
    if what_if.unclaimed_bytes > 0 {
        lines.push((
            "A prune frees now",
            format!("{} besides", size(what_if.unclaimed_bytes)),
        ));
    }
    if effect.unreadable > 0 {
        lines.push((
            "Cannot be read",
            format!(
                "{}; prune finds out what else they hold",
                counted(effect.unreadable, "snapshot", "snapshots")
            ),
        ));
    }
    lines
}

fn to_the_byte(rehearsed: &RehearsedDeletion) -> String {
    format!(
        "With tables, and whatever a prune frees now: {} bytes",
        rehearsed.freed_bytes()
    )
}

#[derive(Serialize)]
struct Document {
    message_type: &'static str,
    snapshots: Vec<JsonName>,
    #[serde(flatten)]
    effect: JsonEffect,
}

#[derive(Serialize)]
struct JsonName {
    archive: String,
    snapshot: String,
}

/// What deletions would free; `docs/json.md` describes it.
#[derive(Serialize)]
pub struct JsonEffect {
    freed_bytes: i64,
    is_exact: bool,
    snapshot_bytes: u64,
    claim_bytes: u64,
    file_bytes: i64,
    moved_packs: u64,
    moved_bytes: u64,
    mixed_bytes: u64,
    unclaimed_bytes: u64,
    freed_contents: u64,
    freed_content_bytes: u64,
    freed_stored_bytes: u64,
    unreadable_snapshots: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    rehearsed_freed_bytes: Option<i64>,
}

impl JsonEffect {
    fn new(effect: &DeletionEffect, rehearsed: Option<&RehearsedDeletion>) -> JsonEffect {
        let what_if = &effect.repositories;
        JsonEffect {
            freed_bytes: effect.freed_bytes(),
            is_exact: what_if.is_exact(),
            snapshot_bytes: effect.snapshot_bytes,
            claim_bytes: what_if.claim_bytes,
            file_bytes: what_if.file_bytes,
            moved_packs: what_if.moved_packs,
            moved_bytes: what_if.moved_bytes,
            mixed_bytes: what_if.mixed_bytes,
            unclaimed_bytes: what_if.unclaimed_bytes,
            freed_contents: what_if.freed_contents,
            freed_content_bytes: what_if.freed_content_bytes,
            freed_stored_bytes: what_if.freed_stored_bytes,
            unreadable_snapshots: effect.unreadable,
            rehearsed_freed_bytes: rehearsed.map(RehearsedDeletion::freed_bytes),
        }
    }
}
