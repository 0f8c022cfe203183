//! Exigency: everything is lost but the backups.
//!
//! Nothing is written here but the configuration, and that only when something is taken into it. What is found
//! can be looked into and restored without that.

mod data;
mod find;
mod ui;

use std::path::PathBuf;

use egui::Ui;

use self::data::{Adopted, Discovery, FoundArchive, FoundRepository};
use self::find::Adopt;
use super::Screen;
use crate::error::{Error, ErrorKind};
use crate::gui::command::{BrowseTarget, Command, Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::picker::PickWhat;
use crate::gui::widgets::PathField;
use crate::jobs::Fetch;
use crate::snapshot::places::ArchiveName;

/// The state of the screen.
pub struct Exigency {
    /// A snapshot file, or a folder of them.
    file: PathField,
    /// Where to search.
    folder: PathField,
    disks: Fetch<Vec<PathBuf>>,
    finding: Fetch<Discovery>,
    looked: Option<Looked>,
    found: Option<Found>,
    adopting: Fetch<Vec<Adopted>>,
    was_shown: bool,
}

/// What was last looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Looked {
    At(PathBuf),
    In(Vec<PathBuf>),
}

/// What was found, with what the person adds to it.
struct Found {
    discovery: Discovery,
    /// One for each archive.
    cards: Vec<Card>,
    /// Why a repository could not be taken in, by place.
    refused: Vec<(PathBuf, Error)>,
    /// It was not drawn yet, and may be below what is seen.
    is_new: bool,
}

/// What goes with an archive that was found.
struct Card {
    /// Where its repository is, if it was not found.
    repository: PathField,
    locating: Fetch<PathBuf>,
    /// Another name for it, where its own is taken.
    name: String,
    /// Why it could not be taken in.
    refused: Option<Error>,
}

/// What was asked for while drawing.
enum Message {
    Open(PathBuf),
    Search(Vec<PathBuf>),
    CancelSearch,
    LookForDisks,
    /// The archive with this number has its repository in the folder that was typed.
    Locate(usize),
    Browse(usize),
    RestoreEverything(usize),
    AdoptArchive(usize),
    AdoptRepository(usize),
    AdoptAll,
}

impl Default for Exigency {
    fn default() -> Exigency {
        Exigency {
            file: PathField::new(PickWhat::File, "Snapshot file or folder"),
            folder: PathField::new(PickWhat::Folder, "Disk or folder to search"),
            disks: Fetch::default(),
            finding: Fetch::default(),
            looked: None,
            found: None,
            adopting: Fetch::default(),
            was_shown: false,
        }
    }
}

impl Exigency {
    /// Looks for where backups may be: on what is mounted, and where Gibus keeps things by itself.
    fn look_for_disks(&mut self, cx: &Cx<'_>) {
        let own = [Some(&cx.catalog.data_dir), cx.catalog.home_dir.as_ref()];
        let own: Vec<PathBuf> = own.into_iter().flatten().cloned().collect();
        let disks = std::sync::Arc::clone(cx.disks);
        self.disks.start(cx.workers, "disks", move |_| {
            let mut places: Vec<PathBuf> = disks().into_iter().map(|disk| disk.path).collect();
            for place in own {
                if place.is_dir() && !places.contains(&place) {
                    places.push(place);
                }
            }
            Ok(places)
        });
    }

    fn find(&mut self, looked: Looked, cx: &Cx<'_>) {
        self.found = None;
        self.finding.clear();
        self.looked = Some(looked.clone());
        self.finding
            .start(cx.workers, "exigency", move |monitor| match looked {
                Looked::At(path) => find::open(&path),
                Looked::In(folders) => find::search_in(&folders, monitor),
            });
    }

    fn take_found(&mut self) {
        let Some(discovery) = self.finding.value_mut() else {
            return;
        };
        let discovery = std::mem::take(discovery);
        let cards = discovery.archives.iter().map(|archive| Card {
            repository: PathField::new(
                PickWhat::Folder,
                &format!("Repository of {}", archive.title()),
            ),
            locating: Fetch::default(),
            name: archive.name.to_string(),
            refused: None,
        });
        self.found = Some(Found {
            cards: cards.collect(),
            discovery,
            refused: Vec::new(),
            is_new: true,
        });
    }

    fn adopt(&mut self, what: Vec<Adopt>, cx: &Cx<'_>) {
        let catalog = cx.catalog.clone();
        self.adopting.start(cx.workers, "adopt", move |_| {
            Ok(find::adopt(&catalog, &what))
        });
    }

    fn take_adopted(&mut self, out: &mut Outbox) {
        let Some(adopted) = self.adopting.value_mut().map(std::mem::take) else {
            return;
        };
        for adopted in adopted {
            match (adopted.result, &mut self.found) {
                (Ok(told), found) => {
                    out.tell(Tone::Good, told);
                    if let Some(found) = found {
                        found.forget_refusal(&adopted.place);
                    }
                }
                (Err(error), Some(found)) => found.refuse(adopted.place, error),
                (Err(error), None) => out.tell(Tone::Error, error.to_string()),
            }
        }
        out.send(Command::Refresh);
    }

    fn handle(&mut self, message: Message, cx: &Cx<'_>, out: &mut Outbox) {
        match message {
            Message::Open(path) => self.find(Looked::At(path), cx),
            Message::Search(folders) => {
                if let [only] = folders.as_slice() {
                    self.folder.set(only);
                }
                self.find(Looked::In(folders), cx);
            }
            Message::CancelSearch => {
                self.finding.cancel();
                self.looked = None;
            }
            Message::LookForDisks => self.look_for_disks(cx),
            Message::Locate(index) => {
                if let Some((archive, card)) = self.archive_mut(index) {
                    card.locate(archive, cx);
                }
            }
            Message::Browse(index) => {
                if let Some((archive, _)) = self.archive_mut(index) {
                    out.send(Command::Browse(BrowseTarget {
                        source: archive.source(),
                        snapshot: None,
                        folder: None,
                        versions_of: None,
                    }));
                }
            }
            Message::RestoreEverything(index) => {
                let archive = self.archive_mut(index);
                if let Some(request) = archive.and_then(|(archive, _)| archive.restore_everything())
                {
                    out.send(Command::GetBack(request));
                }
            }
            Message::AdoptArchive(index) => {
                let adopt = self.archive_mut(index).map(|(archive, card)| {
                    card.refused = None;
                    adopt_archive(archive, card)
                });
                match adopt {
                    Some(Ok(adopt)) => self.adopt(vec![adopt], cx),
                    Some(Err(error)) => {
                        if let Some((_, card)) = self.archive_mut(index) {
                            card.refused = Some(error);
                        }
                    }
                    None => {}
                }
            }
            Message::AdoptRepository(index) => {
                let place = self.found.as_ref().and_then(|found| {
                    let repository = found.discovery.repositories.get(index)?;
                    Some(repository.place.clone())
                });
                if let Some(place) = place {
                    self.adopt(vec![Adopt::Repository(place)], cx);
                }
            }
            Message::AdoptAll => {
                let all = self.found.as_ref().map(|found| found.all_to_adopt(cx));
                self.adopt(all.unwrap_or_default(), cx);
            }
        }
    }

    fn archive_mut(&mut self, index: usize) -> Option<(&mut FoundArchive, &mut Card)> {
        let found = self.found.as_mut()?;
        let archive = found.discovery.archives.get_mut(index)?;
        Some((archive, found.cards.get_mut(index)?))
    }
}

/// Errors: what was typed cannot be a name.
fn adopt_archive(archive: &FoundArchive, card: &Card) -> Result<Adopt, Error> {
    let name = match card.name.trim() {
        own if own == archive.name.as_str() => None,
        other => Some(ArchiveName::new(other)?),
    };
    Ok(Adopt::Archive {
        place: archive.place.clone(),
        name,
        repository: archive.repository.as_ref().ok().cloned(),
    })
}

impl Card {
    fn locate(&mut self, archive: &FoundArchive, cx: &Cx<'_>) {
        let Some(given) = self.repository.path(cx) else {
            return;
        };
        let (wanted, near) = (archive.wanted.clone(), archive.place.clone());
        self.locating.start(cx.workers, "repository", move |_| {
            find::repository_in(&wanted, &near, &given)
        });
    }

    fn update(&mut self, archive: &mut FoundArchive, cx: &Cx<'_>) {
        if self.repository.update(cx) {
            self.locate(archive, cx);
        }
        if self.locating.poll()
            && let Some(place) = self.locating.value()
        {
            archive.repository = Ok(place.clone());
        }
    }

    /// Whether another name would help.
    fn wants_name(&self) -> bool {
        let kind = self.refused.as_ref().map(Error::kind);
        matches!(kind, Some(ErrorKind::AlreadyExists | ErrorKind::Invalid))
    }
}

impl Found {
    fn refuse(&mut self, place: PathBuf, error: Error) {
        let archives = self.discovery.archives.iter();
        let index = archives
            .enumerate()
            .find(|(_, archive)| archive.place == place)
            .map(|(index, _)| index);
        match index.and_then(|index| self.cards.get_mut(index)) {
            Some(card) => card.refused = Some(error),
            None => self.refused.push((place, error)),
        }
    }

    fn forget_refusal(&mut self, place: &std::path::Path) {
        self.refused.retain(|(refused, _)| refused != place);
        for (archive, card) in self.discovery.archives.iter().zip(&mut self.cards) {
            if archive.place == place {
                card.refused = None;
            }
        }
    }

    /// All that can be taken in and is not there yet; repositories that archives bring along come with them.
    fn all_to_adopt(&self, cx: &Cx<'_>) -> Vec<Adopt> {
        let mut all = Vec::new();
        let mut brought = Vec::new();
        for (archive, card) in self.discovery.archives.iter().zip(&self.cards) {
            let can = archive.reason_against_adopting().is_none();
            if can
                && reason_known(archive, cx).is_none()
                && let Ok(adopt) = adopt_archive(archive, card)
            {
                all.push(adopt);
                brought.extend(archive.repository.as_ref().ok().cloned());
            }
        }
        for repository in &self.discovery.repositories {
            let is_brought = brought.contains(&repository.place);
            if !is_brought
                && repository.id.is_ok()
                && reason_known_repository(repository, cx).is_none()
            {
                all.push(Adopt::Repository(repository.place.clone()));
            }
        }
        all
    }
}

/// What the configuration calls an archive that it has at this very place.
fn reason_known(archive: &FoundArchive, cx: &Cx<'_>) -> Option<String> {
    let known = cx.overview.archives.iter().find(|known| {
        let entry = known.entry.as_ref();
        entry.is_ok_and(|entry| entry.id == archive.id && entry.place == archive.place)
    });
    known.map(|known| format!("The configuration has it already, as {}", known.name))
}

fn reason_known_repository(repository: &FoundRepository, cx: &Cx<'_>) -> Option<String> {
    let id = repository.id.as_ref().ok()?;
    let known = cx.overview.repositories.iter().find(|known| {
        let entry = known.entry.as_ref();
        entry.is_ok_and(|entry| entry.id == *id && entry.place == repository.place)
    });
    known.map(|known| format!("The configuration has it already, as {}", known.name))
}

impl Screen for Exigency {
    fn update(&mut self, cx: &Cx<'_>, is_shown: bool, out: &mut Outbox) {
        if is_shown && !self.was_shown {
            // A disk may have been plugged in meanwhile.
            self.look_for_disks(cx);
        }
        self.was_shown = is_shown;
        self.disks.poll();
        self.file.update(cx);
        self.folder.update(cx);
        if self.finding.poll() {
            self.take_found();
        }
        if self.adopting.poll() {
            self.take_adopted(out);
        }
        if let Some(found) = &mut self.found {
            for (archive, card) in found.discovery.archives.iter_mut().zip(&mut found.cards) {
                card.update(archive, cx);
            }
        }
    }

    fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        let mut messages = Vec::new();
        self.screen_ui(ui, cx, &mut messages);
        for message in messages {
            self.handle(message, cx, out);
        }
    }

    fn command_lines(&self, cx: &Cx<'_>) -> Vec<String> {
        /// Those of more archives would fill the screen.
        const MOST_ARCHIVES: usize = 3;
        let mut lines = Vec::new();
        let folders = match (&self.looked, self.folder.path(cx)) {
            (Some(Looked::In(folders)), _) => Some(folders.clone()),
            (_, Some(folder)) => Some(vec![folder]),
            _ => self.disks.value().cloned(),
        };
        if let Some(folders) = folders.filter(|folders| !folders.is_empty()) {
            lines.push(data::scan_line(&folders));
        }
        let found = self.found.iter();
        let archives = found.flat_map(|found| found.discovery.archives.iter());
        for archive in archives.take(MOST_ARCHIVES) {
            lines.extend(archive.command_lines());
        }
        lines
    }
}
