//! Paints a rectangle of the treemap: its colour, the hatching of what is shared, its name.

use egui::{FontId, Painter, Rect, Stroke, TextStyle, Ui, pos2, vec2};

use super::tiles::{By, TITLE_HEIGHT, Tile};
use crate::gui::theme::{Palette, palette, text};
use crate::human::size;

/// Between lines of the hatching, in points.
const HATCH: f32 = 7.0;
/// Names are written where there is so much room.
const LEAST_NAME: egui::Vec2 = vec2(38.0, 18.0);
const MARGIN: f32 = 5.0;

/// How a rectangle is to look.
#[derive(Clone, Copy)]
pub struct Look {
    pub is_hovered: bool,
    pub is_cursor: bool,
}

pub fn tile_ui(ui: &Ui, tile: &Tile, by: By, look: Look) {
    let palette = palette(ui.ctx());
    // Those beside each other are a point apart.
    let rect = tile.rect.shrink(0.75);
    if !rect.is_positive() {
        return;
    }
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let radius = if tile.depth == 0 { 4.0 } else { 2.5 };
    if tile.is_open {
        painter.rect_filled(rect, radius, tile.group.wash(palette));
    } else {
        painter.rect_filled(rect, radius, tile.group.fill(palette));
        hatch(
            &painter,
            shared_rect(rect, by.shared_part(&tile.sums)),
            palette,
        );
    }
    let outline = match (look.is_cursor, look.is_hovered) {
        (true, _) => Some(Stroke::new(2.5, palette.accent)),
        (_, true) => Some(Stroke::new(1.5, palette.text)),
        _ if tile.is_open => Some(Stroke::new(1.0, tile.group.fill(palette))),
        _ => None,
    };
    if let Some(outline) = outline {
        painter.rect_stroke(rect, radius, outline, egui::StrokeKind::Inside);
    }
    name_ui(ui, &painter, tile, rect, by);
}

/// Shared space is at the bottom of a rectangle.
fn shared_rect(rect: Rect, part: f32) -> Rect {
    let mut shared = rect;
    shared.min.y = rect.max.y - rect.height() * part.clamp(0.0, 1.0);
    shared
}

/// Lines from the lower left to the upper right, which go on from one rectangle to the next.
pub fn hatch(painter: &Painter, rect: Rect, palette: &Palette) {
    if rect.height() < 1.0 {
        return;
    }
    let stroke = Stroke::new(1.0, palette.text.gamma_multiply(0.13));
    // All points of a line have the same sum of coordinates.
    let first = ((rect.min.x + rect.min.y) / HATCH).ceil() as i32;
    let last = ((rect.max.x + rect.max.y) / HATCH).floor() as i32;
    for number in first..=last {
        let sum = number as f32 * HATCH;
        let from_x = (sum - rect.max.y).max(rect.min.x);
        let to_x = (sum - rect.min.y).min(rect.max.x);
        if from_x < to_x {
            painter.line_segment([pos2(from_x, sum - from_x), pos2(to_x, sum - to_x)], stroke);
        }
    }
}

fn name_ui(ui: &Ui, painter: &Painter, tile: &Tile, rect: Rect, by: By) {
    let room = rect.size() - vec2(2.0 * MARGIN, 0.0);
    if room.x < LEAST_NAME.x - 2.0 * MARGIN || room.y < LEAST_NAME.y {
        return;
    }
    let palette = palette(ui.ctx());
    let small = TextStyle::Small.resolve(ui.style());
    let strong = FontId::new(small.size, text::strong().resolve(ui.style()).family);
    let name_font = if tile.is_open || tile.depth == 0 {
        strong
    } else {
        small.clone()
    };
    let line = |words: String, font: FontId, ink: egui::Color32| {
        let mut job = egui::text::LayoutJob::simple_singleline(words, font, ink);
        job.wrap = egui::text::TextWrapping::truncate_at_width(room.x);
        ui.painter().layout_job(job)
    };
    let bytes = size(by.of(&tile.sums));
    if tile.is_open {
        // Name and figure in one line: below is no room.
        let name = line(tile.name.clone(), name_font, palette.text);
        let figure = line(bytes, small, palette.text);
        let top = rect.top() + (TITLE_HEIGHT - name.size().y) / 2.0 - 0.5;
        let has_figure = name.size().x + figure.size().x + 12.0 < room.x;
        if has_figure {
            let right = rect.right() - MARGIN - figure.size().x;
            painter.galley(pos2(right, top), figure, palette.text);
        }
        painter.galley(pos2(rect.left() + MARGIN, top), name, palette.text);
        return;
    }
    let name = line(tile.name.clone(), name_font, palette.text);
    let at = rect.min + vec2(MARGIN, 3.0);
    let height = name.size().y;
    painter.galley(at, name, palette.text);
    if room.y >= 2.0 * height + 6.0 {
        let figure = line(bytes, small, palette.text);
        painter.galley(at + vec2(0.0, height), figure, palette.text);
    }
}
