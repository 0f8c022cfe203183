//! The last days of an archive, a cell each.
//!
//! Cells differ in shape as well as in colour, so that they can be told apart without seeing colours.

use egui::{CornerRadius, Rect, Response, Role, Sense, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use lucide_icons::Icon;

use super::data::{Day, DayState};
use crate::gui::theme::palette;
use crate::gui::widgets::paint_icon;

const HEIGHT: f32 = 22.0;
const WIDEST: f32 = 32.0;
const GAP: f32 = 4.0;

/// Draws the days of the archive `name`; the day that was clicked.
pub fn strip_ui<'d>(ui: &mut Ui, name: &str, days: &'d [Day]) -> Option<&'d Day> {
    let number = days.len().max(1) as f32;
    let width = ((ui.available_width() + GAP) / number - GAP).clamp(4.0, WIDEST);
    let size = vec2((width + GAP) * number - GAP, HEIGHT);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let mut clicked = None;
    for (index, day) in days.iter().enumerate() {
        let left = rect.min.x + index as f32 * (width + GAP);
        let cell = Rect::from_min_size(pos2(left, rect.min.y), vec2(width, HEIGHT));
        let id = ui.scope_id().with((name, "day", index));
        // Clickable, but no stop of the Tab key: thirty of them would be in everybody's way.
        let sense = match day.snapshot {
            Some(_) => Sense::CLICK,
            None => Sense::hover(),
        };
        let response = ui.interact(cell, id, sense);
        response.widget_info(|| {
            WidgetInfo::labeled(Role::Image, true, format!("{name}, {}", day.words))
        });
        cell_ui(ui, cell, day.state, &response);
        if response.on_hover_text(&day.words).clicked() {
            clicked = Some(day);
        }
    }
    clicked
}

fn cell_ui(ui: &Ui, cell: Rect, state: DayState, response: &Response) {
    let palette = palette(ui.ctx());
    let radius = CornerRadius::same(3);
    let painter = ui.painter();
    match state {
        DayState::BackedUp => {
            painter.rect_filled(cell, radius, palette.good);
        }
        DayState::WithWarnings => {
            // Only the lower part is filled: something is missing.
            painter.rect_stroke(cell, radius, (1.5, palette.warning), StrokeKind::Inside);
            let mut filled = cell;
            filled.min.y += cell.height() * 0.4;
            painter.rect_filled(filled, radius, palette.warning);
        }
        DayState::Missed => {
            painter.rect_filled(cell, radius, palette.error.gamma_multiply(0.12));
            painter.rect_stroke(cell, radius, (1.0, palette.error), StrokeKind::Inside);
            paint_icon(ui, cell, Icon::X, 12.0, palette.error);
        }
        DayState::Nothing => {
            painter.rect_filled(cell, radius, palette.line.gamma_multiply(0.6));
        }
        DayState::Ahead => {
            painter.rect_stroke(cell, radius, (1.0, palette.weak), StrokeKind::Inside);
        }
    }
    if response.hovered() {
        painter.rect_stroke(
            cell.expand(1.0),
            radius,
            (1.5, palette.text),
            StrokeKind::Outside,
        );
    }
}
