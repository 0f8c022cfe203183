//! What several screens draw alike.
//!
//! Everything that can be clicked or typed into has a name that a screen reader, and so a test, can find.

mod badge;
mod buttons;
mod card;
mod chip;
mod command_lines;
mod fields;
mod focus;
mod hat;
mod notice;
mod path_field;
mod progress;
mod segments;
mod shot;
pub mod table;
mod toasts;

pub use badge::badge_ui;
pub use buttons::{Button, ButtonKind, icon_button_ui, link_ui};
pub use card::{card_frame, card_ui, facts_ui, group_title_ui};
pub use chip::chip_ui;
pub use command_lines::command_lines_ui;
pub use fields::{labelled_ui, search_field_ui, text_field_ui};
pub use focus::follow_focus;
pub use hat::hat_ui;
pub use notice::{empty_ui, error_ui, loading_ui, notice_ui};
pub use path_field::PathField;
pub use progress::progress_bar_ui;
pub use segments::{Segment, segments_ui};
pub use shot::Shot;
pub use toasts::Toasts;

use egui::{Color32, FontFamily, FontId};
use lucide_icons::Icon;

use super::theme::ICON_FAMILY;

/// Draws things whose controls keep the keyboard while others above them come and go: their ids are made from
/// `key`, which nothing else in the window may have, and not from how many there are before them.
pub fn steady_ui<R>(
    ui: &mut egui::Ui,
    key: impl egui::AsIdSalt,
    add_contents: impl FnOnce(&mut egui::Ui) -> R,
) -> R {
    let builder = egui::UiBuilder::new().scope_id(egui::Id::unique(("steady", key)));
    ui.scope_builder(builder, add_contents).inner
}

/// An icon in the row. It has no name: what it stands beside says what it means.
pub fn icon_ui(ui: &mut egui::Ui, icon: Icon, size: f32, color: Color32) {
    let (rect, _) = ui.allocate_exact_size(egui::Vec2::splat(size), egui::Sense::hover());
    paint_icon(ui, rect, icon, size, color);
}

/// An icon painted with its centre in the middle of `rect`, invisible to screen readers.
pub fn paint_icon(ui: &egui::Ui, rect: egui::Rect, icon: Icon, size: f32, color: Color32) {
    let family = FontFamily::Name(ICON_FAMILY.into());
    ui.painter().text(
        rect.center(),
        egui::Align2::CENTER_CENTER,
        char::from(icon),
        FontId::new(size, family),
        color,
    );
}
