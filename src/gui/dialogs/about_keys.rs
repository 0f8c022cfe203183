//! All keys, listed.

use egui::{Grid, RichText, Ui};

use super::{DialogWindow, Stay};
use crate::gui::command::{Action, Outbox};
use crate::gui::cx::Cx;
use crate::gui::theme::{palette, space, text};
use crate::gui::widgets::Button;

/// Keys inside tables and trees, which are no commands.
const IN_TABLES: [(&str, &str); 8] = [
    ("Arrows, Page, Home, End", "Move in a table or a tree"),
    ("Enter", "Open the row"),
    ("Space", "Select the row"),
    ("Shift + arrows", "Select several rows"),
    ("Ctrl + A", "Select all rows"),
    ("Letters", "Go to a name"),
    ("Backspace", "Go up one folder, in Browse"),
    (
        "[ and ], or Alt + Left and Right",
        "Go to the older or newer snapshot, in Browse",
    ),
];

/// The list of keys.
pub struct Shortcuts;

impl DialogWindow for Shortcuts {
    fn title(&self) -> String {
        "Keyboard shortcuts".to_owned()
    }

    fn body_ui(&mut self, ui: &mut Ui, _: &Cx<'_>, _: &mut Outbox) {
        let weak = palette(ui.ctx()).weak;
        let ctx = ui.ctx().clone();
        Grid::new("keys")
            .num_columns(2)
            .spacing([space::XL, space::S])
            .show(ui, |ui| {
                let mut row = |keys: &str, meaning: &str| {
                    ui.label(RichText::new(keys).text_style(text::strong()));
                    ui.label(RichText::new(meaning).color(weak));
                    ui.end_row();
                };
                for action in Action::ALL {
                    row(
                        &ctx.format_shortcut(&action.shortcut()),
                        &format!("{}: {}", action.label(), action.explanation()),
                    );
                }
                row("Tab, Shift + Tab", "Go to the next or previous control");
                row("Escape", "Close a dialog");
                for (keys, meaning) in IN_TABLES {
                    row(keys, meaning);
                }
            });
    }

    fn width(&self) -> f32 {
        620.0
    }

    fn buttons_ui(&mut self, ui: &mut Ui, _: &Cx<'_>, _: &mut Outbox) -> Stay {
        match Button::primary("Close").show(ui) {
            true => Stay::Close,
            false => Stay::Open,
        }
    }
}
