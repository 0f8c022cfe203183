//! Statistics: what does it cost?
//!
//! What the snapshots say of themselves is in the overview already; what each of them costs is asked of the
//! repository on a thread ([`costs`]). Both become rows ([`data`]), from which charts and table are drawn.

mod charts;
mod costs;
pub mod data;
mod save;
mod ui;

use std::collections::BTreeMap;

use egui::Ui;

pub use save::SaveCsv;

use self::data::{Choice, Costs, Row, add_costs, choices, claims, csv, rows};
use super::Screen;
use crate::format::id::Id;
use crate::gui::command::{Command, Outbox};
use crate::gui::cx::Cx;
use crate::gui::widgets::Button;
use crate::gui::widgets::table::TableState;
use crate::jobs::Fetch;
use crate::repository::stats::RepositoryStats;
use crate::snapshot::places::ArchiveName;

/// The state of the screen.
#[derive(Default)]
pub struct Statistics {
    choice: Option<Choice>,
    rows: Vec<Row>,
    costs: Fetch<Costs>,
    /// What the costs depend on, as it was when they were asked for.
    asked: Option<Asked>,
    /// The overview that the rows were made of.
    generation: Option<u64>,
    is_table: bool,
    table: TableState,
}

#[derive(PartialEq)]
struct Asked {
    claims: BTreeMap<Id, Vec<Id>>,
    /// Another archive's backup, or a deletion there, changes what is shared.
    stats: Vec<RepositoryStats>,
}

impl Statistics {
    /// Shows this archive.
    pub fn show(&mut self, archive: ArchiveName) {
        self.choose(Choice::Archive(archive));
    }

    fn choose(&mut self, choice: Choice) {
        if self.choice.as_ref() != Some(&choice) {
            self.choice = Some(choice);
            self.rows.clear();
            self.costs.clear();
            self.asked = None;
            self.generation = None;
            self.table.reset();
        }
    }

    /// The rows that are shown, oldest first.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Makes the rows anew, and asks for the costs where they may be others now.
    fn look(&mut self, cx: &Cx<'_>) {
        let Some(choice) = &self.choice else {
            return;
        };
        self.rows = rows(choice, cx.overview);
        let claims = claims(&self.rows);
        let repositories = cx.overview.repositories.iter();
        let stats = repositories.filter(|repository| {
            let entry = repository.entry.as_ref();
            entry.is_ok_and(|entry| claims.contains_key(&entry.id))
        });
        let stats = stats.filter_map(|repository| repository.stats.value().cloned());
        let asked = Asked {
            stats: stats.collect(),
            claims,
        };
        if self.asked.as_ref() != Some(&asked) {
            let (catalog, claims) = (cx.catalog.clone(), asked.claims.clone());
            self.costs.start(cx.workers, "costs", move |monitor| {
                costs::costs(&catalog, &claims, monitor)
            });
            self.asked = Some(asked);
        }
    }
}

impl Screen for Statistics {
    fn update(&mut self, cx: &Cx<'_>, is_shown: bool, _: &mut Outbox) {
        let has_costs = self.costs.poll();
        if !is_shown {
            return;
        }
        let choices = choices(cx.overview);
        let is_there = |choice: &Choice| choices.contains(choice);
        if !self.choice.as_ref().is_some_and(is_there)
            && let Some(first) = choices.into_iter().next()
        {
            self.choose(first);
        }
        let is_other = self.generation != Some(cx.overview.generation);
        if is_other {
            self.generation = Some(cx.overview.generation);
            self.look(cx);
        }
        if (is_other || has_costs)
            && let Some(costs) = self.costs.value()
        {
            add_costs(&mut self.rows, costs);
        }
    }

    fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        self.page_ui(ui, cx, out);
    }

    fn head_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        let reason = self.rows.is_empty().then_some("There are no numbers yet");
        if Button::new("Save as CSV…")
            .explain("Saves all numbers for a spreadsheet")
            .disabled_because(reason)
            .show(ui)
        {
            let label = self.choice.as_ref().map(Choice::label).unwrap_or_default();
            let name = format!("gibus-{}.csv", label.replace(' ', "-").to_lowercase());
            let suggestion = cx.catalog.home_dir.as_ref().map(|home| home.join(name));
            let dialog = SaveCsv::new(csv(&self.rows), suggestion.as_deref());
            out.send(Command::Open(Box::new(dialog)));
        }
    }

    fn command_lines(&self, cx: &Cx<'_>) -> Vec<String> {
        // Names need no quotes: they are made of letters, digits, '.', '-' and '_'.
        match &self.choice {
            None => vec!["gibus archive list".to_owned()],
            Some(Choice::Archive(name)) => {
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
            Some(Choice::Repository(name)) => {
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
