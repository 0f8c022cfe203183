//! A bar that fills.

use egui::{Response, Role, Sense, Ui, WidgetInfo, vec2};

use crate::gui::theme::palette;

/// Draws how much of something is done: `fraction` from 0 to 1, `None` while that is not known.
pub fn progress_bar_ui(ui: &mut Ui, fraction: Option<f32>, name: &str) -> Response {
    let palette = palette(ui.ctx());
    let size = vec2(ui.available_width(), 8.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ProgressIndicator, true, name);
        info.value = fraction.map(f64::from);
        info
    });
    let painter = ui.painter();
    painter.rect_filled(rect, 4.0, palette.line);
    let (from, to) = match fraction {
        Some(fraction) => (0.0, fraction.clamp(0.0, 1.0)),
        None => {
            // A piece that wanders. It moves because new figures come in anyway, ten times a second.
            let at = (ui.input(|input| input.time) * 0.4).fract() as f32;
            ((at - 0.15).max(0.0), (at + 0.15).min(1.0))
        }
    };
    let mut filled = rect;
    filled.min.x = rect.min.x + rect.width() * from;
    filled.max.x = rect.min.x + rect.width() * to;
    if filled.width() > 0.5 {
        painter.rect_filled(filled, 4.0, palette.accent);
    }
    response
}
