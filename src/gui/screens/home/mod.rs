//! Home: am I safe?
//!
//! `data` judges each archive by its snapshots, `strip` draws its last days, `ui` the cards.

mod data;
mod strip;
mod ui;

use egui::Ui;

use self::data::{Known, Safety};
use super::Screen;
use crate::gui::command::{Command, Outbox};
use crate::gui::cx::Cx;
use crate::gui::lines::{back_up, first_archive};
use crate::gui::overview::ArchiveOverview;
use crate::gui::widgets::Button;
use crate::gui::words;
use crate::jobs::Work;
use crate::jobs::history::HistoryEntry;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::places::ArchiveName;

/// The state of the screen.
#[derive(Default)]
pub struct Home {
    cards: Vec<Card>,
    /// What the cards were worked out from.
    worked_out_for: Option<Basis>,
}

/// An archive as it is shown.
struct Card {
    name: ArchiveName,
    /// What it includes, and where that goes, in a line.
    what: String,
    safety: Safety,
    /// The newest snapshot that can be read.
    newest: Option<SnapshotName>,
}

/// The cards are worked out anew when something of this has changed.
#[derive(PartialEq)]
struct Basis {
    generation: u64,
    minute: i64,
    history: usize,
    not_answering: Vec<bool>,
}

impl Home {
    fn work_out(&mut self, cx: &Cx<'_>) {
        let archives = &cx.overview.archives;
        let basis = Basis {
            generation: cx.overview.generation,
            minute: cx.now.timestamp().as_second() / 60,
            history: cx.history.entries.len(),
            not_answering: archives
                .iter()
                .map(|archive| archive.snapshots.is_not_answering())
                .collect(),
        };
        if self.worked_out_for.as_ref() == Some(&basis) {
            return;
        }
        self.cards = archives.iter().map(|archive| card(archive, cx)).collect();
        self.worked_out_for = Some(basis);
    }

    /// Why not everything can be backed up now.
    fn reason_against_all(&self, cx: &Cx<'_>) -> Option<&'static str> {
        let mut all = cx.overview.archives.iter();
        if self.cards.is_empty() {
            return Some("There is nothing to back up yet");
        }
        all.all(|archive| cx.jobs.backing_up(&archive.name).is_some())
            .then_some("All of it is being backed up")
    }
}

fn card(archive: &ArchiveOverview, cx: &Cx<'_>) -> Card {
    let title = words::work_title(&Work::BackUp {
        archive: archive.name.clone(),
    });
    let runs: Vec<&HistoryEntry> = cx
        .history
        .entries
        .iter()
        .filter(|entry| entry.title == title)
        .collect();
    let known = Known {
        snapshots: archive.snapshots.value(),
        error: archive.entry.as_ref().err().or(archive.snapshots.error()),
        is_not_answering: archive.snapshots.is_not_answering(),
        runs: &runs,
    };
    Card {
        name: archive.name.clone(),
        what: data::what(archive.entry.as_ref().ok()),
        safety: data::safety(&known, cx.now),
        newest: archive.newest().map(|newest| newest.name),
    }
}

impl Screen for Home {
    fn update(&mut self, cx: &Cx<'_>, is_shown: bool, out: &mut Outbox) {
        if !is_shown {
            return;
        }
        self.work_out(cx);
        for card in &self.cards {
            if let Some(snapshot) = card.newest
                && cx.grown.is_unasked(&card.name, snapshot)
            {
                let archive = card.name.clone();
                out.send(Command::FindGrowth { archive, snapshot });
            }
        }
    }

    fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        self.home_ui(ui, cx, out);
    }

    fn head_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        if cx.overview.archives.is_empty() {
            return;
        }
        let reason = self.reason_against_all(cx);
        let button = Button::primary("Back up all now").explain("Makes a snapshot of each archive");
        if button.disabled_because(reason).show(ui) {
            out.send(Command::BackUpAll);
        }
    }

    fn command_lines(&self, cx: &Cx<'_>) -> Vec<String> {
        let archives = &cx.overview.archives;
        if archives.is_empty() {
            let repository = cx.overview.repositories.first();
            let home = cx.catalog.home_dir.as_deref();
            return first_archive(home, repository.map(|repository| &repository.name));
        }
        vec![back_up(archives.iter().map(|archive| &archive.name))]
    }
}
