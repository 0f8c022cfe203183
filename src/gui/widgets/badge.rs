//! A word on a coloured wash: the state of something.

use egui::{Frame, Margin, Response, RichText, Ui};

use crate::gui::command::Tone;
use crate::gui::theme::palette;

/// Draws a state in one or two words.
pub fn badge_ui(ui: &mut Ui, tone: Tone, text: &str) -> Response {
    let palette = palette(ui.ctx());
    let ink = match tone {
        Tone::Good => palette.good,
        Tone::Information => palette.weak,
        Tone::Warning => palette.warning,
        Tone::Error => palette.error,
    };
    Frame::new()
        .fill(ink.gamma_multiply(0.12))
        .corner_radius(9)
        .inner_margin(Margin::symmetric(8, 1))
        .show(ui, |ui| ui.label(RichText::new(text).small().color(ink)))
        .inner
}
