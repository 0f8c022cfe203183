//! A word on a coloured wash: the state of something.

use egui::{Response, Role, Sense, TextStyle, Ui, WidgetInfo, vec2};

use crate::gui::command::Tone;
use crate::gui::theme::palette;

/// Draws a state in one or two words, no higher than they are.
pub fn badge_ui(ui: &mut Ui, tone: Tone, text: &str) -> Response {
    let palette = palette(ui.ctx());
    let ink = match tone {
        Tone::Good => palette.good,
        Tone::Information => palette.weak,
        Tone::Warning => palette.warning,
        Tone::Error => palette.error,
    };
    let font = TextStyle::Small.resolve(ui.style());
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font, ink);
    let size = galley.size() + vec2(16.0, 4.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    let painter = ui.painter();
    painter.rect_filled(rect, 9.0, ink.gamma_multiply(0.12));
    painter.galley(rect.center() - galley.size() / 2.0, galley, ink);
    response
}
