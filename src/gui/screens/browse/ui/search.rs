//! What a search found, and how far it is.

use egui::{Align, Layout, RichText, Ui};
use lucide_icons::Icon;

use super::super::act::Ask;
use super::super::data::{Moment, last_name, parent, shown};
use super::super::rows::RowKind;
use super::super::search::{Fate, FoundFile, Scope};
use super::super::{Browse, View};
use super::folder::{icon_cell_ui, rows_words};
use super::weak_ui;
use crate::fs::escaped;
use crate::gui::command::Tone;
use crate::gui::theme::{palette, text};
use crate::gui::widgets::table::{Column, Table, cell_path_ui, cell_text_ui};
use crate::gui::widgets::{Button, error_ui, notice_ui};
use crate::gui::words;
use crate::human::{counted, size};

impl Browse {
    pub(super) fn search_ui(&mut self, ui: &mut Ui, asks: &mut Vec<Ask>) {
        ui.horizontal(|ui| {
            let title = format!("Search for “{}”", self.search.searched);
            ui.add(egui::Label::new(RichText::new(title).text_style(text::strong())).truncate());
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let back = Button::new("Back to the folder").icon(Icon::X);
                if back.show(ui) {
                    asks.push(Ask::View(View::Folder));
                }
                if self.search.is_running() && Button::new("Stop the search").show(ui) {
                    asks.push(Ask::StopSearch);
                }
            });
        });
        ui.horizontal(|ui| {
            self.scope_ui(ui, asks);
            weak_ui(ui, &self.search_words());
        });
        if let Some(error) = self.search.error() {
            error_ui(ui, error);
            return;
        }
        if let Some(results) = self.search.results() {
            if results.is_truncated {
                let told = "There is more than can be shown";
                notice_ui(ui, Tone::Information, told, "Give more of the name.");
            }
            if let Some((_, error)) = results.unreadable.first() {
                let number = results.unreadable.len() as u64;
                let told = format!(
                    "{} could not be searched",
                    counted(number, "snapshot", "snapshots")
                );
                notice_ui(ui, Tone::Warning, &told, &words::sentence(error));
            }
        }
        self.found_ui(ui, asks);
    }

    fn scope_ui(&mut self, ui: &mut Ui, asks: &mut Vec<Ask>) {
        let place = match self.moment {
            Some(Moment::Snapshot(place)) => place,
            _ => self.series.points.len().saturating_sub(1),
        };
        let one = Scope::OneSnapshot(place);
        let title = self.series.moment_title(Moment::Snapshot(place));
        for (scope, label) in [
            (Scope::AllSnapshots, "In all snapshots".to_owned()),
            (one, format!("Only in that of {title}")),
        ] {
            let is_chosen = match (self.search.scope, scope) {
                (Scope::OneSnapshot(_), Scope::OneSnapshot(_)) => true,
                (a, b) => a == b,
            };
            if ui.radio(is_chosen, label).clicked() && !is_chosen {
                self.search.scope = scope;
                asks.push(Ask::Search);
            }
        }
    }

    /// How much was found, and how far the search is.
    fn search_words(&self) -> String {
        let found = rows_words(self.search.found().len());
        let (searched, all) = self.search.progress();
        if self.search.is_running() {
            if self.search.is_not_answering() && searched == 0 {
                return "The disk is not answering".to_owned();
            }
            return format!("{found} so far, {searched} of {all} snapshots searched");
        }
        match (self.search.found().is_empty(), self.search.is_stopped()) {
            (_, true) => format!("{found}; stopped after {searched} of {all} snapshots"),
            (true, false) => "Nothing was found".to_owned(),
            (false, false) => format!("{found} found"),
        }
    }

    fn found_ui(&mut self, ui: &mut Ui, asks: &mut Vec<Ask>) {
        let width = ui.available_width();
        let mut columns = vec![
            Column::share("Name", 1.0),
            Column::share("Folder", 1.0),
            Column::fixed("Size", 66.0).right(),
            Column::fixed("In snapshots", if width > 700.0 { 310.0 } else { 250.0 }),
        ];
        if width > 820.0 {
            columns.push(Column::fixed("Modified", 122.0));
        }
        let found = self.search.found();
        let table = Table {
            id: "found",
            name: "What was found",
            columns: &columns,
            rows: found.len(),
            sorted: None,
            has_selection: false,
            height: None,
        };
        let series = &self.series;
        let events = table.show(
            ui,
            &mut self.search_table,
            |row| {
                found.get(row).map_or(String::new(), |file| {
                    format!("{}, {}", escaped(last_name(&file.path)), held(series, file))
                })
            },
            |ui, row, column| {
                if let Some(file) = found.get(row) {
                    cell_ui(ui, series, file, column);
                }
            },
        );
        if let Some(file) = events.opened.and_then(|row| found.get(row)) {
            asks.push(Ask::Reveal {
                path: file.path.clone(),
                moment: Moment::Snapshot(file.last),
            });
        }
        for (row, response) in &events.rows {
            response.context_menu(|ui| {
                let file = found.get(*row);
                if let Some(file) = file
                    && ui.button("Show in its folder").clicked()
                {
                    asks.push(Ask::Reveal {
                        path: file.path.clone(),
                        moment: Moment::Snapshot(file.last),
                    });
                    ui.close();
                }
                self.item_menu_ui(ui, file.and_then(|file| self.item_of(file)), asks);
            });
        }
    }
}

/// Which snapshots have it, and what became of it.
fn held(series: &super::super::data::SeriesView, file: &FoundFile) -> String {
    let span = series.span(file.first, file.last, file.count);
    format!("{span}{}", file.fate_words())
}

fn cell_ui(ui: &mut Ui, series: &super::super::data::SeriesView, file: &FoundFile, column: usize) {
    let palette = palette(ui.ctx());
    let weak = |text: String| RichText::new(text).color(palette.weak);
    match column {
        0 => {
            let name = last_name(&file.path);
            icon_cell_ui(ui, file.kind, name);
            let mut text = RichText::new(escaped(name).to_string());
            if file.fate == Fate::Deleted {
                text = text.color(palette.removed);
            }
            cell_text_ui(ui, text);
        }
        1 => cell_path_ui(ui, &shown(parent(&file.path).unwrap_or(b"/")), palette.weak),
        2 if file.kind == RowKind::Folder && file.size == 0 => {}
        2 => cell_text_ui(ui, weak(size(file.size))),
        3 => cell_text_ui(ui, weak(held(series, file))),
        _ => cell_text_ui(ui, weak(words::file_time(file.modified))),
    }
}
