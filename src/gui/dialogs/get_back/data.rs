//! The plan as it is shown: its steps as rows, its sums, and what it comes to in words.
//!
//! A plan can have a million steps. They are gone through once, on a thread; what is kept of each is a small row
//! that names its folder by number, and its own name as a piece of one long text.

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::fs::{bytes_path, escaped, escaped_path};
use crate::gui::lines::get_back;
use crate::gui::words;
use crate::human::{count, counted, size};
use crate::jobs::get_back::{Part, Picked, Request, Target};
use crate::progress::Monitor;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::restore::{Count, Obstacle, PlanTotals, Space, Step, What};

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Create,
    Replace,
    MoveAside,
    SetAttributes,
    Leave,
    CannotWrite,
}

impl Action {
    pub const ALL: [Action; 6] = [
        Action::Create,
        Action::Replace,
        Action::MoveAside,
        Action::SetAttributes,
        Action::Leave,
        Action::CannotWrite,
    ];

    pub fn label(self) -> &'static str {
        match self {
            Action::Create => "Create",
            Action::Replace => "Replace",
            Action::MoveAside => "Move aside",
            Action::SetAttributes => "Set attributes",
            Action::Leave => "Leave as it is",
            Action::CannotWrite => "Cannot write",
        }
    }
}

/// A plan to look at.
#[derive(Debug, Default)]
pub struct PlanView {
    pub rows: Rows,
    totals: PlanTotals,
    /// One for each disk.
    pub spaces: Vec<Space>,
    /// The innermost folder that has all that is written in it.
    pub folder: PathBuf,
    /// The first of what cannot be written, in words.
    pub first_obstacle: Option<String>,
    /// What to type in a terminal for the same.
    pub command_lines: Vec<String>,
}

/// The steps of a plan.
#[derive(Debug, Default)]
pub struct Rows {
    rows: Vec<Row>,
    /// As they are shown.
    folders: Vec<String>,
    names: String,
    /// Different reasons are few.
    reasons: Vec<String>,
    /// The snapshots that the steps are for.
    pub snapshots: Vec<SnapshotName>,
}

#[derive(Debug)]
struct Row {
    folder: u32,
    /// Where its name ends in `names`; it begins where that of the row before ends.
    name_end: usize,
    size: u64,
    part: u32,
    detail: Detail,
}

#[derive(Debug)]
enum Detail {
    Create,
    CreateTree { files: u64, folders: u64 },
    Replace,
    MoveAside { to: Box<str> },
    SetAttributes,
    Leave { files: u64, folders: u64 },
    CannotWrite { reason: u32 },
}

impl PlanView {
    /// Goes through all steps.
    pub fn new(request: &Request, parts: &[Part], monitor: &Monitor) -> Result<PlanView> {
        let mut view = PlanView::default();
        let mut common: Option<Vec<u8>> = None;
        for part in parts {
            view.rows.snapshots.push(part.name);
            view.add_totals(part.plan.totals());
            view.add_spaces(part.plan.spaces());
            let lines = get_back(request, part.name, part.items());
            view.command_lines.extend(lines);
            for step in part.plan.steps() {
                monitor.check_cancelled()?;
                let is_written = !matches!(step.what, What::Leave(_) | What::CannotWrite(_));
                if is_written {
                    let folder = split(&step.path).0;
                    common = Some(match common {
                        None => folder.to_vec(),
                        Some(common) => common_folder(&common, folder).to_vec(),
                    });
                }
                view.add_step(&step);
            }
        }
        view.folder = match (&request.target, common) {
            (Target::Folder(folder), _) => folder.clone(),
            (Target::Origin, Some(common)) => bytes_path(&common).to_owned(),
            (Target::Origin, None) => PathBuf::from("/"),
        };
        Ok(view)
    }

    fn add_step(&mut self, step: &Step<'_>) {
        if let What::CannotWrite(obstacle) = step.what
            && self.first_obstacle.is_none()
        {
            self.first_obstacle = Some(format!("{}: {obstacle}", escaped(&step.path)));
        }
        self.rows.add(step);
    }

    fn add_totals(&mut self, totals: &PlanTotals) {
        let add = |sum: &mut Count, more: &Count| {
            sum.entries = sum.entries.saturating_add(more.entries);
            sum.bytes = sum.bytes.saturating_add(more.bytes);
        };
        let sum = &mut self.totals;
        add(&mut sum.create, &totals.create);
        add(&mut sum.replace, &totals.replace);
        add(&mut sum.move_aside, &totals.move_aside);
        add(&mut sum.set_attributes, &totals.set_attributes);
        add(&mut sum.leave, &totals.leave);
        add(&mut sum.cannot_write, &totals.cannot_write);
    }

    fn add_spaces(&mut self, spaces: &[Space]) {
        for space in spaces.iter().filter(|space| space.needed_bytes > 0) {
            match self
                .spaces
                .iter_mut()
                .find(|known| known.is_same_disk(space))
            {
                Some(known) => known.needed_bytes += space.needed_bytes,
                None => self.spaces.push(space.clone()),
            }
        }
    }

    pub fn total(&self, action: Action) -> Count {
        match action {
            Action::Create => self.totals.create,
            Action::Replace => self.totals.replace,
            Action::MoveAside => self.totals.move_aside,
            Action::SetAttributes => self.totals.set_attributes,
            Action::Leave => self.totals.leave,
            Action::CannotWrite => self.totals.cannot_write,
        }
    }

    /// A sum, as it stands on its chip.
    pub fn chip(&self, action: Action) -> String {
        let total = self.total(action);
        let number = count(total.entries);
        match action {
            Action::Create => format!("Create {number} ({})", size(total.bytes)),
            Action::Replace => format!("Replace {number} ({})", size(total.bytes)),
            Action::MoveAside => format!("Move {number} aside"),
            Action::SetAttributes => format!("Set attributes of {number}"),
            Action::Leave => format!("Leave {number} as they are"),
            Action::CannotWrite => format!("{number} cannot be written"),
        }
    }

    /// Why there is no point in carrying it out.
    pub fn reason_against(&self) -> Option<&'static str> {
        let has = |action| self.total(action).entries > 0;
        let changes = [
            Action::Create,
            Action::Replace,
            Action::MoveAside,
            Action::SetAttributes,
        ];
        if self.spaces.iter().any(Space::is_short) {
            Some("There is not enough space")
        } else if changes.into_iter().any(has) {
            None
        } else if has(Action::CannotWrite) {
            Some("Nothing of it can be written")
        } else {
            Some("Everything is there already")
        }
    }
}

impl Rows {
    fn add(&mut self, step: &Step<'_>) {
        let (folder, name) = split(&step.path);
        let folder = escaped(folder).to_string();
        if self.folders.last() != Some(&folder) {
            self.folders.push(folder);
        }
        self.names.push_str(&escaped(name).to_string());
        let detail = match step.what {
            What::Create => Detail::Create,
            What::CreateTree(totals) => Detail::CreateTree {
                files: totals.files,
                folders: totals.directories,
            },
            What::Replace => Detail::Replace,
            What::MoveAside { to, .. } => Detail::MoveAside {
                to: to.to_string().into(),
            },
            What::SetAttributes => Detail::SetAttributes,
            What::Leave(totals) => Detail::Leave {
                files: totals.files,
                folders: totals.directories,
            },
            What::CannotWrite(obstacle) => Detail::CannotWrite {
                reason: self.reason(obstacle),
            },
        };
        self.rows.push(Row {
            folder: small(self.folders.len() - 1),
            name_end: self.names.len(),
            size: step.size,
            part: small(self.snapshots.len().saturating_sub(1)),
            detail,
        });
    }

    fn reason(&mut self, obstacle: &Obstacle) -> u32 {
        let text = words::capitalized(&obstacle.to_string());
        let known = self.reasons.iter().rposition(|reason| *reason == text);
        let index = known.unwrap_or_else(|| {
            self.reasons.push(text);
            self.reasons.len() - 1
        });
        small(index)
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn name(&self, row: usize) -> &str {
        let before = row.checked_sub(1).and_then(|row| self.rows.get(row));
        let from = before.map_or(0, |row| row.name_end);
        let to = self.rows.get(row).map_or(from, |row| row.name_end);
        self.names.get(from..to).unwrap_or_default()
    }

    pub fn folder(&self, row: usize) -> &str {
        let row = self.rows.get(row);
        let folder = row.and_then(|row| self.folders.get(row.folder as usize));
        folder.map_or("", String::as_str)
    }

    pub fn path(&self, row: usize) -> String {
        match (self.folder(row), self.name(row)) {
            ("/", name) => format!("/{name}"),
            (folder, name) => format!("{folder}/{name}"),
        }
    }

    pub fn size(&self, row: usize) -> u64 {
        self.rows.get(row).map_or(0, |row| row.size)
    }

    pub fn snapshot(&self, row: usize) -> Option<SnapshotName> {
        let part = self.rows.get(row)?.part as usize;
        self.snapshots.get(part).copied()
    }

    pub fn action(&self, row: usize) -> Action {
        match self.rows.get(row).map(|row| &row.detail) {
            Some(Detail::Create | Detail::CreateTree { .. }) => Action::Create,
            Some(Detail::Replace) => Action::Replace,
            Some(Detail::MoveAside { .. }) => Action::MoveAside,
            Some(Detail::SetAttributes) => Action::SetAttributes,
            Some(Detail::Leave { .. }) | None => Action::Leave,
            Some(Detail::CannotWrite { .. }) => Action::CannotWrite,
        }
    }

    /// What else is to be said of a step.
    pub fn detail(&self, row: usize) -> String {
        let all_in = |files: u64, folders: u64| {
            let files_in_words = counted(files, "file", "files");
            match (files, folders) {
                (_, 0) => files_in_words,
                (0, folders) => counted(folders, "folder", "folders"),
                _ => format!(
                    "{files_in_words}, {}",
                    counted(folders, "folder", "folders")
                ),
            }
        };
        match self.rows.get(row).map(|row| &row.detail) {
            Some(Detail::CreateTree {
                files: 0,
                folders: 0,
            }) => "An empty folder".to_owned(),
            Some(Detail::CreateTree { files, folders }) => {
                format!("With all in it: {}", all_in(*files, *folders))
            }
            Some(Detail::Replace) => "What is there is overwritten".to_owned(),
            Some(Detail::MoveAside { to }) => format!("What is there becomes {to}"),
            Some(Detail::SetAttributes) => "Content is the same; mode, owner, times".to_owned(),
            Some(Detail::Leave { files, folders }) if files + folders > 1 => {
                format!("Identical: {}", all_in(*files, *folders))
            }
            Some(Detail::Leave { .. }) => "Identical".to_owned(),
            Some(Detail::CannotWrite { reason }) => {
                let reason = self.reasons.get(*reason as usize);
                reason.cloned().unwrap_or_default()
            }
            Some(Detail::Create) | None => String::new(),
        }
    }
}

/// Which steps are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// `None`: all kinds.
    pub action: Option<Action>,
    /// In the path, whatever its case.
    pub text: String,
}

impl Filter {
    /// The rows that pass.
    pub fn apply(&self, rows: &Rows, monitor: &Monitor) -> Result<Vec<u32>> {
        let text = self.text.trim().to_lowercase();
        let mut passed = Vec::new();
        for row in 0..rows.len() {
            if row % 4096 == 0 {
                monitor.check_cancelled()?;
            }
            let is_kind = self.action.is_none_or(|action| rows.action(row) == action);
            if is_kind && (text.is_empty() || rows.path(row).to_lowercase().contains(&text)) {
                passed.push(small(row));
            }
        }
        Ok(passed)
    }
}

/// No plan has four thousand million steps: they would not fit into memory.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The folder of a path, and its own name.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(0) | None => (b"/", path.strip_prefix(b"/").unwrap_or(path)),
        Some(slash) => {
            let (folder, name) = path.split_at(slash);
            (folder, name.get(1..).unwrap_or_default())
        }
    }
}

fn common_folder<'a>(a: &'a [u8], b: &[u8]) -> &'a [u8] {
    let common = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let ends_there = |path: &[u8]| path.get(common).is_none_or(|byte| *byte == b'/');
    if ends_there(a) && ends_there(b) && common > 0 {
        return a.get(..common).unwrap_or_default();
    }
    let common = a.get(..common).unwrap_or_default();
    match common.iter().rposition(|byte| *byte == b'/') {
        Some(0) | None => b"/",
        Some(slash) => common.get(..slash).unwrap_or_default(),
    }
}

/// What was picked, and from when.
pub fn what_is_picked(request: &Request) -> String {
    match request.picks.as_slice() {
        [only] => {
            let as_of = format!("as of {}", words::date_time(only.name.time()));
            match items(&only.what) {
                None => format!("Everything, {as_of}"),
                Some([path]) => format!("{}, {as_of}", escaped(path)),
                Some(paths) => format!("{}, {as_of}", counted(paths.len() as u64, "item", "items")),
            }
        }
        picks => {
            let paths = picks.iter().map(|picks| items(&picks.what).map(<[_]>::len));
            let snapshots = counted(picks.len() as u64, "snapshot", "snapshots");
            match paths.sum::<Option<usize>>() {
                Some(paths) => format!(
                    "{} from {snapshots}",
                    counted(paths as u64, "item", "items")
                ),
                None => format!("Everything from {snapshots}"),
            }
        }
    }
}

/// The paths that were picked; `None`: everything.
fn items(what: &Picked) -> Option<&[Vec<u8>]> {
    match what {
        Picked::All => None,
        Picked::Paths(paths) => Some(paths),
    }
}

/// What the disk has and what is needed.
pub fn space_line(space: &Space) -> String {
    let needed = size(space.needed_bytes);
    let folder = escaped(&space.folder);
    match space.free_bytes {
        Some(free) => format!("{needed} needed, {} free at {folder}", size(free)),
        None => format!("{needed} needed at {folder}, which does not say what is free"),
    }
}

/// A folder that is certainly new, below one where something is in the way.
pub fn folder_below(folder: &Path, now: jiff::civil::DateTime) -> PathBuf {
    folder.join(now.strftime("%Y-%m-%d %H.%M.%S").to_string())
}

/// Says what is wrong with a folder that was typed, before anything is looked at.
pub fn reason_against_folder(folder: Option<&Path>) -> Option<String> {
    match folder {
        None => Some("Choose a folder first".to_owned()),
        Some(folder) if !folder.is_absolute() => Some(format!(
            "{} does not begin with a slash",
            escaped_path(folder)
        )),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::tree::{Name, Totals};

    fn rows(steps: &[(&str, What, u64)]) -> Rows {
        let mut rows = Rows::default();
        for (path, what, size) in steps {
            rows.add(&Step {
                path: path.as_bytes().to_vec(),
                what,
                size: *size,
            });
        }
        rows
    }

    fn text(rows: &Rows, row: usize) -> String {
        format!(
            "{} {} {}",
            rows.action(row).label(),
            rows.path(row),
            rows.detail(row)
        )
    }

    #[test]
    fn a_row_says_what_happens_where_and_to_what() {
        let to = Name::new(b"b.before").unwrap();
        let new = Totals::default();
        let tree = Totals {
            files: 3,
            directories: 1,
            ..Totals::default()
        };
        let rows = rows(&[
            ("/x/a", What::Create, 7),
            ("/x/b", What::MoveAside { to, new }, 5),
            ("/tree", What::CreateTree(tree), 9),
            ("/y/c", What::CannotWrite(Obstacle::ReadOnly), 1),
        ]);
        assert_eq!(text(&rows, 0), "Create /x/a ");
        assert_eq!(
            text(&rows, 1),
            "Move aside /x/b What is there becomes b.before"
        );
        assert_eq!(
            text(&rows, 2),
            "Create /tree With all in it: 3 files, 1 folder"
        );
        assert_eq!(
            text(&rows, 3),
            "Cannot write /y/c The disk is mounted for reading only"
        );
        assert_eq!(rows.size(1), 5);
    }

    #[test]
    fn steps_are_found_by_kind_and_by_text_in_any_case() {
        let rows = rows(&[
            ("/Home/Letter.txt", What::Create, 1),
            ("/Home/b", What::Replace, 1),
            ("/etc/letter", What::Replace, 1),
        ]);
        let found = |action, text: &str| {
            let text = text.to_owned();
            Filter { action, text }
                .apply(&rows, &Monitor::new())
                .unwrap()
        };
        assert_eq!(found(None, ""), [0, 1, 2]);
        assert_eq!(found(None, "letter"), [0, 2]);
        assert_eq!(found(None, "home/b"), [1]);
        assert_eq!(found(Some(Action::Replace), "letter"), [2]);
    }

    #[test]
    fn the_folder_to_open_is_the_innermost_that_has_all() {
        assert_eq!(common_folder(b"/a/b", b"/a/b/c"), b"/a/b");
        assert_eq!(common_folder(b"/a/bc", b"/a/bd"), b"/a");
        assert_eq!(common_folder(b"/a", b"/b"), b"/");
        assert_eq!(common_folder(b"/", b"/b"), b"/");
    }
}
