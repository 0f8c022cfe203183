//! Repositories: is it healthy?
//!
//! A card for each, worked out from what is known anyway ([`data`]), and dialogs for what can be done: what takes
//! long is a job, what is quick is done by the dialog on a thread.

mod adopt;
mod convert;
mod create;
pub mod data;
mod delete;
mod form;
mod prune;
mod ui;
mod unlock;

use std::collections::BTreeSet;

use egui::Ui;

pub use adopt::AdoptRepository;
pub use convert::ConvertRepository;
pub use create::CreateRepository;
pub use delete::DeleteRepository;
pub use prune::PruneRepository;
pub use unlock::UnlockRepository;

use self::data::{Card, card};
use super::Screen;
use crate::gui::command::{Command, Outbox};
use crate::gui::cx::Cx;
use crate::gui::widgets::Button;
use crate::snapshot::places::RepositoryName;

/// The state of the screen.
#[derive(Default)]
pub struct Repositories {
    cards: Vec<Card>,
    /// The one that the command lines are about.
    current: Option<RepositoryName>,
    /// Shown when it is drawn next.
    scroll_to: Option<RepositoryName>,
    /// Those whose whole list of findings is unfolded.
    unfolded: BTreeSet<RepositoryName>,
}

impl Repositories {
    /// Shows this repository.
    pub fn show(&mut self, repository: RepositoryName) {
        self.current = Some(repository.clone());
        self.scroll_to = Some(repository);
    }
}

impl Screen for Repositories {
    fn update(&mut self, cx: &Cx<'_>, is_shown: bool, _: &mut Outbox) {
        if !is_shown {
            return;
        }
        let repositories = cx.overview.repositories.iter();
        self.cards = repositories
            .map(|repository| card(repository, cx.jobs, cx.history, cx.now))
            .collect();
        let is_there = |name: &RepositoryName| self.cards.iter().any(|card| card.name == *name);
        if !self.current.as_ref().is_some_and(is_there) {
            self.current = self.cards.first().map(|card| card.name.clone());
        }
    }

    fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        self.cards_ui(ui, cx, out);
    }

    fn head_ui(&mut self, ui: &mut Ui, _: &Cx<'_>, out: &mut Outbox) {
        if Button::primary("New repository").show(ui) {
            out.send(Command::Open(Box::new(CreateRepository::default())));
        }
        if Button::new("Adopt a repository")
            .explain("Take one that is there already into the list")
            .show(ui)
        {
            out.send(Command::Open(Box::new(AdoptRepository::default())));
        }
    }

    fn command_lines(&self, _: &Cx<'_>) -> Vec<String> {
        let mut lines = vec!["gibus repo list".to_owned()];
        // Names of repositories need no quotes: they are made of letters, digits, '.', '-' and '_'.
        if let Some(name) = &self.current {
            lines.extend([
                format!("gibus repo stats {name}"),
                format!("gibus repo check {name}"),
                format!("gibus repo check {name} --read-data"),
                format!("gibus repo prune {name} --dry-run"),
            ]);
        }
        lines
    }
}
