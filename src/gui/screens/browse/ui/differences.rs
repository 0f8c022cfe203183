//! What differs between two moments: kinds to choose, sums, and the list.

use egui::{Align, Layout, RichText, Ui};
use lucide_icons::Icon;

use super::super::act::Ask;
use super::super::data::{Moment, last_name, parent, shown};
use super::super::differences::{Differing, DifferingFile, Differs};
use super::super::{Browse, Item, View};
use super::folder::icon_cell_ui;
use super::weak_ui;
use crate::fs::escaped;
use crate::gui::command::Tone;
use crate::gui::theme::{Palette, palette, space, text};
use crate::gui::widgets::table::{Column, Table, cell_path_ui, cell_text_ui};
use crate::gui::widgets::{Button, error_ui, loading_ui, notice_ui, text_field_ui};
use crate::human::{count, counted, size};

impl Browse {
    pub(super) fn differences_ui(&mut self, ui: &mut Ui, asks: &mut Vec<Ask>) {
        let Some((old, new)) = self.compared() else {
            weak_ui(ui, "What was compared is not there any more.");
            return;
        };
        ui.horizontal(|ui| {
            let title = format!(
                "{}  →  {}",
                self.series.moment_title(old),
                self.series.moment_title(new)
            );
            ui.add(egui::Label::new(RichText::new(title).text_style(text::strong())).truncate());
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let back = Button::new("Back to the folder").icon(Icon::X);
                if back.show(ui) {
                    asks.push(Ask::View(View::Folder));
                }
                let is_running = self.comparison.outcome.is_loading();
                if is_running && Button::new("Stop comparing").show(ui) {
                    asks.push(Ask::StopComparison);
                }
            });
        });
        self.choices_ui(ui, asks, old, new);
        let outcome = &self.comparison.outcome;
        if let Some(error) = outcome.error() {
            error_ui(ui, error);
        } else if outcome.is_loading() {
            loading_ui(ui, "Comparing", outcome.is_not_answering());
        } else if let Some(found) = outcome.value() {
            if found.is_truncated {
                let told = "There are more differences than can be listed";
                let rest = "The sums are of all of them. Compare only this folder to see fewer.";
                notice_ui(ui, Tone::Information, told, rest);
            }
            if found.warnings > 0 {
                let told = counted(found.warnings, "folder", "folders");
                let told = format!("{told} could not be read, and nothing is said of them");
                notice_ui(ui, Tone::Warning, &told, "");
            }
            if found.counts.iter().all(|number| *number == 0) {
                notice_ui(ui, Tone::Good, "There is no difference", "");
            } else {
                self.differing_ui(ui, old, new, asks);
            }
        } else {
            weak_ui(ui, "Stopped");
        }
    }

    fn choices_ui(&mut self, ui: &mut Ui, asks: &mut Vec<Ask>, old: Moment, new: Moment) {
        let comparison = &mut self.comparison;
        let mut is_changed = false;
        ui.horizontal_wrapped(|ui| {
            for (place, differs) in Differs::ALL.into_iter().enumerate() {
                let label = match comparison.outcome.value() {
                    Some(found) => chip(found, place, differs),
                    None => differs.word().to_owned(),
                };
                let shown = &mut comparison.shown.is_kind_shown[place];
                let ink = ink(palette(ui.ctx()), differs);
                let response = ui.checkbox(shown, RichText::new(label).color(ink));
                is_changed |= response.changed();
                ui.add_space(space::S);
            }
        });
        ui.horizontal(|ui| {
            let text = &mut comparison.shown.text;
            let field = text_field_ui(ui, text, "Show only paths with", "Show only…", 180.0);
            is_changed |= field.changed();
            let is_folder_only = &mut comparison.is_folder_only;
            if ui
                .checkbox(is_folder_only, "Only this folder")
                .on_hover_text("Only what is below the folder that is open")
                .changed()
            {
                asks.push(Ask::Compare { old, new });
            }
        });
        if is_changed {
            asks.push(Ask::FilterComparison);
        }
    }

    fn differing_ui(&mut self, ui: &mut Ui, old: Moment, new: Moment, asks: &mut Vec<Ask>) {
        let columns = [
            Column::fixed("Change", 96.0),
            Column::share("Name", 1.0),
            Column::share("Folder", 1.2),
            Column::fixed("Size", 130.0).right(),
        ];
        let table = Table {
            id: "differences",
            name: "Differences",
            columns: &columns,
            rows: self.comparison.order.len(),
            sorted: None,
            has_selection: false,
            height: None,
        };
        let comparison = &self.comparison;
        let events = table.show(
            ui,
            &mut self.comparison_table,
            |row| {
                comparison.row(row).map_or(String::new(), |file| {
                    let word = file.differs.word().to_lowercase();
                    format!("{}, {word}", escaped(last_name(&file.path)))
                })
            },
            |ui, row, column| {
                if let Some(file) = comparison.row(row) {
                    cell_ui(ui, file, column);
                }
            },
        );
        let moment = |file: &DifferingFile| match file.differs {
            Differs::Removed => old,
            _ => new,
        };
        if let Some(file) = events.opened.and_then(|row| comparison.row(row)) {
            asks.push(Ask::Reveal {
                path: file.path.clone(),
                moment: moment(file),
            });
        }
        for (row, response) in &events.rows {
            response.context_menu(|ui| {
                let Some(file) = comparison.row(*row) else {
                    return;
                };
                if ui.button("Show in its folder").clicked() {
                    asks.push(Ask::Reveal {
                        path: file.path.clone(),
                        moment: moment(file),
                    });
                    ui.close();
                }
                // What is wanted back is how it was before, where there was such a thing.
                let from = match file.differs {
                    Differs::New => new,
                    _ => old,
                };
                let point = self.series.get(from);
                let item = Item {
                    path: file.path.clone(),
                    kind: file.kind,
                    bytes: file.old_size.or(file.new_size).unwrap_or(0),
                    snapshot: point.map(|point| (point.path.clone(), point.name)),
                };
                self.item_menu_ui(ui, Some(item), asks);
            });
        }
    }
}

/// `New: 12, 3.4 MiB`.
fn chip(found: &Differing, place: usize, differs: Differs) -> String {
    let (number, bytes) = (found.counts[place], found.bytes[place]);
    match (number, differs) {
        (0, _) => format!("{}: none", differs.word()),
        (number, Differs::Attributes) => format!("{}: {}", differs.word(), count(number)),
        (number, _) => format!("{}: {}, {}", differs.word(), count(number), size(bytes)),
    }
}

fn ink(palette: &Palette, differs: Differs) -> egui::Color32 {
    match differs {
        Differs::New => palette.new,
        Differs::Changed => palette.changed,
        Differs::Removed => palette.removed,
        Differs::Attributes => palette.weak,
    }
}

fn cell_ui(ui: &mut Ui, file: &DifferingFile, column: usize) {
    let palette = palette(ui.ctx());
    let weak = |text: String| RichText::new(text).color(palette.weak);
    match column {
        0 => {
            let word = match file.note {
                "" => file.differs.word().to_owned(),
                note => note.to_owned(),
            };
            cell_text_ui(ui, RichText::new(word).color(ink(palette, file.differs)));
        }
        1 => {
            let name = last_name(&file.path);
            icon_cell_ui(ui, file.kind, name);
            let mut text = RichText::new(escaped(name).to_string());
            if file.differs == Differs::Removed {
                text = text.strikethrough();
            }
            cell_text_ui(ui, text);
        }
        2 => cell_path_ui(ui, &shown(parent(&file.path).unwrap_or(b"/")), palette.weak),
        _ => {
            let sizes = match (file.old_size, file.new_size) {
                (Some(old), Some(new)) if old != new => format!("{} → {}", size(old), size(new)),
                (_, Some(one)) | (Some(one), None) => size(one),
                (None, None) => String::new(),
            };
            cell_text_ui(ui, weak(sizes));
        }
    }
}
