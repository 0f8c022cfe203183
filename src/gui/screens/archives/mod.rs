//! Archives: what is backed up?
//!
//! At the left the archives, at the right the chosen one: its rules with what each of them does, the disk as the
//! backup sees it, its snapshots. Changes are a draft until they are saved, one for each archive, and stay when one
//! looks at something else meanwhile.
//!
//! - [`data`], [`wording`], [`lines`] plain data, what is said of it, and the command lines for the same
//! - [`editor`] the rules being changed; [`preview`], [`tree`], [`why`] what threads find out about them
//! - [`new`] a new archive; [`snapshots`] the table of snapshots; [`delete`] the questions before deleting
//! - [`ui`] and the other files that end in `_ui` draw, and say what was asked for as a [`Message`]

mod data;
mod delete;
mod editor;
mod editor_ui;
mod lines;
mod new;
mod new_ui;
mod preview;
mod snapshots;
mod snapshots_ui;
mod tree;
mod tree_ui;
mod ui;
mod why;
mod wording;

use std::collections::BTreeMap;
use std::path::PathBuf;

use egui::Ui;

use self::delete::DeleteArchive;
use self::editor::{Edit, Editor};
use self::new::{NewArchive, Wish};
use self::snapshots::Snapshots;
use super::Screen;
use crate::config::ArchiveEntry;
use crate::fs::escaped;
use crate::gui::command::{BrowseTarget, Command, ExcludeRule, Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::dialogs::DeleteSnapshots;
use crate::gui::lines::delete_snapshots;
use crate::gui::overview::ArchiveOverview;
use crate::gui::shell::Line;
use crate::gui::words;
use crate::jobs::source::SeriesSource;
use crate::jobs::{ChosenSnapshots, Fetch};
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::globs::GlobKind;
use crate::snapshot::places::{ArchiveName, RepositoryName};
use crate::snapshot::specification::Specification;

/// The state of the screen.
#[derive(Default)]
pub struct Archives {
    chosen: Option<ArchiveName>,
    /// It is chosen, and was made just now: the overview may not have it yet.
    awaited: Option<ArchiveName>,
    /// A new archive is shown rather than the chosen one.
    shows_new: bool,
    /// A rule to add to the draft of an archive once that is opened.
    proposed: Option<(ArchiveName, ExcludeRule)>,
    new: Option<NewArchive>,
    /// The archives that were looked at.
    opened: BTreeMap<ArchiveName, Opened>,
}

/// An archive that is or was looked at.
struct Opened {
    name: ArchiveName,
    /// As it is saved.
    saved: Rules,
    /// As the overview had it last: another one there was changed by somebody else.
    seen: Rules,
    was_changed_elsewhere: bool,
    /// Where its snapshots are.
    place: PathBuf,
    editor: Editor,
    /// The repository for the next backups, as it is being changed.
    repository: RepositoryName,
    tab: Tab,
    saving: Fetch<Rules>,
    snapshots: Snapshots,
    /// The generation of the overview that the table of snapshots is of.
    generation: Option<u64>,
}

/// What can be changed of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rules {
    specification: Specification,
    repository: RepositoryName,
}

/// A part of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tab {
    #[default]
    Rules,
    Disk,
    Snapshots,
}

/// What was asked for while drawing.
enum Message {
    Choose(ArchiveName),
    ShowNew,
    Show(Tab),
    Edit(Edit),
    SetRepository(RepositoryName),
    Save,
    Revert,
    Delete,
    DeleteSnapshots,
    Browse(SnapshotName),
    Make(Wish),
    /// The new archive is not made after all.
    CancelNew,
    /// The new archive is there; show it.
    LeaveNew {
        and_back_up: bool,
    },
    /// Open or close a folder of the tree.
    Toggle(usize),
    SetOpen(usize, bool),
    GoUp(usize),
}

impl Archives {
    /// Shows this archive.
    pub fn show(&mut self, archive: ArchiveName) {
        self.awaited = Some(archive.clone());
        self.chosen = Some(archive);
        self.shows_new = false;
    }

    /// Shows this archive with one rule more, for somebody to look at and to save.
    pub fn propose(&mut self, archive: ArchiveName, rule: ExcludeRule) {
        self.proposed = Some((archive.clone(), rule));
        self.show(archive);
    }

    /// Begins a new archive; one that was begun before is gone on with.
    pub fn begin_new(&mut self) {
        self.shows_new = true;
        if self.new.as_ref().is_some_and(|new| new.made.is_some()) {
            self.new = None;
        }
        if let Some(new) = &mut self.new {
            new.wants_focus = true;
        }
    }

    /// The one that is chosen, if it can be read.
    fn opened_mut(&mut self) -> Option<&mut Opened> {
        self.opened.get_mut(self.chosen.as_ref()?)
    }

    fn update_choice(&mut self, cx: &Cx<'_>) {
        if cx.overview.is_loading() {
            return;
        }
        let archives = &cx.overview.archives;
        self.opened.retain(|name, opened| {
            cx.overview.archive(name).is_some() || opened.saving.is_loading()
        });
        let is_there = |name: &ArchiveName| cx.overview.archive(name).is_some();
        if self.awaited.as_ref().is_some_and(is_there) {
            self.awaited = None;
        }
        let is_kept = |name: &ArchiveName| is_there(name) || self.awaited.as_ref() == Some(name);
        if !self.chosen.as_ref().is_some_and(is_kept) {
            self.chosen = archives.first().map(|archive| archive.name.clone());
        }
        for archive in archives {
            let Ok(entry) = &archive.entry else {
                continue;
            };
            match self.opened.get_mut(&archive.name) {
                Some(opened) => opened.see(entry),
                None if self.chosen.as_ref() == Some(&archive.name) => {
                    let opened = Opened::new(&archive.name, entry);
                    self.opened.insert(archive.name.clone(), opened);
                }
                None => {}
            }
        }
    }

    /// Adds the rule that was proposed, once its archive is opened.
    fn take_proposed(&mut self, out: &mut Outbox) {
        let Some((archive, rule)) = self.proposed.take() else {
            return;
        };
        match self.opened.get_mut(&archive) {
            Some(opened) => opened.propose(rule, out),
            None if self.chosen.as_ref() == Some(&archive) => {
                self.proposed = Some((archive, rule));
            }
            // Somebody has gone on to another one, or it is gone.
            None => {}
        }
    }

    fn handle(&mut self, message: Message, cx: &Cx<'_>, out: &mut Outbox) {
        match message {
            Message::Choose(archive) => self.show(archive),
            Message::ShowNew => self.begin_new(),
            Message::Make(wish) => {
                if let Some(new) = &mut self.new {
                    new.make(wish, cx);
                }
            }
            Message::CancelNew => {
                self.new = None;
                self.shows_new = false;
            }
            Message::LeaveNew { and_back_up } => {
                let made = self.new.take().and_then(|new| new.made);
                self.shows_new = false;
                if let Some(made) = made {
                    if and_back_up {
                        out.send(Command::BackUp(made.clone()));
                    }
                    self.show(made);
                }
            }
            Message::Edit(edit) if self.shows_new => {
                if let Some(new) = &mut self.new {
                    new.editor.apply(edit);
                }
            }
            Message::Delete => self.delete(cx, out),
            message => {
                if let Some(opened) = self.opened_mut() {
                    opened.handle(message, cx, out);
                }
            }
        }
    }

    fn delete(&self, cx: &Cx<'_>, out: &mut Outbox) {
        let Some(name) = &self.chosen else {
            return;
        };
        let Some(archive) = cx.overview.archive(name) else {
            return;
        };
        let entry = archive.entry.as_ref();
        let repository = entry.ok().map(|entry| entry.repository.clone());
        let dialog = DeleteArchive::new(name.clone(), repository);
        out.send(Command::Open(Box::new(dialog)));
    }
}

impl Opened {
    fn new(name: &ArchiveName, entry: &ArchiveEntry) -> Opened {
        let rules = Rules::of(entry);
        Opened {
            name: name.clone(),
            editor: Editor::new(rules.specification.clone()),
            repository: rules.repository.clone(),
            saved: rules.clone(),
            seen: rules,
            was_changed_elsewhere: false,
            place: entry.place.clone(),
            tab: Tab::default(),
            saving: Fetch::default(),
            snapshots: Snapshots::default(),
            generation: None,
        }
    }

    /// The rules as they are being changed.
    fn draft(&self) -> Rules {
        Rules {
            specification: self.editor.specification.clone(),
            repository: self.repository.clone(),
        }
    }

    fn is_changed(&self) -> bool {
        self.editor.specification != self.saved.specification
            || self.repository != self.saved.repository
    }

    /// Takes in what the configuration says now. A draft stays as it is.
    fn see(&mut self, entry: &ArchiveEntry) {
        self.place.clone_from(&entry.place);
        let rules = Rules::of(entry);
        if rules == self.seen {
            return;
        }
        self.seen = rules.clone();
        if rules == self.saved {
            return;
        }
        let is_changed = self.is_changed();
        self.saved = rules;
        if !is_changed {
            self.revert();
        }
        self.was_changed_elsewhere = self.is_changed();
    }

    fn propose(&mut self, rule: ExcludeRule, out: &mut Outbox) {
        self.tab = Tab::Rules;
        let (kind, glob) = match rule {
            ExcludeRule::Directory(glob) => (GlobKind::Directories, glob),
            ExcludeRule::File(glob) => (GlobKind::Files, glob),
        };
        let shown = escaped(glob.as_bytes()).to_string();
        let told = match data::glob_problem(&self.editor.specification, kind, &glob) {
            Some(problem) => format!("{shown}: {problem}"),
            None => format!("{shown} is added to the rules. Save them to leave it out."),
        };
        self.editor.apply(Edit::AddGlob(kind, glob));
        out.tell(Tone::Information, told);
    }

    fn revert(&mut self) {
        self.editor.set(self.saved.specification.clone());
        self.repository = self.saved.repository.clone();
        self.was_changed_elsewhere = false;
    }

    fn update(&mut self, cx: &Cx<'_>) {
        let repository = cx.overview.repository(&self.repository);
        let repository = repository.and_then(|repository| repository.entry.as_ref().ok());
        let own = std::iter::once(self.place.clone());
        let own = own.chain(repository.map(|entry| entry.place.clone()));
        self.editor.update(Some(&self.name), own.collect(), cx);
        if self.generation != Some(cx.overview.generation)
            && let Some(archive) = cx.overview.archive(&self.name)
            && let Some(snapshots) = archive.snapshots.value()
        {
            self.generation = Some(cx.overview.generation);
            self.snapshots.set(snapshots);
        }
    }

    fn take_saved(&mut self, out: &mut Outbox) {
        if !self.saving.poll() {
            return;
        }
        match (self.saving.value(), self.saving.error()) {
            (Some(rules), _) => {
                self.saved = rules.clone();
                self.was_changed_elsewhere = false;
                let told = format!("{} is saved. The next backup goes by it.", self.name);
                out.tell(Tone::Good, told);
                out.send(Command::Refresh);
            }
            (None, Some(error)) => {
                // It stands in the screen as well, which may not be shown any more.
                let told = format!("{}: {}", self.name, words::sentence(error));
                out.tell(Tone::Error, told);
            }
            (None, None) => {}
        }
    }

    fn save(&mut self, cx: &Cx<'_>) {
        let (catalog, name, rules) = (cx.catalog.clone(), self.name.clone(), self.draft());
        let repository =
            (rules.repository != self.saved.repository).then(|| rules.repository.clone());
        self.saving.start(cx.workers, "save the archive", move |_| {
            let specification = rules.specification;
            let found = catalog.change_archive(&name, specification, repository.as_ref())?;
            Ok(Rules::of(&found.entry))
        });
    }

    fn handle(&mut self, message: Message, cx: &Cx<'_>, out: &mut Outbox) {
        match message {
            Message::Show(tab) => self.tab = tab,
            Message::Edit(edit) => self.editor.apply(edit),
            Message::SetRepository(repository) => self.repository = repository,
            Message::Save => self.save(cx),
            Message::Revert => self.revert(),
            Message::DeleteSnapshots => {
                let dates = self.snapshots.chosen_dates();
                let chosen = ChosenSnapshots {
                    archive: self.name.clone(),
                    snapshots: self.snapshots.chosen(),
                    allow_last: self.snapshots.is_all_chosen(),
                };
                let dialog = DeleteSnapshots::new(vec![chosen], dates);
                out.send(Command::Open(Box::new(dialog)));
            }
            Message::Browse(snapshot) => out.send(Command::Browse(BrowseTarget {
                source: SeriesSource::Archive(self.name.clone()),
                snapshot: Some(snapshot),
                folder: None,
                versions_of: None,
            })),
            Message::Toggle(row) => self.editor.tree.toggle(row, cx),
            Message::SetOpen(row, is_open) => self.editor.tree.set_open(row, is_open, cx),
            Message::GoUp(row) => self.editor.tree.go_up(row),
            // The others are about the screen as a whole.
            _ => {}
        }
    }

    fn lines(&self) -> Vec<String> {
        let name = self.name.as_str();
        let draft = self.draft();
        let edit = lines::edit(
            name,
            (&self.saved.specification, self.saved.repository.as_str()),
            (&draft.specification, draft.repository.as_str()),
        );
        let mut all: Vec<String> = edit.into_iter().collect();
        match self.tab {
            Tab::Rules => all.push(Line::new("gibus archive preview").word(name).end()),
            Tab::Disk => {
                let asked = self.editor.why.asked().map(crate::fs::path_bytes);
                let line = Line::new("gibus archive explain").word(name);
                all.extend(asked.map(|path| line.word(path).end()));
            }
            Tab::Snapshots => {
                let chosen = self.snapshots.chosen();
                let line = Line::new("gibus snapshots").option("--archive", name);
                all.push(line.end());
                let is_all = self.snapshots.is_all_chosen();
                all.extend(delete_snapshots(&self.name, &chosen, is_all));
                if !chosen.is_empty() {
                    let repository = self.saved.repository.as_str();
                    all.push(Line::new("gibus repo prune").word(repository).end());
                }
            }
        }
        all
    }
}

impl Rules {
    fn of(entry: &ArchiveEntry) -> Rules {
        Rules {
            specification: entry.specification.clone(),
            repository: entry.repository.clone(),
        }
    }
}

impl Screen for Archives {
    fn update(&mut self, cx: &Cx<'_>, is_shown: bool, out: &mut Outbox) {
        self.update_choice(cx);
        self.take_proposed(out);
        if self.shows_new && self.new.is_none() && !cx.overview.is_loading() {
            self.new = Some(NewArchive::new(cx));
        }
        if let Some(new) = &mut self.new
            && new.update(cx, is_shown && self.shows_new)
            && let Some(made) = new.made.clone()
        {
            out.tell(Tone::Good, format!("The archive {made} is made."));
            out.send(Command::Refresh);
        }
        for (name, opened) in &mut self.opened {
            opened.take_saved(out);
            let is_chosen = !self.shows_new && self.chosen.as_ref() == Some(name);
            match (is_chosen, is_shown) {
                (true, true) => opened.update(cx),
                // A walk that takes long goes on while one looks at another screen.
                (true, false) => {}
                (false, _) => opened.editor.preview.rest(),
            }
        }
    }

    fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        let mut messages = Vec::new();
        ui::screen_ui(self, ui, cx, out, &mut messages);
        for message in messages {
            self.handle(message, cx, out);
        }
    }

    fn command_lines(&self, cx: &Cx<'_>) -> Vec<String> {
        if self.shows_new {
            let wish = self.new.as_ref().map(|new| new.wish(cx));
            return match wish {
                Some(Ok(wish)) => wish.lines(),
                _ => Vec::new(),
            };
        }
        let opened = self.chosen.as_ref().and_then(|name| self.opened.get(name));
        opened.map(Opened::lines).unwrap_or_default()
    }
}

/// How an archive is, in a few words.
fn state_of(archive: &ArchiveOverview, cx: &Cx<'_>) -> (Tone, String) {
    if cx.jobs.backing_up(&archive.name).is_some() {
        return (Tone::Information, "Backing up now".to_owned());
    }
    if archive.entry.is_err() || archive.snapshots.error().is_some() {
        return (Tone::Error, "Cannot be read".to_owned());
    }
    if archive.snapshots.is_not_answering() {
        return (Tone::Warning, "Not answering".to_owned());
    }
    match (archive.snapshots.value(), archive.newest()) {
        (None, _) => (Tone::Information, "Being read".to_owned()),
        (Some(all), None) if all.unreadable.is_empty() => {
            (Tone::Warning, "Never backed up".to_owned())
        }
        (Some(all), _) if !all.unreadable.is_empty() || all.problem.is_some() => {
            (Tone::Error, "Damaged".to_owned())
        }
        (_, Some(newest)) if !newest.complete => (Tone::Warning, "Something is missing".to_owned()),
        _ => (Tone::Good, "In order".to_owned()),
    }
}

/// How many snapshots, and when the last was made.
fn history_of(archive: &ArchiveOverview, cx: &Cx<'_>) -> String {
    let Some(all) = archive.snapshots.value() else {
        return String::new();
    };
    let number = (all.snapshots.len() + all.unreadable.len()) as u64;
    let counted = crate::human::counted(number, "snapshot", "snapshots");
    match archive.newest() {
        None => counted,
        Some(newest) => {
            let then = jiff::Timestamp::from_second(newest.taken_at.seconds);
            let ago = then.map_or(String::new(), |then| {
                format!(", {}", words::ago(then, cx.now))
            });
            format!("{counted}{ago}")
        }
    }
}
