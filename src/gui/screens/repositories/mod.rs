//! Repositories: is it healthy?

use egui::Ui;

use super::Screen;
use crate::gui::command::Outbox;
use crate::gui::cx::Cx;

/// The state of the screen.
#[derive(Default)]
pub struct Repositories {}

impl Repositories {
    /// Shows this repository.
    pub fn show(&mut self, repository: crate::snapshot::places::RepositoryName) {
        let _ = repository;
    }
}

impl Screen for Repositories {
    fn update(&mut self, cx: &Cx<'_>, is_shown: bool, out: &mut Outbox) {
        let _ = (cx, is_shown, out);
    }

    fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        let _ = (ui, cx, out);
    }

    fn command_lines(&self, _: &Cx<'_>) -> Vec<String> {
        Vec::new()
    }
}
