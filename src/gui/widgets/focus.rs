//! Where the keyboard is stays in sight.

use egui::{Align, Ui, vec2};

/// Scrolls to the control that the keyboard has just gone on to. To be called at the end of what scrolls; egui
/// itself leaves what is out of sight there.
pub fn follow_focus(ui: &Ui) {
    let Some(focused) = ui.memory(|memory| memory.focused()) else {
        return;
    };
    let Some(response) = ui.ctx().read_response(focused) else {
        return;
    };
    let is_here = response.layer_id == ui.layer_id() && ui.min_rect().intersects(response.rect);
    if !is_here || !response.gained_focus() {
        return;
    }
    let rect = response.rect.expand2(vec2(0.0, 24.0));
    let seen = ui.clip_rect();
    // No further than needed, and not at all for what is seen.
    if rect.min.y < seen.min.y {
        ui.scroll_to_rect(rect, Some(Align::Min));
    } else if rect.max.y > seen.max.y {
        ui.scroll_to_rect(rect, Some(Align::Max));
    }
}
