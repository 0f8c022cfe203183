//! "Why is this (not) backed up?": the question, and the answer that the backup's own matcher gives on a thread.

use std::path::{Path, PathBuf};

use super::preview::Subject;
use super::wording::Saved;
use crate::catalog::Catalog;
use crate::error::{Error, Result};
use crate::fs::path_bytes;
use crate::gui::cx::Cx;
use crate::gui::picker::PickWhat;
use crate::gui::widgets::PathField;
use crate::jobs::Fetch;
use crate::progress::Monitor;
use crate::snapshot::explain::{Explanation, explain};
use crate::snapshot::file::Snapshot;
use crate::snapshot::matcher::Matcher;
use crate::snapshot::places::ArchiveName;
use crate::snapshot::specification::{Specification, absolute_path};

/// The question and its answer.
pub struct Why {
    pub field: PathField,
    asked: Option<PathBuf>,
    /// What the answer was found with.
    answered_for: Option<Subject>,
    answer: Fetch<Answer>,
}

/// What was found out about a path.
pub struct Answer {
    pub path: PathBuf,
    pub explanation: Explanation,
    pub specification: Specification,
    pub saved: Option<Saved>,
}

impl Default for Why {
    fn default() -> Why {
        Why {
            field: PathField::new(PickWhat::File, "File or folder to ask about"),
            asked: None,
            answered_for: None,
            answer: Fetch::default(),
        }
    }
}

impl Why {
    /// Asks about this path.
    pub fn ask(&mut self, path: &Path) {
        self.field.set(path);
        self.asked = Some(path.to_owned());
        self.answered_for = None;
    }

    /// Takes in the answer; asks again when the rules are others. `archive` is the one whose snapshots are
    /// looked through for a saved version.
    pub fn update(&mut self, archive: Option<&ArchiveName>, subject: &Subject, cx: &Cx<'_>) {
        if self.field.update(cx)
            && let Some(path) = self.field.path(cx)
        {
            self.ask(&path);
        }
        self.answer.poll();
        let Some(path) = &self.asked else {
            return;
        };
        if self.answered_for.as_ref() == Some(subject) {
            return;
        }
        self.answered_for = Some(subject.clone());
        let (path, subject) = (path.clone(), subject.clone());
        let (catalog, archive) = (cx.catalog.clone(), archive.cloned());
        self.answer.start(cx.workers, "why", move |monitor| {
            answer(&path, subject, &catalog, archive.as_ref(), monitor)
        });
    }

    pub fn asked(&self) -> Option<&Path> {
        self.asked.as_deref()
    }

    pub fn answer(&self) -> Option<&Answer> {
        self.answer.value()
    }

    pub fn error(&self) -> Option<&Error> {
        self.answer.error()
    }

    pub fn is_loading(&self) -> bool {
        self.answer.is_loading()
    }

    pub fn is_not_answering(&self) -> bool {
        self.answer.is_not_answering()
    }
}

fn answer(
    path: &Path,
    subject: Subject,
    catalog: &Catalog,
    archive: Option<&ArchiveName>,
    monitor: &Monitor,
) -> Result<Answer> {
    if !path.is_absolute() {
        return Err(Error::invalid("look for", "it is not a whole path")
            .at(path)
            .advise("begin with a slash, or with ~ for your home folder"));
    }
    let path = absolute_path(Path::new("/"), path);
    let matcher = Matcher::new(&subject.specification, &subject.own)?;
    let explanation = explain(&matcher, &path)?;
    let saved = match archive {
        Some(archive) => last_saved(catalog, archive, &path, monitor)?,
        None => None,
    };
    Ok(Answer {
        path,
        explanation,
        specification: subject.specification,
        saved,
    })
}

/// Snapshots that cannot be read are passed over: this is about one path.
fn last_saved(
    catalog: &Catalog,
    archive: &ArchiveName,
    path: &Path,
    monitor: &Monitor,
) -> Result<Option<Saved>> {
    let (series, _) = catalog.series(archive)?;
    for file in series.snapshots.iter().rev() {
        monitor.check_cancelled()?;
        let Ok(snapshot) = Snapshot::open(&file.path) else {
            continue;
        };
        if let Ok(Some(entry)) = snapshot.lookup(path_bytes(path)) {
            return Ok(Some(Saved {
                snapshot: file.name,
                is_directory: entry.is_directory(),
                bytes: entry.size(),
            }));
        }
    }
    Ok(None)
}
