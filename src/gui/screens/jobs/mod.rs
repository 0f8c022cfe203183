//! Jobs: what is happening?

use egui::Ui;

use super::Screen;
use crate::gui::command::Outbox;
use crate::gui::cx::Cx;

/// The state of the screen.
#[derive(Default)]
pub struct JobsScreen {}

impl JobsScreen {
    /// Shows this job.
    pub fn show(&mut self, job: crate::jobs::JobId) {
        let _ = job;
    }
}

impl Screen for JobsScreen {
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
