//! Words in the place of content: nothing here yet, still loading, could not be read.

use egui::{Frame, Margin, RichText, Ui};
use lucide_icons::Icon;

use super::icon_ui;
use crate::error::Error;
use crate::gui::command::Tone;
use crate::gui::theme::{palette, space, text};
use crate::gui::words;

/// Where there is nothing to show: what this place is for, and what to do.
pub fn empty_ui(ui: &mut Ui, icon: Icon, title: &str, explanation: &str) {
    let palette = palette(ui.ctx());
    ui.vertical_centered(|ui| {
        ui.add_space(space::XXL);
        icon_ui(ui, icon, 36.0, palette.weak);
        ui.label(RichText::new(title).text_style(text::headline()));
        ui.label(RichText::new(explanation).color(palette.weak));
        ui.add_space(space::L);
    });
}

/// While something is read. After some seconds it says that the place is not answering.
pub fn loading_ui(ui: &mut Ui, what: &str, is_not_answering: bool) {
    let palette = palette(ui.ctx());
    ui.horizontal(|ui| {
        if is_not_answering {
            icon_ui(ui, Icon::CircleAlert, 15.0, palette.warning);
            ui.label(RichText::new(format!("{what}: not answering")).color(palette.warning));
        } else {
            ui.add(egui::Spinner::new().size(15.0));
            ui.label(RichText::new(what).color(palette.weak));
        }
    });
}

/// An error: what was attempted, why it failed, what to do next.
pub fn error_ui(ui: &mut Ui, error: &Error) {
    notice_ui(
        ui,
        Tone::Error,
        &words::error_title(error),
        &words::error_rest(error),
    );
}

/// A few words that matter, on a wash of their colour.
pub fn notice_ui(ui: &mut Ui, tone: Tone, title: &str, rest: &str) {
    let palette = palette(ui.ctx());
    let (ink, icon) = match tone {
        Tone::Good => (palette.good, Icon::CircleCheck),
        Tone::Information => (palette.weak, Icon::Info),
        Tone::Warning => (palette.warning, Icon::TriangleAlert),
        Tone::Error => (palette.error, Icon::CircleAlert),
    };
    Frame::new()
        .fill(ink.gamma_multiply(0.10))
        .corner_radius(8)
        .inner_margin(Margin::same(12))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal_top(|ui| {
                icon_ui(ui, icon, 17.0, ink);
                ui.vertical(|ui| {
                    let title = RichText::new(title).text_style(text::strong()).color(ink);
                    ui.add(egui::Label::new(title).wrap());
                    if !rest.is_empty() {
                        ui.add(egui::Label::new(rest).wrap().selectable(true));
                    }
                });
            });
        });
}
