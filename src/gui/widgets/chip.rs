//! A chip: a figure that can be pressed, to see what is behind it.

use egui::{Color32, Response, RichText, Role, Stroke, Ui, WidgetInfo, vec2};

use super::buttons::focus_ring;
use crate::gui::theme::palette;

/// Draws a chip in the colour of what it stands for; `is_chosen` while what is behind it is shown.
pub fn chip_ui(ui: &mut Ui, ink: Color32, text: &str, is_chosen: bool) -> Response {
    let palette = palette(ui.ctx());
    let (fill, stroke) = match is_chosen {
        true => (palette.accent_wash, Stroke::new(1.0, palette.accent)),
        false => (ink.gamma_multiply(0.10), Stroke::NONE),
    };
    let ink = if is_chosen { palette.text } else { ink };
    let chip = egui::Button::new(RichText::new(text).small().color(ink))
        .min_size(vec2(0.0, 26.0))
        .corner_radius(13)
        .fill(fill)
        .stroke(stroke);
    let response = ui.add(chip);
    response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), is_chosen, text));
    focus_ring(ui, &response);
    response
}
