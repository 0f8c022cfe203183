//! "As a command line": what to type in a terminal for the same.

use egui::{CollapsingHeader, RichText, Ui};
use lucide_icons::Icon;

use super::icon_button_ui;
use crate::gui::command::{Command, Outbox};
use crate::gui::theme::palette;

/// Draws the lines, folded away until they are asked for.
pub fn command_lines_ui(ui: &mut Ui, lines: &[String], out: &mut Outbox) {
    if lines.is_empty() {
        return;
    }
    let palette = palette(ui.ctx());
    CollapsingHeader::new(
        RichText::new("As a command line")
            .small()
            .color(palette.weak),
    )
    .id_salt("command lines")
    .show(ui, |ui| {
        for line in lines {
            ui.horizontal(|ui| {
                if icon_button_ui(ui, Icon::Copy, "Copy this command").clicked() {
                    out.send(Command::CopyText(line.clone()));
                }
                ui.add(egui::Label::new(RichText::new(line).monospace()).selectable(true));
            });
        }
    });
}
