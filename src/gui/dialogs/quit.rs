//! The window is to be closed while something is running.

use egui::Ui;

use super::{DialogWindow, Stay};
use crate::gui::command::{Command, Outbox};
use crate::gui::cx::Cx;
use crate::gui::widgets::Button;
use crate::gui::words;

/// Asks what is to become of running jobs.
pub struct QuitWhileRunning;

impl DialogWindow for QuitWhileRunning {
    fn title(&self) -> String {
        "Something is still running".to_owned()
    }

    fn body_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        for job in cx.jobs.running() {
            ui.label(format!("• {}", words::work_title(&job.work)));
        }
        ui.add(
            egui::Label::new(
                "If you stop now, nothing that is backed up already is harmed, and the next run goes on \
                 where this one stopped.",
            )
            .wrap(),
        );
        if !cx.jobs.is_any_running() {
            // It ended while the question stood here.
            out.send(Command::QuitNow);
        }
    }

    fn buttons_ui(&mut self, ui: &mut Ui, _: &Cx<'_>, out: &mut Outbox) -> Stay {
        if Button::primary("Keep running").show(ui) {
            return Stay::Close;
        }
        if Button::danger("Stop and quit").show(ui) {
            out.send(Command::QuitNow);
            return Stay::Close;
        }
        Stay::Open
    }
}
