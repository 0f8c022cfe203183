//! What takes the space in one snapshot: a treemap of its folders, a table of the same, and what is in it by kind,
//! age and size.
//!
//! The whole snapshot is surveyed once, on a thread; going from folder to folder reads the files of one folder.
//! - [`tiles`] the rectangles, after [`squarify`]; [`groups`] their colours; [`steer`] where arrows lead
//! - [`lists`] the rows of tables; [`wording`] what is said of a rectangle
//! - [`map_ui`], [`paint_ui`], [`lists_ui`], [`ui`] draw, and [`act`] does what was asked for meanwhile

mod act;
pub mod groups;
pub mod lists;
mod lists_ui;
mod map_ui;
mod paint_ui;
pub mod squarify;
pub mod steer;
pub mod tiles;
mod ui;
pub mod wording;

use std::path::PathBuf;
use std::sync::Arc;

use egui::Rect;

use self::lists::{List, View};
use self::tiles::{By, FilesOf, Laid, Subject, Tile, What};
use super::data::Row;
use crate::error::Result;
use crate::format::id::Id;
use crate::gui::cx::Cx;
use crate::gui::shell::Line;
use crate::gui::widgets::table::TableState;
use crate::jobs::Fetch;
use crate::progress::Monitor;
use crate::repository::claims::ClaimId;
use crate::repository::holdings::Holdings;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::file::Snapshot;
use crate::snapshot::places::ArchiveName;
use crate::snapshot::usage::{FileUsage, Usage, files_of, survey};

/// So many folders are read at once; the others after them.
const MOST_FOLDERS_READ: usize = 64;

/// The state of this part of the screen.
#[derive(Default)]
pub struct Space {
    /// The snapshot that is wanted; the newest, unless another one was chosen.
    wanted: Option<Key>,
    is_chosen: bool,
    surveyed: Fetch<Surveyed>,
    /// What the survey was asked for.
    asked: Option<Asked>,
    /// How often everything had been looked at again by then: what failed is tried again after that.
    refreshes: u64,
    /// The folder that is shown, or is to be once the survey is there; the first in which something is to be
    /// told apart if left out.
    path: Option<Vec<u8>>,
    folder: u32,
    /// Of folders of the snapshot that was surveyed.
    files: FilesOf,
    reading: Fetch<FilesOf>,
    by: By,
    view: View,
    shown: Option<Shown>,
    /// The rectangle that the keyboard is at.
    cursor: Option<usize>,
    list: Option<List>,
    table: TableState,
}

/// A snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub archive: ArchiveName,
    pub name: SnapshotName,
}

/// What a survey depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    key: Key,
    claim: Id,
    /// Tells what the repository holds for others from what it will.
    answers: u64,
}

/// A snapshot that has been surveyed.
pub struct Surveyed {
    pub key: Key,
    path: PathBuf,
    claim: ClaimId,
    holdings: Arc<Holdings>,
    pub usage: Arc<Usage>,
}

/// Rectangles, and what they were laid out for.
struct Shown {
    basis: Basis,
    laid: Laid,
}

#[derive(Clone, Debug, PartialEq)]
struct Basis {
    key: Key,
    answers: u64,
    folder: u32,
    by: By,
    frame: Rect,
    /// Of how many folders the files were known.
    known: usize,
}

/// What was asked for while drawing.
pub enum Ask {
    Snapshot(Key),
    By(By),
    View(View),
    Enter(u32),
    Leave,
    /// Show all that is in a folder as a table.
    List(u32),
    Browse(What),
    History(What),
    Exclude(What),
    /// Save the numbers that are shown.
    SaveNumbers,
    /// Save the treemap as a picture.
    SavePicture,
}

impl Space {
    /// Shows what a snapshot brought.
    pub fn show_growth(&mut self, archive: ArchiveName, name: SnapshotName) {
        self.choose(Key { archive, name });
        self.by = By::New;
        self.view = View::Map;
        self.path = None;
    }

    /// Other snapshots are looked at now.
    pub fn reset(&mut self) {
        let (by, view) = (self.by, self.view);
        *self = Space {
            by,
            view,
            ..Space::default()
        };
    }

    fn choose(&mut self, key: Key) {
        self.wanted = Some(key);
        self.is_chosen = true;
    }

    /// The rectangles that are shown.
    pub fn tiles(&self) -> &[Tile] {
        self.shown.as_ref().map_or(&[], |shown| &shown.laid.tiles)
    }

    /// The survey, and the folder of it that is shown.
    pub fn surveyed(&self) -> Option<(&Usage, u32)> {
        let surveyed = self.surveyed.value()?;
        Some((&surveyed.usage, self.folder))
    }

    /// Takes in what threads have found out, and asks for what is needed.
    pub fn update(&mut self, rows: &[Row], is_shown: bool, cx: &Cx<'_>) {
        if self.surveyed.poll() {
            self.take_survey();
        }
        if self.reading.poll()
            && let Some(read) = self.reading.value_mut()
        {
            self.files.append(read);
            self.list = None;
        }
        if !is_shown {
            return;
        }
        let is_there = |key: &Key| rows.iter().any(|row| key.is_of(row));
        if !self.is_chosen || !self.wanted.as_ref().is_some_and(is_there) {
            self.wanted = rows.last().map(Key::of);
            self.is_chosen = false;
        }
        let row = rows
            .iter()
            .find(|row| self.wanted.as_ref().is_some_and(|key| key.is_of(row)));
        if let Some(row) = row {
            self.survey(row, cx);
        }
        self.read_files(cx);
    }

    /// What to type for what is shown.
    pub fn command_lines(&self) -> Vec<String> {
        let (Some(surveyed), Some(path)) = (self.surveyed.value(), &self.path) else {
            return Vec::new();
        };
        let line = |verb: &str| {
            let key = &surveyed.key;
            Line::new(&format!("gibus {verb}"))
                .option("-A", key.archive.as_str())
                .option("--snapshot", key.name.stem())
        };
        let by = match self.by {
            By::Held => "held",
            By::Stored => "stored",
            By::Alone => "alone",
            By::New => "new",
        };
        let groups = match self.view {
            View::Map | View::Table => None,
            View::Kinds => Some("kind"),
            View::Ages => Some("age"),
            View::Sizes => Some("size"),
        };
        let usage = match groups {
            Some(groups) => line("usage").option("--by", groups),
            None => line("usage").option("--sort", by).word(path),
        };
        vec![usage.end(), line("growth").end()]
    }

    fn survey(&mut self, row: &Row, cx: &Cx<'_>) {
        let Some(holdings) = cx.holdings.get(row.repository) else {
            return;
        };
        let asked = Asked {
            key: Key::of(row),
            claim: row.claim,
            answers: cx.holdings.answers(row.repository),
        };
        let is_tried_again =
            self.surveyed.error().is_some() && self.refreshes != cx.overview.refreshes;
        if self.asked.as_ref() == Some(&asked) && !is_tried_again {
            return;
        }
        self.refreshes = cx.overview.refreshes;
        let (key, path) = (asked.key.clone(), row.path.clone());
        let (claim, holdings) = (ClaimId(row.claim), Arc::clone(holdings));
        self.surveyed.start(cx.workers, "survey", move |monitor| {
            Surveyed::make(key, path, claim, holdings, monitor)
        });
        self.asked = Some(asked);
    }

    /// Finds the folder again, or the nearest above it that is there.
    fn take_survey(&mut self) {
        self.reading.clear();
        self.files.clear();
        self.forget_layout();
        let Some(surveyed) = self.surveyed.value() else {
            return;
        };
        let usage = &surveyed.usage;
        self.folder = match &self.path {
            None => first_with_parts(usage, self.by),
            Some(path) => nearest(usage, path),
        };
        self.path = Some(usage.path(self.folder));
    }

    /// Reads the files of the folder that is shown, and of those in it that there is room for.
    fn read_files(&mut self, cx: &Cx<'_>) {
        let Some(surveyed) = self.surveyed.value() else {
            return;
        };
        let is_tried_again = self.refreshes != cx.overview.refreshes;
        if self.reading.is_loading() || (self.reading.error().is_some() && !is_tried_again) {
            return;
        }
        self.refreshes = cx.overview.refreshes;
        let mut wanted: Vec<u32> = match &self.shown {
            Some(shown) if self.view == View::Map => shown.laid.wanted.clone(),
            _ => vec![self.folder],
        };
        wanted.retain(|folder| !self.files.contains_key(folder));
        wanted.truncate(MOST_FOLDERS_READ);
        if wanted.is_empty() {
            return;
        }
        let usage = Arc::clone(&surveyed.usage);
        let (path, claim) = (surveyed.path.clone(), surveyed.claim);
        let holdings = Arc::clone(&surveyed.holdings);
        self.reading.start(cx.workers, "files", move |monitor| {
            let snapshot = Snapshot::open(&path)?;
            let within = holdings.within(claim)?;
            let mut files = FilesOf::new();
            for folder in wanted {
                monitor.check_cancelled()?;
                files.insert(folder, files_of(&snapshot, &within, &usage.path(folder))?);
            }
            Ok(files)
        });
    }

    /// The files of the folder that is shown, as far as they are known.
    fn own_files(&self) -> &[FileUsage] {
        self.files.get(&self.folder).map_or(&[], Vec::as_slice)
    }

    fn forget_layout(&mut self) {
        self.shown = None;
        self.list = None;
    }

    /// Goes into a folder.
    pub fn enter(&mut self, folder: u32) {
        let Some(surveyed) = self.surveyed.value() else {
            return;
        };
        self.path = Some(surveyed.usage.path(folder));
        self.folder = folder;
        self.cursor = None;
        if self.reading.error().is_some() {
            self.reading.clear();
        }
        self.table.reset();
        self.forget_layout();
    }

    /// Goes to the folder that this one is in; the keyboard is at where one comes from.
    fn leave(&mut self) {
        let surveyed = self.surveyed.value();
        let of = surveyed.and_then(|surveyed| surveyed.usage.get(self.folder));
        if let Some(parent) = of.and_then(|of| of.parent) {
            self.enter(parent);
        }
    }

    /// Lays the folder out in this frame, unless that has been done.
    fn lay_out(&mut self, frame: Rect) {
        let Some(surveyed) = self.surveyed.value() else {
            return;
        };
        let basis = Basis {
            key: surveyed.key.clone(),
            answers: self.asked.as_ref().map_or(0, |asked| asked.answers),
            folder: self.folder,
            by: self.by,
            frame,
            known: self.files.len(),
        };
        if self
            .shown
            .as_ref()
            .is_some_and(|shown| shown.basis == basis)
        {
            return;
        }
        let subject = Subject {
            usage: &surveyed.usage,
            folder: self.folder,
            files: &self.files,
            by: self.by,
        };
        let laid = tiles::lay_out(&subject, frame);
        let last = self.shown.as_ref().filter(|shown| {
            let at = &shown.basis;
            (&at.key, at.folder, at.by) == (&basis.key, basis.folder, basis.by)
        });
        // The keyboard stays at the same thing when files come in or the window changes its size.
        let at = last.and_then(|shown| shown.laid.tiles.get(self.cursor?));
        self.cursor = at.and_then(|at| laid.tiles.iter().position(|tile| tile.what == at.what));
        self.shown = Some(Shown { basis, laid });
    }

    /// The path of what a rectangle stands for, and whether it is a folder.
    fn path_of(&self, what: &What) -> Option<(Vec<u8>, bool)> {
        let surveyed = self.surveyed.value()?;
        let usage = &surveyed.usage;
        Some(match what {
            What::Folder(folder) | What::Files(folder) | What::Smaller(folder) => {
                (usage.path(*folder), true)
            }
            What::File { folder, place } => {
                let name = &self.files.get(folder)?.get(*place)?.name;
                (join(&usage.path(*folder), name.as_bytes()), false)
            }
        })
    }
}

impl Surveyed {
    /// Only for threads.
    fn make(
        key: Key,
        path: PathBuf,
        claim: ClaimId,
        holdings: Arc<Holdings>,
        monitor: &Monitor,
    ) -> Result<Surveyed> {
        let snapshot = Snapshot::open(&path)?;
        let usage = survey(&snapshot, holdings.within(claim)?, monitor)?;
        Ok(Surveyed {
            key,
            path,
            claim,
            holdings,
            usage: Arc::new(usage),
        })
    }
}

impl Key {
    fn of(row: &Row) -> Key {
        Key {
            archive: row.archive.clone(),
            name: row.name,
        }
    }

    fn is_of(&self, row: &Row) -> bool {
        self.archive == row.archive && self.name == row.name
    }
}

/// The first folder, from `/` down, that does not only hold another one.
fn first_with_parts(usage: &Usage, by: By) -> u32 {
    let mut folder = 0;
    loop {
        let mut children = usage.children(folder);
        let weighs = |child: &u32| usage.get(*child).is_some_and(|of| by.of(&of.sums) > 0);
        let Some(child) = children.find(weighs) else {
            return folder;
        };
        if children.any(|other| weighs(&other)) || by.of(&usage.own(folder)) > 0 {
            return folder;
        }
        folder = child;
    }
}

/// The folder at a path, or the nearest one above it.
fn nearest(usage: &Usage, path: &[u8]) -> u32 {
    let mut path = path;
    loop {
        if let Some(folder) = usage.folder(path) {
            return folder;
        }
        match path.iter().rposition(|byte| *byte == b'/') {
            None | Some(0) => return 0,
            Some(slash) => path = &path[..slash],
        }
    }
}

fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    match folder {
        b"/" => [b"/", name].concat(),
        folder => [folder, b"/", name].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::tiles::tests::usage;
    use super::*;

    #[test]
    fn folders_that_only_hold_another_one_are_passed_by() {
        let usage = usage(&[("home", 100, &[("me", 60), ("you", 40)]), ("empty", 0, &[])]);
        assert_eq!(usage.path(first_with_parts(&usage, By::Held)), b"/home");
    }

    #[test]
    fn a_folder_that_is_not_there_is_left_for_the_one_above_it() {
        let usage = usage(&[("home", 100, &[("me", 100)])]);
        let at = |path: &str| usage.path(nearest(&usage, path.as_bytes()));
        assert_eq!(at("/home/me"), b"/home/me");
        assert_eq!(at("/home/me/gone/further"), b"/home/me");
        assert_eq!(at("/elsewhere"), b"/");
        assert_eq!(join(b"/", b"a"), b"/a");
        assert_eq!(join(b"/a", b"b"), b"/a/b");
    }
}
