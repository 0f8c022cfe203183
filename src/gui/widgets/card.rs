//! Cards: things that belong together, on one piece of paper.

use egui::{CornerRadius, Frame, InnerResponse, Margin, RichText, Stroke, Ui};

use crate::gui::theme::{CARD_RADIUS, palette, space, text};

/// The frame of a card.
pub fn card_frame(ui: &Ui) -> Frame {
    let palette = palette(ui.ctx());
    Frame::new()
        .fill(palette.card)
        .stroke(Stroke::new(1.0, palette.line))
        .corner_radius(CornerRadius::same(CARD_RADIUS))
        .inner_margin(Margin::same(16))
}

/// A card as wide as there is room.
pub fn card_ui<R>(ui: &mut Ui, add_contents: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    card_frame(ui).show(ui, |ui| {
        ui.set_width(ui.available_width());
        add_contents(ui)
    })
}

/// The title of a card or of a part of a screen.
pub fn group_title_ui(ui: &mut Ui, title: &str) {
    ui.label(RichText::new(title).text_style(text::strong()));
}

/// Names and values that line up.
pub fn facts_ui(ui: &mut Ui, id: &str, facts: &[(&str, String)]) {
    let weak = palette(ui.ctx()).weak;
    egui::Grid::new(id)
        .num_columns(2)
        .spacing([space::XL, space::XS])
        .show(ui, |ui| {
            for (name, value) in facts {
                ui.label(RichText::new(*name).color(weak));
                ui.add(egui::Label::new(value).wrap().selectable(true));
                ui.end_row();
            }
        });
}
