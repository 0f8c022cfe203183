//! Small changes to an archive that are asked for from many places and need no dialog: one more exclude rule.
//!
//! They are carried out one after the other, for each reads the specification and writes it back: two at once
//! would lose one.

use std::collections::VecDeque;

use super::command::{Command, ExcludeRule, Outbox, Tone};
use super::words;
use crate::catalog::Catalog;
use crate::error::Result;
use crate::fs::escaped;
use crate::jobs::{Fetch, Workers};
use crate::snapshot::places::ArchiveName;

/// Changes that are being made, and those that wait for them.
#[derive(Default)]
pub struct Changes {
    waiting: VecDeque<(ArchiveName, ExcludeRule)>,
    current: Option<(ArchiveName, ExcludeRule)>,
    added: Fetch<bool>,
}

impl Changes {
    /// Adds a rule to an archive, when its turn comes.
    pub fn exclude(&mut self, archive: ArchiveName, rule: ExcludeRule) {
        self.waiting.push_back((archive, rule));
    }

    /// Takes in what has been done, tells it, and begins the next.
    pub fn update(&mut self, catalog: &Catalog, workers: &Workers, out: &mut Outbox) {
        if self.added.poll()
            && let Some((archive, rule)) = self.current.take()
        {
            let glob = escaped(rule.glob().as_bytes()).to_string();
            match (self.added.value(), self.added.error()) {
                (Some(true), _) => {
                    let told = format!("From the next backup on, {archive} leaves out {glob}");
                    out.tell(Tone::Good, told);
                    out.send(Command::Refresh);
                }
                (Some(false), _) => {
                    let told = format!("{archive} leaves out {glob} already");
                    out.tell(Tone::Information, told);
                }
                (None, Some(error)) => out.tell(Tone::Error, words::sentence(error)),
                (None, None) => {}
            }
        }
        if self.current.is_none()
            && let Some((archive, rule)) = self.waiting.pop_front()
        {
            let (catalog, its_archive, its_rule) = (catalog.clone(), archive.clone(), rule.clone());
            self.added.start(workers, "exclude", move |_| {
                add_rule(&catalog, &its_archive, its_rule)
            });
            self.current = Some((archive, rule));
        }
    }
}

impl ExcludeRule {
    fn glob(&self) -> &str {
        match self {
            ExcludeRule::Directory(glob) | ExcludeRule::File(glob) => glob,
        }
    }
}

/// Adds a rule; false if the archive has it already.
fn add_rule(catalog: &Catalog, archive: &ArchiveName, rule: ExcludeRule) -> Result<bool> {
    let mut specification = catalog.config().archives.get(archive)?.specification;
    let (globs, glob) = match rule {
        ExcludeRule::Directory(glob) => (&mut specification.exclude_dirs, glob),
        ExcludeRule::File(glob) => (&mut specification.exclude_files, glob),
    };
    if globs.contains(&glob) {
        return Ok(false);
    }
    globs.push(glob);
    catalog.change_archive(archive, specification, None)?;
    Ok(true)
}
