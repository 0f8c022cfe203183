//! The folder that is shown: its path, what to show of it, and the table.

use egui::{Align, Layout, Popup, RichText, Ui, vec2};
use lucide_icons::Icon;

use super::super::act::Ask;
use super::super::data::{ancestry, last_name, parent, shown};
use super::super::kinds;
use super::super::listing::Shown;
use super::super::rows::{Mark, Row};
use super::super::{Browse, SideTab};
use super::named;
use crate::fs::escaped;
use crate::gui::command::Tone;
use crate::gui::settings::SortBy;
use crate::gui::theme::{Palette, palette, space};
use crate::gui::widgets::table::{Column, Table, cell_text_ui};
use crate::gui::widgets::{
    Button, error_ui, icon_button_ui, loading_ui, notice_ui, paint_icon, text_field_ui,
};
use crate::gui::words;
use crate::human::{counted, size};

/// The columns, some of which give way where there is little room.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shows {
    Name,
    Size,
    Files,
    Modified,
    Kind,
    State,
}

impl Browse {
    pub(super) fn folder_ui(&mut self, ui: &mut Ui, asks: &mut Vec<Ask>) {
        self.path_ui(ui, asks);
        self.bar_ui(ui, asks);
        if let Some(error) = self.shown.error() {
            error_ui(ui, error);
            if Button::new("Try again").show(ui) {
                asks.push(Ask::TryAgain);
            }
            return;
        }
        let Some(found) = self.shown.value() else {
            loading_ui(ui, "Opening the folder", self.shown.is_not_answering());
            return;
        };
        if !found.is_as_wanted {
            let wanted = self.folder.as_deref().unwrap_or_default();
            let told = format!("{} is not there at this moment", shown(wanted));
            let rest = format!(
                "This is {}, the nearest folder that is.",
                shown(&found.folder)
            );
            notice_ui(ui, Tone::Information, &told, &rest);
        }
        if let Some(error) = found.contents.marks.as_ref().and_then(|m| m.error.as_ref()) {
            let told = "What changed cannot be said";
            notice_ui(ui, Tone::Warning, told, &words::sentence(error));
        }
        self.table_ui(ui, asks);
    }

    /// The path, each folder on it a button.
    fn path_ui(&self, ui: &mut Ui, asks: &mut Vec<Ask>) {
        let folder = self.folder().or(self.folder.as_deref()).unwrap_or(b"/");
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            ui.add_enabled_ui(folder != b"/", |ui| {
                if icon_button_ui(ui, Icon::ArrowUp, "Up one folder").clicked() {
                    asks.push(Ask::Up);
                }
            });
            let all = ancestry(folder);
            let names: Vec<String> = all.iter().map(|path| short_name(path)).collect();
            // The last ones count: as many as there is room for.
            let mut left = ui.available_width() - 60.0;
            let mut first = all.len();
            for name in names.iter().rev() {
                left -= name.chars().count() as f32 * 8.0 + 36.0;
                if left < 0.0 && first < all.len() {
                    break;
                }
                first -= 1;
            }
            if first > 0 {
                ui.label("…");
            }
            for (path, name) in all.iter().zip(&names).skip(first) {
                // `/` is its own separator.
                if path.len() > 1 && *path != all[first] && parent(path) != Some(b"/") {
                    let weak = palette(ui.ctx()).weak;
                    ui.label(RichText::new("/").color(weak));
                }
                let is_last = path == folder;
                let button = Button::quiet(name).response_ui(ui);
                let button = named(ui, button, &format!("Go to {}", shown(path)));
                if button.clicked() && !is_last {
                    asks.push(Ask::Folder(path.clone()));
                }
            }
            if self.shown.is_loading() {
                ui.add_space(space::S);
                match self.shown.is_not_answering() {
                    true => loading_ui(ui, "The disk", true),
                    false => {
                        ui.add(egui::Spinner::new().size(14.0));
                    }
                }
            }
        });
    }

    /// What to show, and what to do with the row at the cursor.
    fn bar_ui(&mut self, ui: &mut Ui, asks: &mut Vec<Ask>) {
        ui.horizontal(|ui| {
            let is_narrow = ui.available_width() < 560.0;
            let width = (ui.available_width() * 0.3).clamp(90.0, 200.0);
            text_field_ui(
                ui,
                &mut self.by.filter,
                "Show only names with",
                "Show only…",
                width,
            );
            let box_ = ui.checkbox(&mut self.by.is_removed_shown, "Show deleted");
            box_.on_hover_text("Also what was there in the snapshot before and is not any more");
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let more = icon_button_ui(ui, Icon::Ellipsis, "More to do with this row");
                Popup::menu(&more).show(|ui| {
                    self.item_menu_ui(ui, self.item_at_cursor(), asks);
                });
                for (tab, label, icon) in [
                    (SideTab::Versions, "All versions", Icon::History),
                    (SideTab::Preview, "Preview", Icon::Eye),
                ] {
                    let is_open = self.side.tab == Some(tab);
                    if is_narrow {
                        if icon_button_ui(ui, icon, label).clicked() {
                            asks.push(Ask::Side((!is_open).then_some(tab)));
                        }
                        continue;
                    }
                    let button = match is_open {
                        true => Button::new(label),
                        false => Button::quiet(label),
                    };
                    if button.icon(icon).show(ui) {
                        asks.push(Ask::Side((!is_open).then_some(tab)));
                    }
                }
            });
        });
    }

    fn table_ui(&mut self, ui: &mut Ui, asks: &mut Vec<Ask>) {
        let Some(found) = self.shown.value() else {
            return;
        };
        let shows = columns(ui.available_width());
        let list: Vec<Column> = shows.iter().map(|shows| shows.column()).collect();
        let sort = found.by.sort;
        let sorted = shows.iter().position(|shows| shows.sort() == Some(sort.by));
        let table = Table {
            id: "files",
            name: "Folder contents",
            columns: &list,
            rows: found.order.len(),
            sorted: sorted.map(|column| (column, sort.descending)),
            has_selection: true,
            height: None,
        };
        let get = |row: usize| {
            let number = *found.order.get(row)?;
            let mark = found.contents.mark(number).unwrap_or_default();
            Some((found.contents.get(number)?, mark))
        };
        let events = table.show(
            ui,
            &mut self.table,
            |row| get(row).map_or(String::new(), |(row, mark)| row_name(&row, mark)),
            |ui, row, column| {
                if let (Some((row, mark)), Some(shows)) = (get(row), shows.get(column)) {
                    cell_ui(ui, &row, mark, *shows);
                }
            },
        );
        if found.order.is_empty() {
            empty_words_ui(ui, found);
        }
        if let Some(by) = events
            .sort_clicked
            .and_then(|column| shows.get(column)?.sort())
        {
            asks.push(Ask::Sort(by));
        }
        if events.is_selection_changed {
            asks.push(Ask::Picks);
        }
        if events.is_cursor_moved {
            asks.push(Ask::CursorMoved);
        }
        if let Some(row) = events.opened {
            asks.push(Ask::OpenRow(row));
        }
        for (row, response) in &events.rows {
            response.context_menu(|ui| self.item_menu_ui(ui, self.item(*row), asks));
        }
    }
}

fn empty_words_ui(ui: &Ui, found: &Shown) {
    let palette = palette(ui.ctx());
    let text = match found.by.filter.trim() {
        "" => "This folder is empty".to_owned(),
        filter => format!("No name here has “{filter}” in it"),
    };
    let at = ui.min_rect().center();
    let font = egui::TextStyle::Body.resolve(ui.style());
    ui.painter()
        .text(at, egui::Align2::CENTER_CENTER, text, font, palette.weak);
}

/// A folder's own name, short enough for a button.
fn short_name(path: &[u8]) -> String {
    const MOST: usize = 24;
    let name = match last_name(path) {
        b"" => return "/".to_owned(),
        name => escaped(name).to_string(),
    };
    if name.chars().count() <= MOST {
        return name;
    }
    let cut: String = name.chars().take(MOST - 1).collect();
    format!("{cut}…")
}

fn columns(width: f32) -> Vec<Shows> {
    let mut shows = vec![Shows::Name, Shows::Size];
    if width > 640.0 {
        shows.push(Shows::Files);
    }
    shows.push(Shows::Modified);
    if width > 760.0 {
        shows.push(Shows::Kind);
    }
    shows.push(Shows::State);
    shows
}

impl Shows {
    fn column(self) -> Column {
        match self {
            Shows::Name => Column::share("Name", 1.0).sortable(),
            Shows::Size => Column::fixed("Size", 70.0).right().sortable(),
            Shows::Files => Column::fixed("Files", 64.0).right(),
            Shows::Modified => Column::fixed("Modified", 122.0).sortable(),
            Shows::Kind => Column::fixed("Kind", 92.0).sortable(),
            Shows::State => Column::fixed("State", 88.0),
        }
    }

    fn sort(self) -> Option<SortBy> {
        match self {
            Shows::Name => Some(SortBy::Name),
            Shows::Size => Some(SortBy::Size),
            Shows::Modified => Some(SortBy::Modified),
            Shows::Kind => Some(SortBy::Kind),
            Shows::Files | Shows::State => None,
        }
    }
}

fn row_name(row: &Row<'_>, mark: Mark) -> String {
    let word = state_word(row, mark);
    match word {
        "" => row.shown_name(),
        word => format!("{}, {word}", row.shown_name()),
    }
}

/// What became of it, in a word or two.
pub(super) fn state_word(row: &Row<'_>, mark: Mark) -> &'static str {
    match mark {
        Mark::Removed => "deleted",
        _ if row.is_incomplete => "incomplete",
        Mark::New => "new",
        Mark::Changed => "changed",
        Mark::Unknown => "may differ",
        Mark::LeftOut => "not backed up",
        Mark::Kept => "",
    }
}

fn ink(palette: &Palette, row: &Row<'_>, mark: Mark) -> egui::Color32 {
    match mark {
        Mark::Removed => palette.removed,
        _ if row.is_incomplete => palette.warning,
        Mark::New => palette.new,
        Mark::Changed | Mark::Unknown => palette.changed,
        Mark::LeftOut => palette.weak,
        Mark::Kept => palette.text,
    }
}

fn cell_ui(ui: &mut Ui, row: &Row<'_>, mark: Mark, shows: Shows) {
    let palette = palette(ui.ctx());
    let ink = ink(palette, row, mark);
    let weak = |text: String| RichText::new(text).color(palette.weak);
    match shows {
        Shows::Name => {
            icon_cell_ui(ui, row.kind, row.name);
            let mut text = RichText::new(row.shown_name()).color(ink);
            if mark == Mark::Removed {
                text = text.strikethrough();
            }
            cell_text_ui(ui, text);
        }
        Shows::Size if row.is_folder() && row.size == 0 => {}
        Shows::Size => cell_text_ui(ui, weak(size(row.size))),
        Shows::Files if row.is_folder() && row.files > 0 => {
            cell_text_ui(ui, weak(crate::human::count(row.files)));
        }
        Shows::Files => {}
        Shows::Modified => cell_text_ui(ui, weak(words::file_time(row.modified()))),
        Shows::Kind => cell_text_ui(ui, weak(kinds::word(row).to_owned())),
        Shows::State => cell_text_ui(ui, RichText::new(state_word(row, mark)).color(ink)),
    }
}

/// The icon before a name.
pub(super) fn icon_cell_ui(ui: &mut Ui, kind: super::super::rows::RowKind, name: &[u8]) {
    let palette = palette(ui.ctx());
    let (place, _) = ui.allocate_exact_size(vec2(18.0, 18.0), egui::Sense::hover());
    let ink = match kind {
        super::super::rows::RowKind::Folder => palette.accent,
        _ => palette.weak,
    };
    paint_icon(ui, place, kinds::icon(kind, name), 15.0, ink);
}

/// `12 files`.
pub(super) fn rows_words(number: usize) -> String {
    counted(number as u64, "file or folder", "files and folders")
}
