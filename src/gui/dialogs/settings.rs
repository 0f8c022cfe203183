//! How the window looks: theme and size.

use egui::{Slider, ThemePreference, Ui};

use super::{DialogWindow, Stay};
use crate::fs::escaped_path;
use crate::gui::command::{Command, Outbox};
use crate::gui::cx::Cx;
use crate::gui::settings::SCALES;
use crate::gui::theme::space;
use crate::gui::widgets::{Button, facts_ui, group_title_ui};

/// The settings of the window.
pub struct SettingsDialog {
    /// As the slider has it; while it is dragged, that is not yet how large things are.
    scale: f32,
    /// What it was set from: keys change the size as well.
    taken_from: f32,
}

impl SettingsDialog {
    pub fn new(scale: f32) -> SettingsDialog {
        SettingsDialog {
            scale,
            taken_from: scale,
        }
    }
}

impl DialogWindow for SettingsDialog {
    fn title(&self) -> String {
        "Settings".to_owned()
    }

    fn body_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        group_title_ui(ui, "Colours");
        ui.horizontal(|ui| {
            for (theme, label) in [
                (ThemePreference::System, "As the desktop"),
                (ThemePreference::Light, "Light"),
                (ThemePreference::Dark, "Dark"),
            ] {
                let is_chosen = ThemePreference::from(cx.settings.theme) == theme;
                if ui.radio(is_chosen, label).clicked() {
                    out.send(Command::SetTheme(theme));
                }
            }
        });
        ui.add_space(space::M);
        group_title_ui(ui, "Size");
        if self.taken_from != cx.settings.scale {
            *self = SettingsDialog::new(cx.settings.scale);
        }
        let slider = Slider::new(&mut self.scale, SCALES)
            .step_by(0.05)
            .custom_formatter(|value, _| format!("{:.0} %", value * 100.0))
            .text("of the desktop's own");
        let response = ui.add(slider);
        // Only once it is let go: everything would move under the pointer otherwise.
        if response.drag_stopped() || (response.changed() && !response.dragged()) {
            out.send(Command::SetScale(self.scale));
        }
        ui.add_space(space::M);
        group_title_ui(ui, "Where things are");
        facts_ui(
            ui,
            "places",
            &[
                (
                    "Configuration",
                    escaped_path(&cx.catalog.config_dir).to_string(),
                ),
                (
                    "Backups unless told otherwise",
                    escaped_path(&cx.catalog.data_dir).to_string(),
                ),
                ("Version", env!("CARGO_PKG_VERSION").to_owned()),
            ],
        );
    }

    fn buttons_ui(&mut self, ui: &mut Ui, _: &Cx<'_>, _: &mut Outbox) -> Stay {
        match Button::primary("Close").show(ui) {
            true => Stay::Close,
            false => Stay::Open,
        }
    }
}
