//! `gibus archive explain`: why is this file (not) backed up?

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::entry::{JsonEntry, Owners};
use crate::cli::failure::{Exit, Failure, Outcome};
use crate::cli::json::Text;
use crate::cli::{human, paths};
use crate::fs::{escaped_path, path_bytes};
use crate::snapshot::archive::Archive;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::explain::{Explanation, Verdict, explain};
use crate::snapshot::file::Snapshot;
use crate::snapshot::matcher::{Matcher, Reason};
use crate::snapshot::specification::Specification;
use crate::snapshot::tree::Entry;

/// Tell which rule includes or excludes a path, and its last saved version
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the archive
    #[arg(value_name = "NAME")]
    pub name: String,

    /// The file or folder: absolute, or relative to the current folder
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub path: PathBuf,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let found = context.archive(&options.name)?;
    let path = paths::absolute(&options.path)?;
    let own = context.catalog.own_places(&found.entry);
    let matcher = Matcher::new(&found.entry.specification, &own)?;
    let explanation = explain(&matcher, &path)?;
    let (is_included, why) = in_words(&explanation, &path, &found.entry.specification);
    let saved = last_saved(&found.archive, &path)?;
    if context.out.is_json() {
        let path = Text::of(&path);
        let owners = saved
            .as_ref()
            .map(|saved| Owners::of(saved.snapshot.header()));
        context.out.document(&Document {
            message_type: "explanation",
            path: path.text,
            path_hex: path.hex,
            exists: explanation.exists,
            included: is_included,
            why,
            last_saved: saved
                .as_ref()
                .zip(owners.as_ref())
                .map(|(saved, owners)| JsonSaved {
                    snapshot: saved.name.to_string(),
                    entry: JsonEntry::new(path_bytes(&saved.path), &saved.entry, owners),
                }),
        })?;
        return Ok(Exit::Done);
    }
    let shown = escaped_path(&path);
    context.out.line(&match (is_included, explanation.exists) {
        (true, true) => format!("{shown} is backed up: {why}"),
        (true, false) => format!("{shown} does not exist now; it would be backed up: {why}"),
        (false, true) => format!("{shown} is not backed up: {why}"),
        (false, false) => format!("{shown} does not exist now; it would not be backed up: {why}"),
    })?;
    context.out.line(&match saved {
        None => "Last saved version: none".to_owned(),
        Some(saved) if saved.entry.is_directory() => {
            format!("Last saved version: a folder, in {}", saved.name)
        }
        Some(saved) => format!(
            "Last saved version: {} of {}, in {}",
            human::size(saved.entry.size()),
            human::local_time(saved.entry.attributes.modified),
            saved.name
        ),
    })?;
    Ok(Exit::Done)
}

/// Whether it is backed up, and by which rule.
fn in_words(
    explanation: &Explanation,
    path: &Path,
    specification: &Specification,
) -> (bool, String) {
    let above = |reason: &Reason| match explanation.steps.last() {
        Some(step) if step.path != path && *reason != Reason::NotIncluded => {
            format!(
                "its folder {} is left out: {reason}",
                escaped_path(&step.path)
            )
        }
        _ => reason.to_string(),
    };
    match &explanation.verdict {
        Verdict::Included { include } => {
            let include = specification.includes.get(*include);
            let include = include.map(|include| escaped_path(include).to_string());
            (
                true,
                format!("the include {} covers it", include.unwrap_or_default()),
            )
        }
        Verdict::DirectoryOnly(reason) => (
            false,
            format!("only the folder itself is, not what is in it: {reason}"),
        ),
        Verdict::Excluded(reason) => (false, above(reason)),
        Verdict::BehindLink { link, target } => (
            false,
            format!(
                "{} is a symbolic link to {}, and is backed up as a link; ask for the path there",
                escaped_path(link),
                escaped_path(target)
            ),
        ),
    }
}

/// The newest snapshot that has a path.
struct Saved {
    name: SnapshotName,
    snapshot: Snapshot,
    path: PathBuf,
    entry: Entry,
}

/// Snapshots that cannot be read are passed over: this is about one path, and `check` is about those.
fn last_saved(archive: &Archive, path: &Path) -> Result<Option<Saved>, Failure> {
    for name in archive.snapshots()?.into_iter().rev() {
        let Ok(snapshot) = Snapshot::open(&archive.path_of(name)) else {
            continue;
        };
        if let Ok(Some(entry)) = snapshot.lookup(path_bytes(path)) {
            return Ok(Some(Saved {
                name,
                snapshot,
                path: path.to_owned(),
                entry,
            }));
        }
    }
    Ok(None)
}

#[derive(Serialize)]
struct Document<'a> {
    message_type: &'static str,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
    exists: bool,
    included: bool,
    why: String,
    last_saved: Option<JsonSaved<'a>>,
}

#[derive(Serialize)]
struct JsonSaved<'a> {
    snapshot: String,
    entry: JsonEntry<'a>,
}
