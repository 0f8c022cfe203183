//! The folder tree. One stop of the Tab key; inside it arrows go up and down, open and close.

use egui::{
    Align2, Id, Key, Margin, Modifiers, Rect, Role, ScrollArea, Sense, TextStyle, Ui, WidgetInfo,
    pos2, vec2,
};
use lucide_icons::Icon;

use super::super::Browse;
use super::super::act::Ask;
use super::super::data::last_name;
use super::super::preview::title;
use super::super::tree::Line;
use crate::fs::escaped;
use crate::gui::theme::{ROW_HEIGHT, palette};
use crate::gui::widgets::{card_frame, paint_icon};

const INDENT: f32 = 14.0;
/// Room for the arrow and the icon.
const ICONS: f32 = 40.0;
/// A name keeps at least this much room, however deep it is.
const LEAST_NAME: f32 = 60.0;

impl Browse {
    pub(super) fn tree_ui(&mut self, ui: &mut Ui, asks: &mut Vec<Ask>) {
        let frame = card_frame(ui).inner_margin(Margin::same(6));
        frame.show(ui, |ui| {
            ui.set_min_size(ui.available_size());
            let id = ui.make_persistent_id("tree");
            let body = Rect::from_min_size(ui.cursor().min, ui.available_size());
            let focus = ui.interact(body, id.with("focus"), Sense::FOCUSABLE);
            focus.widget_info(|| WidgetInfo::labeled(Role::Tree, true, "Folders"));
            if focus.has_focus() {
                self.tree_keys(ui, focus.id, asks);
                let accent = palette(ui.ctx()).accent;
                ui.painter()
                    .rect_stroke(body, 6.0, (1.5, accent), egui::StrokeKind::Inside);
            }
            let mut area = ScrollArea::vertical().id_salt(id).auto_shrink(false);
            if let Some(line) = self.tree.scroll_to.take() {
                let middle = line as f32 * ROW_HEIGHT - body.height() / 2.0;
                area = area.vertical_scroll_offset(middle.max(0.0));
            }
            let shown = self.folder().map(<[u8]>::to_vec);
            let (lines, cursor) = (self.tree.lines(), self.tree.cursor);
            let mut clicked = None;
            ui.spacing_mut().item_spacing.y = 0.0;
            area.show_rows(ui, ROW_HEIGHT, lines.len(), |ui, range| {
                for place in range {
                    let Some(line) = lines.get(place) else {
                        continue;
                    };
                    let look = Look {
                        is_shown: shown.as_ref() == Some(&line.path),
                        is_cursor: focus.has_focus() && cursor == Some(place),
                    };
                    if line_ui(ui, id, line, look, asks) {
                        clicked = Some(place);
                    }
                }
            });
            if let Some(place) = clicked {
                focus.request_focus();
                self.tree.cursor = Some(place);
            }
        });
    }

    fn tree_keys(&mut self, ui: &Ui, focus: Id, asks: &mut Vec<Ask>) {
        ui.memory_mut(|memory| {
            memory.set_focus_lock_filter(
                focus,
                egui::EventFilter {
                    horizontal_arrows: true,
                    vertical_arrows: true,
                    ..egui::EventFilter::default()
                },
            );
        });
        let lines = self.tree.lines();
        let Some(last) = lines.len().checked_sub(1) else {
            return;
        };
        let at = self.tree.cursor.unwrap_or(0).min(last);
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let mut to = None;
        if pressed(Key::ArrowDown) {
            to = Some((at + 1).min(last));
        }
        if pressed(Key::ArrowUp) {
            to = Some(at.saturating_sub(1));
        }
        if pressed(Key::Home) {
            to = Some(0);
        }
        if pressed(Key::End) {
            to = Some(last);
        }
        if let Some(line) = lines.get(at) {
            if pressed(Key::ArrowRight) && line.has_subfolders {
                match line.is_open {
                    true => to = Some((at + 1).min(last)),
                    false => asks.push(Ask::OpenTree(line.path.clone())),
                }
            }
            if pressed(Key::ArrowLeft) {
                match line.is_open && line.depth > 0 {
                    true => asks.push(Ask::CloseTree(line.path.clone())),
                    false => to = self.tree.line_above(at),
                }
            }
            if pressed(Key::Enter) || pressed(Key::Space) {
                asks.push(Ask::Folder(line.path.clone()));
            }
        }
        if let Some(line) = to.and_then(|to| self.tree.lines().get(to)) {
            asks.push(Ask::Folder(line.path.clone()));
        }
        if to.is_some() {
            self.tree.cursor = to;
            self.tree.scroll_to = to;
        }
    }
}

/// How a line is drawn.
#[derive(Clone, Copy)]
struct Look {
    is_shown: bool,
    is_cursor: bool,
}

/// True when it was clicked.
fn line_ui(ui: &mut Ui, id: Id, line: &Line, look: Look, asks: &mut Vec<Ask>) -> bool {
    let palette = palette(ui.ctx());
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let response = ui.interact(rect, id.with(&line.path), Sense::CLICK);
    let name = match last_name(&line.path) {
        b"" => "/".to_owned(),
        name => escaped(name).to_string(),
    };
    response.widget_info(|| {
        let label = format!("Folder {name}");
        WidgetInfo::selected(Role::TreeItem, true, look.is_shown, label)
    });
    let fill = match (look.is_shown, response.hovered()) {
        (true, _) => Some(palette.accent_wash),
        (_, true) => Some(palette.hover),
        _ => None,
    };
    if let Some(fill) = fill {
        ui.painter().rect_filled(rect, 4.0, fill);
    }
    if look.is_cursor {
        ui.painter()
            .rect_stroke(rect, 4.0, (1.0, palette.accent), egui::StrokeKind::Inside);
    }
    let most = (rect.width() - ICONS - LEAST_NAME).max(0.0);
    let indent = (line.depth as f32 * INDENT).min(most);
    let square = |x: f32| {
        Rect::from_min_size(
            pos2(rect.min.x + indent + x, rect.min.y),
            vec2(18.0, ROW_HEIGHT),
        )
    };
    let mut is_arrow_clicked = false;
    if line.has_subfolders {
        let icon = match line.is_open {
            true => Icon::ChevronDown,
            false => Icon::ChevronRight,
        };
        let arrow = ui.interact(square(0.0), id.with((&line.path, "arrow")), Sense::CLICK);
        if arrow.clicked() {
            is_arrow_clicked = true;
            asks.push(match line.is_open {
                true => Ask::CloseTree(line.path.clone()),
                false => Ask::OpenTree(line.path.clone()),
            });
        }
        let ink = if arrow.hovered() {
            palette.text
        } else {
            palette.weak
        };
        paint_icon(ui, square(0.0), icon, 14.0, ink);
    }
    paint_icon(ui, square(18.0), Icon::Folder, 15.0, palette.accent);
    let text = Rect::from_min_max(pos2(rect.min.x + indent + ICONS, rect.min.y), rect.max);
    let font = TextStyle::Body.resolve(ui.style());
    let painter = ui.painter().with_clip_rect(text.intersect(ui.clip_rect()));
    painter.text(
        text.left_center(),
        Align2::LEFT_CENTER,
        &name,
        font,
        palette.text,
    );
    if response.clicked() && !is_arrow_clicked {
        asks.push(Ask::Folder(line.path.clone()));
        return true;
    }
    if response.hovered() {
        response.on_hover_text(title(&line.path));
    }
    is_arrow_clicked
}
