//! The hat: a gibus, drawn. The same shape as `assets/icons/gibus.svg`.

use egui::{Color32, Rect, Sense, Shape, Stroke, Ui, pos2, vec2};

use crate::gui::theme::palette;

/// Draws the hat, `size` points wide.
pub fn hat_ui(ui: &mut Ui, size: f32) {
    let palette = palette(ui.ctx());
    let (rect, _) = ui.allocate_exact_size(vec2(size, size), Sense::hover());
    for shape in shapes(rect, palette.text, palette.accent) {
        ui.painter().add(shape);
    }
}

/// The hat in a square, made of a crown that widens to the top, a ribbon, and a brim.
fn shapes(rect: Rect, silk: Color32, ribbon: Color32) -> Vec<Shape> {
    // On a grid of 32 by 32.
    let at = |x: f32, y: f32| {
        pos2(
            rect.min.x + x / 32.0 * rect.width(),
            rect.min.y + y / 32.0 * rect.height(),
        )
    };
    let crown = vec![at(6.0, 4.0), at(26.0, 4.0), at(24.0, 24.0), at(8.0, 24.0)];
    let band = vec![at(7.5, 18.5), at(24.5, 18.5), at(24.0, 23.0), at(8.0, 23.0)];
    let brim = Rect::from_min_max(at(1.5, 23.5), at(30.5, 27.5));
    vec![
        Shape::convex_polygon(crown, silk, Stroke::NONE),
        Shape::convex_polygon(band, ribbon, Stroke::NONE),
        Shape::rect_filled(brim, rect.width() / 14.0, silk),
    ]
}
