//! A table of any number of rows that is drawn and operated like one of ten.
//!
//! Only the rows that are seen are drawn. The table is one stop of the Tab key; inside it the keyboard moves a
//! cursor: arrows, Page, Home and End; typing finds a name; Space selects, Shift extends, Ctrl-A takes all;
//! Enter opens. Each row is one node for screen readers, named by the caller.
//!
//! egui's positions are `f32`: beyond about 600 thousand rows scrolling goes by steps of two points.

use std::collections::BTreeSet;
use std::time::Instant;

use egui::{
    Align, Align2, Color32, Id, Key, Modifiers, Rect, Response, RichText, Role, ScrollArea, Sense,
    TextStyle, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};
use lucide_icons::Icon;

use super::paint_icon;
use crate::gui::theme::{ROW_HEIGHT, palette, space};

/// Letters typed within this time belong to one name.
const TYPING_SECONDS: f32 = 1.0;

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub title: String,
    pub width: Width,
    pub is_right: bool,
    /// Whether a click on its title sorts by it.
    pub is_sortable: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Width {
    Fixed(f32),
    /// What the others leave, in these proportions.
    Share(f32),
}

impl Column {
    pub fn fixed(title: &str, width: f32) -> Column {
        Column {
            title: title.to_owned(),
            width: Width::Fixed(width),
            is_right: false,
            is_sortable: false,
        }
    }

    pub fn share(title: &str, share: f32) -> Column {
        Column {
            width: Width::Share(share),
            ..Column::fixed(title, 0.0)
        }
    }

    pub fn right(mut self) -> Column {
        self.is_right = true;
        self
    }

    pub fn sortable(mut self) -> Column {
        self.is_sortable = true;
        self
    }
}

/// Where the cursor is and what is selected, from one frame to the next.
#[derive(Clone, Debug, Default)]
pub struct TableState {
    pub cursor: Option<usize>,
    pub selected: BTreeSet<usize>,
    /// Where a selection with Shift begins.
    anchor: usize,
    scroll_to: Option<usize>,
    typed: String,
    typed_at: Option<Instant>,
}

impl TableState {
    /// Puts the cursor on a row and shows it.
    pub fn go_to(&mut self, row: usize) {
        self.cursor = Some(row);
        self.anchor = row;
        self.scroll_to = Some(row);
    }

    /// Forgets everything: the rows are others now.
    pub fn reset(&mut self) {
        *self = TableState {
            scroll_to: Some(0),
            ..TableState::default()
        };
    }

    fn toggle(&mut self, row: usize) {
        if !self.selected.remove(&row) {
            self.selected.insert(row);
        }
        self.anchor = row;
    }

    fn extend_to(&mut self, row: usize) {
        let (from, to) = (self.anchor.min(row), self.anchor.max(row));
        self.selected = (from..=to).collect();
    }
}

/// What happened to the table in this frame.
#[derive(Default)]
pub struct TableEvents {
    /// A row was opened: Enter, or a double click.
    pub opened: Option<usize>,
    /// The selection is another.
    pub is_selection_changed: bool,
    /// The cursor is on another row.
    pub is_cursor_moved: bool,
    /// The title of this column was clicked.
    pub sort_clicked: Option<usize>,
    /// Responses of the rows that were drawn, for context menus.
    pub rows: Vec<(usize, Response)>,
    pub has_focus: bool,
}

/// A table to be drawn.
pub struct Table<'a> {
    /// Tells tables apart.
    pub id: &'a str,
    /// What screen readers call it.
    pub name: &'a str,
    pub columns: &'a [Column],
    pub rows: usize,
    /// The column that it is sorted by, and whether downwards.
    pub sorted: Option<(usize, bool)>,
    /// Whether rows can be selected, with boxes before them.
    pub has_selection: bool,
    /// Height of the table; what there is room for if left out.
    pub height: Option<f32>,
}

const BOX_WIDTH: f32 = 30.0;

impl Table<'_> {
    /// Draws it. `row_name` names a row for screen readers and for finding by typing; `cell` draws one cell.
    pub fn show(
        &self,
        ui: &mut Ui,
        state: &mut TableState,
        row_name: impl Fn(usize) -> String,
        mut cell: impl FnMut(&mut Ui, usize, usize),
    ) -> TableEvents {
        let mut events = TableEvents::default();
        let id = ui.make_persistent_id(self.id);
        if state.cursor.is_some_and(|cursor| cursor >= self.rows) {
            state.cursor = self.rows.checked_sub(1);
        }
        let widths = self.widths(ui.available_width());
        self.head_ui(ui, &widths, &mut events);
        let height = self.height.unwrap_or(ui.available_height()).max(ROW_HEIGHT);
        let body = Rect::from_min_size(ui.cursor().min, vec2(ui.available_width(), height));
        let focus = self.focus_ui(ui, id, body);
        events.has_focus = focus.has_focus();
        if focus.has_focus() {
            self.keys(ui, state, height, &row_name, &mut events);
        }
        let mut area = ScrollArea::vertical()
            .id_salt(id)
            .auto_shrink(false)
            .max_height(height)
            .min_scrolled_height(height);
        if let Some(row) = state.scroll_to.take() {
            area = area.vertical_scroll_offset(offset_for(ui, id, row, height, self.rows));
        }
        area.show_rows_exact(ui, ROW_HEIGHT, self.rows, |ui, range| {
            for row in range {
                self.row_ui(
                    ui,
                    id,
                    row,
                    &widths,
                    state,
                    &row_name,
                    &mut cell,
                    &mut events,
                );
            }
        });
        if focus.has_focus() && state.cursor.is_none() && self.rows > 0 {
            state.cursor = Some(0);
        }
        if events.rows.iter().any(|(_, row)| row.clicked()) {
            focus.request_focus();
        }
        events
    }

    /// The one stop of the Tab key.
    fn focus_ui(&self, ui: &Ui, id: Id, body: Rect) -> Response {
        let response = ui.interact(body, id.with("focus"), Sense::FOCUSABLE);
        response.widget_info(|| WidgetInfo::labeled(Role::Table, true, self.name));
        if response.has_focus() {
            // Arrows are the table's own while it has the keyboard.
            ui.memory_mut(|memory| {
                memory.set_focus_lock_filter(
                    response.id,
                    egui::EventFilter {
                        vertical_arrows: true,
                        horizontal_arrows: false,
                        tab: false,
                        escape: false,
                    },
                );
            });
            ui.painter().rect_stroke(
                body,
                6.0,
                (1.5, palette(ui.ctx()).accent),
                egui::StrokeKind::Inside,
            );
        }
        response
    }

    /// Left edge and width of each column.
    fn widths(&self, available: f32) -> Vec<(f32, f32)> {
        let gaps = space::M * self.columns.len() as f32;
        let boxes = if self.has_selection { BOX_WIDTH } else { 0.0 };
        let fixed: f32 = self.columns.iter().map(|column| column.width.fixed()).sum();
        let shares: f32 = self.columns.iter().map(|column| column.width.share()).sum();
        let left = (available - fixed - gaps - boxes - space::M).max(60.0);
        let mut x = boxes + space::S;
        let mut widths = Vec::with_capacity(self.columns.len());
        for column in self.columns {
            let width = match column.width {
                Width::Fixed(width) => width,
                Width::Share(share) => left * share / shares.max(f32::EPSILON),
            };
            widths.push((x, width));
            x += width + space::M;
        }
        widths
    }

    fn head_ui(&self, ui: &mut Ui, widths: &[(f32, f32)], events: &mut TableEvents) {
        let palette = palette(ui.ctx());
        let size = vec2(ui.available_width(), ROW_HEIGHT);
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        let font = TextStyle::Small.resolve(ui.style());
        for (index, (column, (x, width))) in self.columns.iter().zip(widths).enumerate() {
            let place =
                Rect::from_min_size(pos2(rect.min.x + x, rect.min.y), vec2(*width, ROW_HEIGHT));
            let sort = self.sorted.filter(|(by, _)| *by == index);
            let mut ink = palette.weak;
            if column.is_sortable {
                let response =
                    ui.interact(place, ui.scope_id().with((self.id, index)), Sense::click());
                response.widget_info(|| {
                    let name = format!("Sort by {}", column.title.to_lowercase());
                    WidgetInfo::labeled(Role::Button, true, name)
                });
                if response.clicked() {
                    events.sort_clicked = Some(index);
                }
                if response.hovered() || response.has_focus() {
                    ink = palette.text;
                }
                super::buttons::focus_ring(ui, &response);
            } else {
                ui.interact(place, ui.scope_id().with((self.id, index)), Sense::hover())
                    .widget_info(|| WidgetInfo::labeled(Role::ColumnHeader, true, &column.title));
            }
            let (at, align) = match column.is_right {
                true => (place.right_center(), Align2::RIGHT_CENTER),
                false => (place.left_center(), Align2::LEFT_CENTER),
            };
            let drawn = ui
                .painter()
                .text(at, align, &column.title, font.clone(), ink);
            if let Some((_, is_down)) = sort {
                let icon = if is_down {
                    Icon::ArrowDown
                } else {
                    Icon::ArrowUp
                };
                let x = match column.is_right {
                    true => drawn.min.x - 14.0,
                    false => drawn.max.x + 4.0,
                };
                let place = Rect::from_min_size(pos2(x, place.min.y), vec2(12.0, ROW_HEIGHT));
                paint_icon(ui, place, icon, 12.0, ink);
            }
        }
        ui.painter()
            .hline(rect.x_range(), rect.max.y, (1.0, palette.line));
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "a row needs all that the table has"
    )]
    fn row_ui(
        &self,
        ui: &mut Ui,
        id: Id,
        row: usize,
        widths: &[(f32, f32)],
        state: &mut TableState,
        row_name: &impl Fn(usize) -> String,
        cell: &mut impl FnMut(&mut Ui, usize, usize),
        events: &mut TableEvents,
    ) {
        let palette = palette(ui.ctx());
        let size = vec2(ui.available_width(), ROW_HEIGHT);
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        // Clickable and no stop of the Tab key: the table is that.
        let response = ui.interact(rect, id.with(row), Sense::CLICK);
        let is_selected = state.selected.contains(&row);
        let is_cursor = state.cursor == Some(row);
        response.widget_info(|| WidgetInfo::selected(Role::Row, true, is_selected, row_name(row)));
        let fill = match (is_selected, is_cursor, response.hovered()) {
            (true, ..) | (_, true, _) => Some(palette.accent_wash),
            (_, _, true) => Some(palette.hover),
            _ => None,
        };
        if let Some(fill) = fill {
            ui.painter().rect_filled(rect, 4.0, fill);
        }
        if is_cursor && events.has_focus {
            ui.painter()
                .rect_stroke(rect, 4.0, (1.0, palette.accent), egui::StrokeKind::Inside);
        }
        if self.has_selection {
            self.box_ui(ui, id, row, rect, state, events);
        }
        if response.clicked() {
            self.clicked(ui, row, state, events);
        }
        if response.secondary_clicked() && !is_selected {
            state.cursor = Some(row);
            events.is_cursor_moved = true;
        }
        if response.double_clicked() {
            events.opened = Some(row);
        }
        for (index, (column, (x, width))) in self.columns.iter().zip(widths).enumerate() {
            let place =
                Rect::from_min_size(pos2(rect.min.x + x, rect.min.y), vec2(*width, ROW_HEIGHT));
            let layout = match column.is_right {
                true => egui::Layout::right_to_left(Align::Center),
                false => egui::Layout::left_to_right(Align::Center),
            };
            let builder = UiBuilder::new().max_rect(place).layout(layout);
            let mut inner = ui.new_child(builder);
            inner.set_clip_rect(place.intersect(ui.clip_rect()));
            inner.style_mut().wrap_mode = Some(egui::TextWrapMode::Truncate);
            cell(&mut inner, row, index);
        }
        events.rows.push((row, response));
    }

    fn clicked(&self, ui: &Ui, row: usize, state: &mut TableState, events: &mut TableEvents) {
        let modifiers = ui.input(|input| input.modifiers);
        state.cursor = Some(row);
        events.is_cursor_moved = true;
        if !self.has_selection {
            return;
        }
        if modifiers.shift {
            state.extend_to(row);
            events.is_selection_changed = true;
        } else if modifiers.command {
            state.toggle(row);
            events.is_selection_changed = true;
        } else {
            state.anchor = row;
        }
    }

    fn box_ui(
        &self,
        ui: &Ui,
        id: Id,
        row: usize,
        rect: Rect,
        state: &mut TableState,
        events: &mut TableEvents,
    ) {
        let palette = palette(ui.ctx());
        let place = Rect::from_min_size(rect.min, vec2(BOX_WIDTH, ROW_HEIGHT));
        let response = ui.interact(place, id.with(("box", row)), Sense::CLICK);
        if response.clicked() {
            state.toggle(row);
            state.cursor = Some(row);
            events.is_selection_changed = true;
        }
        let is_selected = state.selected.contains(&row);
        let (icon, ink) = match is_selected {
            true => (Icon::SquareCheck, palette.accent),
            false if response.hovered() => (Icon::Square, palette.text),
            false => (Icon::Square, palette.weak),
        };
        paint_icon(ui, place, icon, 16.0, ink);
    }

    fn keys(
        &self,
        ui: &Ui,
        state: &mut TableState,
        height: f32,
        row_name: &impl Fn(usize) -> String,
        events: &mut TableEvents,
    ) {
        let Some(last) = self.rows.checked_sub(1) else {
            return;
        };
        let page = ((height / ROW_HEIGHT) as usize).max(2) - 1;
        let at = state.cursor.unwrap_or(0);
        let pressed = |key| {
            ui.input_mut(|input| {
                input.consume_key(Modifiers::NONE, key) || input.consume_key(Modifiers::SHIFT, key)
            })
        };
        let is_shift = ui.input(|input| input.modifiers.shift);
        let mut to = None;
        for (key, target) in [
            (Key::ArrowDown, (at + 1).min(last)),
            (Key::ArrowUp, at.saturating_sub(1)),
            (Key::PageDown, (at + page).min(last)),
            (Key::PageUp, at.saturating_sub(page)),
            (Key::Home, 0),
            (Key::End, last),
        ] {
            if pressed(key) {
                // The first arrow after coming in only shows where the cursor is.
                to = Some(if state.cursor.is_none() { at } else { target });
            }
        }
        if self.has_selection {
            if ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::A)) {
                state.selected = (0..self.rows).collect();
                events.is_selection_changed = true;
            }
            if state.typed.is_empty() && pressed(Key::Space) {
                state.toggle(at);
                events.is_selection_changed = true;
            }
        }
        if pressed(Key::Enter) {
            events.opened = Some(at);
        }
        if to.is_none() {
            to = self.typed(ui, state, at, row_name);
        }
        if let Some(to) = to {
            state.cursor = Some(to);
            events.is_cursor_moved = true;
            state.scroll_to = Some(to);
            if is_shift && self.has_selection {
                state.extend_to(to);
                events.is_selection_changed = true;
            } else {
                state.anchor = to;
            }
        }
    }

    /// The row that the letters typed so far lead to.
    fn typed(
        &self,
        ui: &Ui,
        state: &mut TableState,
        at: usize,
        row_name: &impl Fn(usize) -> String,
    ) -> Option<usize> {
        let is_over = state
            .typed_at
            .is_none_or(|at| at.elapsed().as_secs_f32() > TYPING_SECONDS);
        if is_over {
            state.typed.clear();
        }
        let mut letters = String::new();
        ui.input(|input| {
            for event in &input.events {
                if let egui::Event::Text(text) = event
                    && !input.modifiers.command
                {
                    letters.push_str(text);
                }
            }
        });
        if letters.is_empty() {
            return None;
        }
        // One letter goes on to the next such name, several stay while they match.
        let from = if state.typed.is_empty() { at + 1 } else { at };
        state.typed.push_str(&letters.to_lowercase());
        state.typed_at = Some(Instant::now());
        /// Looking through more names than this would be felt.
        const MOST_LOOKED_AT: usize = 20_000;
        (0..self.rows.min(MOST_LOOKED_AT))
            .map(|step| (from + step) % self.rows)
            .find(|row| row_name(*row).to_lowercase().starts_with(&state.typed))
    }
}

impl Width {
    fn fixed(self) -> f32 {
        match self {
            Width::Fixed(width) => width,
            Width::Share(_) => 0.0,
        }
    }

    fn share(self) -> f32 {
        match self {
            Width::Fixed(_) => 0.0,
            Width::Share(share) => share,
        }
    }
}

/// How far to scroll so that `row` is seen: no further than needed.
fn offset_for(ui: &Ui, id: Id, row: usize, height: f32, rows: usize) -> f32 {
    let area = ui.make_persistent_id(id);
    let now = egui::scroll_area::State::load(ui.ctx(), area)
        .map_or(0.0, |state| state.unclamped_offset().y);
    let top = row as f32 * ROW_HEIGHT;
    let most = (rows as f32 * ROW_HEIGHT - height).max(0.0);
    let offset = if top < now {
        top
    } else if top + ROW_HEIGHT > now + height {
        top + ROW_HEIGHT - height
    } else {
        now
    };
    offset.min(most)
}

/// A scroll area whose rows touch each other.
trait ShowRowsExact {
    fn show_rows_exact(
        self,
        ui: &mut Ui,
        row_height: f32,
        rows: usize,
        add: impl FnOnce(&mut Ui, std::ops::Range<usize>),
    );
}

impl ShowRowsExact for ScrollArea {
    fn show_rows_exact(
        self,
        ui: &mut Ui,
        row_height: f32,
        rows: usize,
        add: impl FnOnce(&mut Ui, std::ops::Range<usize>),
    ) {
        ui.scope(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            self.show_rows(ui, row_height, rows, add);
        });
    }
}

/// Text in a cell, cut off with dots where it is too long; the whole of it when the pointer rests on it.
pub fn cell_text_ui(ui: &mut Ui, text: impl Into<egui::RichText>) {
    let label = egui::Label::new(text.into()).truncate().selectable(false);
    ui.add(label.sense(Sense::hover()));
}

/// A path in a cell. Its end tells most: where it is too long it is cut off at its beginning, and the whole of it is
/// there when the pointer rests on it.
pub fn cell_path_ui(ui: &mut Ui, path: &str, color: Color32) {
    let width = ui.available_width();
    let fits = |text: &str| {
        let font = TextStyle::Body.resolve(ui.style());
        let galley = ui
            .painter()
            .layout_no_wrap(text.to_owned(), font, Color32::WHITE);
        galley.size().x <= width
    };
    let ends = path
        .match_indices('/')
        .map(|(at, _)| format!("…{}", &path[at..]));
    let shortened = match fits(path) {
        true => None,
        false => ends.into_iter().find(|end| fits(end)),
    };
    let text = shortened.as_deref().unwrap_or(path);
    let label = egui::Label::new(RichText::new(text).color(color))
        .truncate()
        .selectable(false);
    let response = ui.add(label.sense(Sense::hover()));
    if shortened.is_some() {
        response.on_hover_text(path);
    }
}
