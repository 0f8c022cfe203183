//! `gibus archive edit`: changes what an archive backs up.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};

use super::create::{tell, warn_of_missing};
use super::editor::Draft;
use super::rules::{self, Rules};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, Outcome};
use crate::cli::paths;
use crate::fs::escaped_path;
use crate::snapshot::places::ArchiveName;
use crate::snapshot::specification::Specification;

/// Change what an archive backs up
///
/// Options add to the rules; those that begin with --remove and --no take away. Without options the
/// rules are opened in the editor that $VISUAL or $EDITOR names.
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the archive
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Keep the contents of the next snapshots in this repository; those that are there stay where they are
    #[arg(long, value_name = "NAME")]
    pub repo: Option<String>,

    /// Another file or folder to back up
    #[arg(long, value_name = "PATH", num_args = 1.., value_hint = ValueHint::AnyPath)]
    pub include: Vec<PathBuf>,

    #[command(flatten)]
    pub rules: Rules,

    /// Stop backing up this file or folder
    #[arg(long, value_name = "PATH")]
    pub remove_include: Vec<PathBuf>,

    /// Take away an --exclude-dir rule
    #[arg(long, value_name = "GLOB", allow_hyphen_values = true)]
    pub remove_exclude_dir: Vec<String>,

    /// Take away an --exclude-file rule
    #[arg(long, value_name = "GLOB")]
    pub remove_exclude_file: Vec<String>,

    /// Back up files of every size
    #[arg(long, conflicts_with = "exclude_larger_than")]
    pub no_exclude_larger_than: bool,

    #[arg(long, conflicts_with = "exclude_caches", hide_short_help = true)]
    pub no_exclude_caches: bool,

    #[arg(long, conflicts_with = "exclude_nodump", hide_short_help = true)]
    pub no_exclude_nodump: bool,

    #[arg(long, conflicts_with = "one_file_system", hide_short_help = true)]
    pub no_one_file_system: bool,

    #[arg(long, conflicts_with = "ignore_files", hide_short_help = true)]
    pub no_ignore_files: bool,

    #[arg(long, conflicts_with = "keep_broken_links", hide_short_help = true)]
    pub no_keep_broken_links: bool,

    #[arg(long, conflicts_with = "uncompressed", hide_short_help = true)]
    pub no_uncompressed: bool,
}

impl Options {
    fn is_by_options(&self) -> bool {
        let switches = [
            self.no_exclude_larger_than,
            self.no_exclude_caches,
            self.no_exclude_nodump,
            self.no_one_file_system,
            self.no_ignore_files,
            self.no_keep_broken_links,
            self.no_uncompressed,
        ];
        self.rules.is_given()
            || self.repo.is_some()
            || switches.contains(&true)
            || !self.include.is_empty()
            || !self.remove_include.is_empty()
            || !self.remove_exclude_dir.is_empty()
            || !self.remove_exclude_file.is_empty()
    }

    fn change(&self, specification: &mut Specification) -> Result<(), Failure> {
        rules::add(
            &mut specification.includes,
            &paths::all_absolute(&self.include)?,
        );
        self.rules.add_to(specification);
        remove(
            &mut specification.includes,
            &paths::all_absolute(&self.remove_include)?,
        )?;
        remove(&mut specification.exclude_dirs, &self.remove_exclude_dir)?;
        remove(&mut specification.exclude_files, &self.remove_exclude_file)?;
        if self.no_exclude_larger_than {
            specification.exclude_larger_than = None;
        }
        specification.exclude_caches &= !self.no_exclude_caches;
        specification.exclude_nodump &= !self.no_exclude_nodump;
        specification.one_file_system &= !self.no_one_file_system;
        specification.ignore_files &= !self.no_ignore_files;
        specification.keep_broken_links &= !self.no_keep_broken_links;
        specification.compress_snapshots |= self.no_uncompressed;
        Ok(())
    }
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let found = context.archive(&options.name)?;
    let mut specification = found.entry.specification.clone();
    if options.is_by_options() {
        options.change(&mut specification)?;
    } else {
        specification = in_editor(context, &found.name, &specification)?;
    }
    specification.validate()?;
    let repository = match &options.repo {
        Some(name) => Some(context.repository(name)?.name),
        None => None,
    };
    let keeps_repository = repository
        .as_ref()
        .is_none_or(|name| *name == found.entry.repository);
    if keeps_repository && specification == found.entry.specification {
        context.out.tell("Nothing was changed")?;
        return Ok(Exit::Done);
    }
    let changed =
        context
            .catalog
            .change_archive(&found.name, specification, repository.as_ref())?;
    warn_of_missing(&changed.entry.specification, context);
    tell(
        context,
        "archive_changed",
        &changed.name,
        &changed.archive,
        &changed.entry,
    )
}

fn in_editor(
    context: &Context,
    name: &ArchiveName,
    specification: &Specification,
) -> Result<Specification, Failure> {
    let text = format!(
        "# The rules of the archive {name}\n{}",
        specification.to_toml()?
    );
    let draft = Draft::new(&context.catalog.config_dir, &text)?;
    Ok(Specification::from_toml(&draft.edit()?)?)
}

/// Takes rules away.
///
/// Errors: one of them is not there, so somebody has mistyped it.
fn remove<T: PartialEq + AsRef<Path>>(rules: &mut Vec<T>, gone: &[T]) -> Result<(), Failure> {
    for rule in gone {
        let before = rules.len();
        rules.retain(|other| other != rule);
        if rules.len() == before {
            let shown = escaped_path(rule.as_ref()).to_string();
            let why = "the archive has no such rule; 'gibus archive show' lists them";
            return Err(Failure::usage(&format!("take away '{shown}'"), why));
        }
    }
    Ok(())
}
