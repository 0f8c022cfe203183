//! The treemap: one stop of the Tab key, in which arrows go from rectangle to rectangle, Enter goes into a folder
//! and Backspace out of it. Each rectangle is a node that screen readers find by its name.

use egui::{EventFilter, Key, Modifiers, Rect, Role, Sense, Ui, Vec2, WidgetInfo, vec2};

use super::paint_ui::{Look, tile_ui};
use super::tiles::{Tile, What};
use super::wording::{sentences, tile_name};
use super::{Ask, Space, steer};
use crate::fs::escaped;
use crate::gui::theme::{CONTROL_HEIGHT, palette, text};
use crate::snapshot::globs::glob_of;

impl Space {
    /// Draws it in this frame.
    pub(super) fn map_ui(&mut self, ui: &mut Ui, frame: Rect, asks: &mut Vec<Ask>) {
        self.lay_out(frame);
        let (Some(surveyed), Some(shown)) = (self.surveyed.value(), self.shown.as_ref()) else {
            return;
        };
        let usage = &surveyed.usage;
        let whole = usage.get(self.folder).map_or(0, |of| self.by.of(&of.sums));
        let folder = escaped(&usage.path(self.folder)).to_string();
        let id = ui.scope_id().with("treemap");
        let focus = ui.interact(frame, id, Sense::FOCUSABLE);
        focus.widget_info(|| WidgetInfo::labeled(Role::Tree, true, format!("Treemap of {folder}")));
        let has_focus = focus.has_focus();
        let mut cursor = self.cursor;
        if has_focus {
            ui.memory_mut(|memory| {
                let filter = EventFilter {
                    vertical_arrows: true,
                    horizontal_arrows: true,
                    tab: false,
                    escape: false,
                };
                memory.set_focus_lock_filter(focus.id, filter);
            });
            keys(ui, &shown.laid.tiles, &mut cursor, asks);
            cursor = cursor.or_else(|| shown.laid.tiles.iter().position(|tile| !tile.is_open));
        }
        let mut hovered = None;
        for (index, tile) in shown.laid.tiles.iter().enumerate() {
            let response = ui.interact(
                tile.rect,
                id.with((tile.depth, name_id(tile))),
                Sense::CLICK,
            );
            let is_cursor = has_focus && cursor == Some(index);
            response.widget_info(|| {
                let name = tile_name(tile, self.by, whole);
                WidgetInfo::selected(Role::TreeItem, true, is_cursor, name)
            });
            if response.clicked() {
                focus.request_focus();
                cursor = Some(index);
                open(tile, asks);
            }
            if response.secondary_clicked() {
                cursor = Some(index);
            }
            if response.hovered() {
                hovered = Some(index);
            }
            response.context_menu(|ui| self.menu_ui(ui, &tile.what, asks));
            response.on_hover_ui_at_pointer(|ui| {
                let told = sentences(&tile.name, &tile.sums, self.by, whole, &folder);
                for (number, sentence) in told.iter().enumerate() {
                    let mut words = egui::RichText::new(sentence);
                    if number == 0 {
                        words = words.text_style(text::strong());
                    }
                    ui.label(words);
                }
            });
        }
        for (index, tile) in shown.laid.tiles.iter().enumerate() {
            let look = Look {
                is_hovered: hovered == Some(index),
                is_cursor: has_focus && cursor == Some(index),
            };
            tile_ui(ui, tile, self.by, look);
        }
        if has_focus {
            let ink = palette(ui.ctx()).accent;
            ui.painter().rect_stroke(
                frame.expand(2.0),
                6.0,
                (1.5, ink),
                egui::StrokeKind::Outside,
            );
        }
        self.cursor = cursor;
    }

    /// What can be done with what a rectangle or a row stands for.
    pub(super) fn menu_ui(&self, ui: &mut Ui, what: &What, asks: &mut Vec<Ask>) {
        ui.set_min_width(220.0);
        for (label, reason, ask) in [
            (
                "Look into it",
                match what {
                    What::Folder(_) | What::Files(_) if !self.is_here(what) => None,
                    What::Smaller(_) => None,
                    _ => Some("It is no folder"),
                },
                inside(what),
            ),
            ("Browse here", None, Some(Ask::Browse(what.clone()))),
            (
                "Show history",
                self.reason_against(what),
                Some(Ask::History(what.clone())),
            ),
            (
                "Exclude from now on",
                self.reason_against(what).or_else(|| self.no_rule(what)),
                Some(Ask::Exclude(what.clone())),
            ),
        ] {
            let button = egui::Button::new(label)
                .frame_when_inactive(false)
                .min_size(vec2(0.0, CONTROL_HEIGHT));
            let response = ui.add_enabled(reason.is_none(), button);
            if response.clicked() {
                asks.extend(ask);
                ui.close();
            }
            if let Some(reason) = reason {
                response.on_disabled_hover_text(reason);
            }
        }
    }

    fn is_here(&self, what: &What) -> bool {
        *what == What::Files(self.folder) || *what == What::Folder(self.folder)
    }

    /// Why it has no history and no rule of its own.
    pub(super) fn reason_against(&self, what: &What) -> Option<&'static str> {
        match what {
            What::Folder(_) | What::File { .. } => None,
            What::Files(_) | What::Smaller(_) => {
                Some("These are several things: choose one of them")
            }
        }
    }

    pub(super) fn no_rule(&self, what: &What) -> Option<&'static str> {
        let path = self.path_of(what).map(|(path, _)| path);
        match path.as_deref().map(glob_of) {
            Some(Some(_)) => None,
            _ => Some("Its name is no text that a rule could have"),
        }
    }
}

/// What tells a rectangle from others from one frame to the next.
fn name_id(tile: &Tile) -> (u8, u64) {
    match tile.what {
        What::Folder(folder) => (0, u64::from(folder)),
        // No folder has so many files that they would be those of another.
        What::File { folder, place } => (1, (u64::from(folder) << 32) | place as u64),
        What::Files(folder) => (2, u64::from(folder)),
        What::Smaller(folder) => (3, u64::from(folder)),
    }
}

/// What a click and the Enter key do.
fn open(tile: &Tile, asks: &mut Vec<Ask>) {
    asks.extend(inside(&tile.what));
}

fn inside(what: &What) -> Option<Ask> {
    match what {
        What::Folder(folder) | What::Files(folder) => Some(Ask::Enter(*folder)),
        What::Smaller(folder) => Some(Ask::List(*folder)),
        What::File { .. } => None,
    }
}

fn keys(ui: &Ui, tiles: &[Tile], cursor: &mut Option<usize>, asks: &mut Vec<Ask>) {
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let ways: [(Key, Vec2); 4] = [
        (Key::ArrowRight, vec2(1.0, 0.0)),
        (Key::ArrowLeft, vec2(-1.0, 0.0)),
        (Key::ArrowDown, vec2(0.0, 1.0)),
        (Key::ArrowUp, vec2(0.0, -1.0)),
    ];
    let rects: Vec<(Rect, bool)> = tiles.iter().map(|tile| (tile.rect, tile.is_open)).collect();
    for (key, way) in ways {
        if pressed(key)
            && let Some(from) = *cursor
        {
            *cursor = steer::next(&rects, from, way).or(*cursor);
        }
    }
    if pressed(Key::Home) {
        *cursor = tiles.iter().position(|tile| !tile.is_open);
    }
    if pressed(Key::End) {
        *cursor = tiles.iter().rposition(|tile| !tile.is_open);
    }
    if pressed(Key::Enter)
        && let Some(tile) = cursor.and_then(|at| tiles.get(at))
    {
        open(tile, asks);
    }
    if pressed(Key::Backspace) {
        asks.push(Ask::Leave);
    }
}
