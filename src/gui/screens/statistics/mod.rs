//! Statistics: what does it cost, and what made it grow?
//!
//! What the snapshots say of themselves is in the overview already; what they take is told by their repositories
//! ([`costs`]). Both become rows ([`data`]), which the three parts of the screen are about:
//! - [`overview_ui`] headlines and charts ([`charts`]), with a table of the same numbers ([`measure`])
//! - [`space`] what takes the space in one snapshot, as a treemap
//! - [`cleanup`] what deleting snapshots would free
//!
//! [`save`] saves numbers and pictures.

mod axis;
mod charts;
pub mod cleanup;
mod costs;
pub mod data;
pub mod measure;
mod overview_ui;
mod save;
pub mod space;
mod ui;

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::Ui;

pub use save::SaveFile;

use self::cleanup::Cleanup;
use self::costs::{Claim, Known};
use self::data::{Choice, Costs, Row, add_costs, choices, claims, rows};
use self::save::Content;
use self::space::Space;
use super::Screen;
use crate::format::id::Id;
use crate::gui::command::{Command, Outbox};
use crate::gui::cx::Cx;
use crate::gui::widgets::Shot;
use crate::gui::widgets::table::TableState;
use crate::gui::words::sentence;
use crate::jobs::Fetch;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::places::ArchiveName;

/// The state of the screen.
#[derive(Default)]
pub struct Statistics {
    choice: Option<Choice>,
    tab: Tab,
    rows: Vec<Row>,
    costs: Fetch<Costs>,
    /// What the costs depend on, as it was when they were asked for.
    asked: Option<Asked>,
    /// The overview that the rows were made of.
    generation: Option<u64>,
    is_table: bool,
    table: TableState,
    shot: Shot,
    pub space: Space,
    pub cleanup: Cleanup,
}

/// A part of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Overview,
    Space,
    CleanUp,
}

#[derive(PartialEq)]
struct Asked {
    claims: BTreeMap<Id, Vec<Claim>>,
    /// Of each repository, which answer of what it holds.
    answers: Vec<u64>,
}

impl Statistics {
    /// Shows this archive.
    pub fn show(&mut self, archive: ArchiveName) {
        self.choose(Choice::Archive(archive));
        self.tab = Tab::Overview;
    }

    /// Shows what a snapshot brought.
    pub fn show_growth(&mut self, archive: ArchiveName, snapshot: SnapshotName) {
        if !self
            .choice
            .as_ref()
            .is_some_and(|choice| choice.is_of(&archive))
        {
            self.choose(Choice::Archive(archive.clone()));
        }
        self.tab = Tab::Space;
        self.space.show_growth(archive, snapshot);
    }

    fn choose(&mut self, choice: Choice) {
        if self.choice.as_ref() != Some(&choice) {
            self.choice = Some(choice);
            self.rows.clear();
            self.costs.clear();
            self.asked = None;
            self.generation = None;
            self.table.reset();
            self.space.reset();
            self.cleanup.reset();
        }
    }

    /// The rows that are shown, oldest first.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Makes the rows anew where they may be others now.
    fn make_rows(&mut self, cx: &Cx<'_>) {
        let Some(choice) = &self.choice else {
            return;
        };
        if self.generation == Some(cx.overview.generation) {
            return;
        }
        self.generation = Some(cx.overview.generation);
        self.rows = rows(choice, cx.overview);
        if let Some(costs) = self.costs.value() {
            add_costs(&mut self.rows, costs);
        }
    }

    /// Asks who holds what where that is not known, and what the snapshots take where they may take another thing
    /// now.
    fn ask(&mut self, cx: &Cx<'_>, out: &mut Outbox) {
        let claims = claims(&self.rows);
        for repository in claims.keys() {
            if cx.holdings.is_stale(*repository, cx.overview) {
                out.send(Command::OpenHoldings(*repository));
            }
        }
        let is_settled = |id: &Id| cx.holdings.is_settled(*id, cx.overview);
        if claims.is_empty() || !claims.keys().all(is_settled) {
            return;
        }
        let answers = claims.keys().map(|id| cx.holdings.answers(*id)).collect();
        let asked = Asked { claims, answers };
        if self.asked.as_ref() == Some(&asked) {
            return;
        }
        let known = asked.claims.keys().filter_map(|id| {
            let known: Known = match (cx.holdings.get(*id), cx.holdings.error(*id)) {
                (Some(holdings), _) => Ok(Arc::clone(holdings)),
                (None, error) => Err(sentence(error?)),
            };
            Some((*id, known))
        });
        let (known, claims): (BTreeMap<Id, Known>, _) = (known.collect(), asked.claims.clone());
        self.costs.start(cx.workers, "costs", move |monitor| {
            costs::costs(&known, &claims, monitor)
        });
        self.asked = Some(asked);
    }

    /// Whether what snapshots take is being found out, and whether a place has not answered for a while.
    fn is_loading(&self, cx: &Cx<'_>) -> Option<bool> {
        if self.costs.is_loading() {
            return Some(self.costs.is_not_answering());
        }
        let repositories = self.rows.iter().map(|row| row.repository);
        repositories
            .filter_map(|id| cx.holdings.is_loading(id))
            .max()
    }

    /// Opens the dialog that saves something; `what` is in the name of the file that is proposed.
    fn save(&self, content: Content, what: &str, cx: &Cx<'_>, out: &mut Outbox) {
        let label = self.choice.as_ref().map(Choice::label).unwrap_or_default();
        let ending = content.ending();
        let name = format!(
            "gibus-{}-{what}.{ending}",
            label.replace(' ', "-").to_lowercase()
        );
        let suggestion = cx.catalog.home_dir.as_ref().map(|home| home.join(name));
        let dialog = SaveFile::new(content, suggestion.as_deref());
        out.send(Command::Open(Box::new(dialog)));
    }
}

impl Screen for Statistics {
    fn update(&mut self, cx: &Cx<'_>, is_shown: bool, out: &mut Outbox) {
        let has_costs = self.costs.poll();
        if is_shown {
            let choices = choices(cx.overview);
            let is_there = |choice: &Choice| choices.contains(choice);
            if !self.choice.as_ref().is_some_and(is_there)
                && let Some(first) = choices.into_iter().next()
            {
                self.choose(first);
            }
            self.make_rows(cx);
            self.ask(cx, out);
        }
        if has_costs && let Some(costs) = self.costs.value() {
            add_costs(&mut self.rows, costs);
        }
        let is_tab = |tab| is_shown && self.tab == tab;
        let (in_space, in_cleanup) = (is_tab(Tab::Space), is_tab(Tab::CleanUp));
        self.space.update(&self.rows, in_space, cx);
        self.cleanup.update(&self.rows, in_cleanup, cx);
    }

    fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        self.page_ui(ui, cx, out);
        if let Some((what, picture)) = self.shot.take(ui.ctx().pixels_per_point()) {
            let content = Content::Picture(Arc::new(picture));
            self.save(content, what, cx, out);
        }
    }

    fn head_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        self.save_ui(ui, cx, out);
    }

    fn command_lines(&self, cx: &Cx<'_>) -> Vec<String> {
        // Names need no quotes: they are made of letters, digits, '.', '-' and '_'.
        match (&self.choice, self.tab) {
            (None, _) => vec!["gibus archive list".to_owned()],
            (_, Tab::CleanUp) if !self.cleanup.ticks.is_empty() => self.cleanup.command_lines(cx),
            (_, Tab::Space) => self.space.command_lines(),
            (Some(Choice::Archive(name)), _) => {
                let mut lines = vec![
                    format!("gibus snapshots -A {name} --storage-stats"),
                    format!("gibus snapshots -A {name} --build-stats"),
                ];
                let archive = cx.overview.archive(name);
                if let Some(entry) = archive.and_then(|archive| archive.entry.as_ref().ok()) {
                    lines.push(format!("gibus repo stats {}", entry.repository));
                }
                lines
            }
            (Some(Choice::Repository(name)), _) => {
                let mut lines = vec![format!("gibus repo stats {name}")];
                if let Some(repository) = cx.overview.repository(name) {
                    let archives = repository.archives.iter();
                    lines.extend(
                        archives.map(|name| format!("gibus snapshots -A {name} --storage-stats")),
                    );
                }
                lines
            }
        }
    }
}
