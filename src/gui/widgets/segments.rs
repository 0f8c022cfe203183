//! A few choices side by side, of which one is taken.

use egui::{Align2, Rect, Role, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2};

use super::buttons::focus_ring;
use crate::gui::theme::{CONTROL_HEIGHT, CONTROL_RADIUS, palette, space};

/// One of them.
pub struct Segment<T> {
    pub value: T,
    pub label: &'static str,
    /// Shown when the pointer rests on it.
    pub explanation: &'static str,
}

impl<T> Segment<T> {
    pub const fn new(value: T, label: &'static str, explanation: &'static str) -> Segment<T> {
        Segment {
            value,
            label,
            explanation,
        }
    }
}

/// Draws them; true when another one was taken.
pub fn segments_ui<T: Copy + PartialEq>(
    ui: &mut Ui,
    current: &mut T,
    segments: &[Segment<T>],
) -> bool {
    let palette = palette(ui.ctx());
    let font = TextStyle::Button.resolve(ui.style());
    let galleys: Vec<_> = segments
        .iter()
        .map(|segment| {
            let ink = match segment.value == *current {
                true => palette.text,
                false => palette.weak,
            };
            ui.painter()
                .layout_no_wrap(segment.label.to_owned(), font.clone(), ink)
        })
        .collect();
    let widths = galleys
        .iter()
        .map(|galley| galley.size().x + 2.0 * space::M);
    let widths: Vec<f32> = widths.collect();
    let size = vec2(widths.iter().sum(), CONTROL_HEIGHT);
    let (frame, _) = ui.allocate_exact_size(size, Sense::hover());
    let radius = f32::from(CONTROL_RADIUS);
    ui.painter().rect(
        frame,
        radius,
        palette.field,
        (1.0, palette.line),
        egui::StrokeKind::Inside,
    );
    let before = *current;
    let mut left = frame.min.x;
    for ((segment, galley), width) in segments.iter().zip(galleys).zip(widths) {
        let place = Rect::from_min_size(pos2(left, frame.min.y), vec2(width, CONTROL_HEIGHT));
        left += width;
        let id = ui
            .scope_id()
            .with(("segment", frame.min.x as i32, segment.label));
        let response = ui.interact(place, id, Sense::click());
        let is_current = segment.value == before;
        response.widget_info(|| {
            WidgetInfo::selected(
                Role::RadioButton,
                ui.is_enabled(),
                is_current,
                segment.label,
            )
        });
        if is_current {
            ui.painter().rect(
                place,
                radius,
                palette.accent_wash,
                (1.0, palette.accent),
                egui::StrokeKind::Inside,
            );
        } else if response.hovered() {
            ui.painter()
                .rect_filled(place.shrink(2.0), radius - 1.0, palette.hover);
        }
        let at = Align2::CENTER_CENTER.align_size_within_rect(galley.size(), place);
        ui.painter().galley(at.min, galley, palette.text);
        focus_ring(ui, &response);
        if response.on_hover_text(segment.explanation).clicked() {
            *current = segment.value;
        }
    }
    *current != before
}
