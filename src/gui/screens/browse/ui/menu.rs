//! The menu of what can be done with one thing.

use egui::Ui;

use super::super::act::{Ask, ItemAction};
use super::super::{Browse, Item};
use crate::gui::theme::CONTROL_HEIGHT;

impl Browse {
    /// A menu's entries.
    pub(super) fn item_menu_ui(&self, ui: &mut Ui, item: Option<Item>, asks: &mut Vec<Ask>) {
        ui.set_min_width(220.0);
        let Some(item) = item else {
            ui.label("Choose a row first");
            return;
        };
        for action in ItemAction::ALL {
            let reason = action.reason_against(&item, self.source.as_ref());
            let button = egui::Button::new(action.label())
                .frame_when_inactive(false)
                .min_size(egui::vec2(0.0, CONTROL_HEIGHT));
            let response = ui.add_enabled(reason.is_none(), button);
            if response.clicked() {
                asks.push(Ask::Do(action, item.clone()));
                ui.close();
            }
            if let Some(reason) = reason {
                response.on_disabled_hover_text(reason);
            }
        }
    }
}
