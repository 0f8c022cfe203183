//! The tables: what is in the folder, and what is in the snapshot by kind, age and size.

use egui::{Align2, Rect, RichText, TextStyle, Ui, pos2, vec2};
use lucide_icons::Icon;

use super::lists::{Figure, List, Of, View};
use super::tiles::What;
use super::wording::short_percent;
use super::{Ask, Space};
use crate::gui::theme::{ROW_HEIGHT, palette, space};
use crate::gui::widgets::icon_ui;
use crate::gui::widgets::table::{Column, Table, TableState, cell_text_ui};

const PART_WIDTH: f32 = 110.0;
const FIGURE_WIDTH: f32 = 72.0;

impl Space {
    /// Draws the rows of the view, with what can be done with them.
    pub(super) fn list_ui(&mut self, ui: &mut Ui, height: f32, asks: &mut Vec<Ask>) {
        self.make_list();
        let mut state = std::mem::take(&mut self.table);
        self.rows_ui(ui, height, &mut state, asks);
        self.table = state;
    }

    fn rows_ui(&self, ui: &mut Ui, height: f32, state: &mut TableState, asks: &mut Vec<Ask>) {
        let (Some(surveyed), Some(list)) = (self.surveyed.value(), self.list.as_ref()) else {
            return;
        };
        let usage = &surveyed.usage;
        let files = self.own_files();
        let first = match self.view {
            View::Map | View::Table => "Name",
            View::Kinds => "Kind of file",
            View::Ages => "When",
            View::Sizes => "Size",
        };
        let mut columns = vec![Column::share(first, 1.0), Column::fixed("Part", PART_WIDTH)];
        columns.extend(Figure::ALL.map(|figure| {
            let column = Column::fixed(figure.title(), FIGURE_WIDTH).right();
            match figure.by() {
                Some(_) => column.sortable(),
                None => column,
            }
        }));
        let sorted = Figure::ALL
            .iter()
            .position(|figure| figure.by() == Some(self.by));
        let whole: u64 = list
            .rows
            .iter()
            .map(|row| self.by.of(&row.sums(usage, files)))
            .sum();
        let table = Table {
            id: "space",
            name: "What takes the space",
            columns: &columns,
            rows: list.rows.len(),
            sorted: sorted.map(|place| (place + 2, true)),
            has_selection: false,
            height: Some((height - ROW_HEIGHT).max(ROW_HEIGHT)),
        };
        let row_at = |row: usize| list.rows.get(row).copied();
        let name = |row: usize| row_at(row).map_or(String::new(), |of| self.row_name(of));
        let by = self.by;
        let events = table.show(ui, state, name, |ui, row, column| {
            let Some(of) = row_at(row) else {
                return;
            };
            let sums = of.sums(usage, files);
            match column {
                0 => {
                    if let Some(icon) = icon_of(of) {
                        icon_ui(ui, icon, 16.0, palette(ui.ctx()).weak);
                    }
                    cell_text_ui(ui, of.name(usage, files));
                }
                1 => part_ui(ui, by.of(&sums), whole),
                _ => {
                    if let Some(figure) = Figure::ALL.get(column - 2) {
                        let mut text = RichText::new(figure.cell(&sums));
                        if figure.by() != Some(by) {
                            text = text.color(palette(ui.ctx()).weak);
                        }
                        cell_text_ui(ui, text);
                    }
                }
            }
        });
        if let Some(Of::Folder(folder)) = events.opened.and_then(row_at) {
            asks.push(Ask::Enter(folder));
        }
        if events.has_focus
            && ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Backspace))
        {
            asks.push(Ask::Leave);
        }
        let by = events.sort_clicked.and_then(|column| {
            let figure = Figure::ALL.get(column.checked_sub(2)?)?;
            figure.by()
        });
        asks.extend(by.map(Ask::By));
        for (row, response) in &events.rows {
            if let Some(what) = row_at(*row).and_then(|of| of.what(self.folder)) {
                response.context_menu(|ui| self.menu_ui(ui, &what, asks));
            }
        }
    }

    fn make_list(&mut self) {
        let is_made = self
            .list
            .as_ref()
            .is_some_and(|list| (list.view, list.by) == (self.view, self.by));
        if is_made {
            return;
        }
        let Some(surveyed) = self.surveyed.value() else {
            return;
        };
        let files = self.own_files();
        let list = List::new(self.view, self.by, &surveyed.usage, self.folder, files);
        self.list = Some(list);
    }

    /// A row for screen readers, and for tests.
    fn row_name(&self, of: Of) -> String {
        let Some(surveyed) = self.surveyed.value() else {
            return String::new();
        };
        let files = self.own_files();
        let sums = of.sums(&surveyed.usage, files);
        let mut name = of.name(&surveyed.usage, files);
        for figure in Figure::ALL {
            let title = figure.title().to_lowercase();
            name.push_str(&format!("; {title}: {}", figure.cell(&sums)));
        }
        name
    }

    /// What the cursor of the table is on.
    pub(super) fn what_at_cursor(&self) -> Option<What> {
        self.list
            .as_ref()?
            .rows
            .get(self.table.cursor?)?
            .what(self.folder)
    }
}

fn icon_of(of: Of) -> Option<Icon> {
    match of {
        Of::Folder(_) => Some(Icon::Folder),
        Of::File(_) => Some(Icon::File),
        _ => None,
    }
}

/// A bar and a number: how much of the whole it is.
fn part_ui(ui: &mut Ui, part: u64, whole: u64) {
    const BAR: f32 = 56.0;
    let palette = palette(ui.ctx());
    let (rect, _) = ui.allocate_exact_size(vec2(PART_WIDTH, ROW_HEIGHT), egui::Sense::hover());
    let bar = Rect::from_center_size(
        pos2(rect.min.x + BAR / 2.0, rect.center().y),
        vec2(BAR, 8.0),
    );
    ui.painter().rect_filled(bar, 4.0, palette.line);
    if whole > 0 {
        let mut done = bar;
        done.max.x = bar.min.x + bar.width() * (part as f64 / whole as f64) as f32;
        ui.painter().rect_filled(done, 4.0, palette.series(0));
    }
    let font = TextStyle::Small.resolve(ui.style());
    let at = pos2(bar.max.x + space::S, rect.center().y);
    ui.painter().text(
        at,
        Align2::LEFT_CENTER,
        short_percent(part, whole),
        font,
        palette.weak,
    );
}
