//! Draws the page: what to look at, the numbers that matter most, and charts or the table.

use egui::{ComboBox, RichText, ScrollArea, Ui};
use lucide_icons::Icon;

use super::Statistics;
use super::charts::{costs_ui, growth_ui, holdings_ui};
use super::data::{Choice, FEW_BACKUPS, Measure, Row, choices, headlines};
use crate::gui::command::{BrowseTarget, Command, Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::theme::{palette, space, text};
use crate::gui::widgets::table::{Column, Table, cell_text_ui};
use crate::gui::widgets::{
    Button, card_ui, empty_ui, error_ui, group_title_ui, link_ui, loading_ui, notice_ui,
};
use crate::gui::words::{date_time, sentence, uncapitalized};
use crate::jobs::source::SeriesSource;

/// The table's head, and the lines below that say what a row or the columns mean.
const BELOW_TABLE: f32 = 84.0;
/// Room for the bar to scroll with.
const BAR_WIDTH: f32 = 8.0;

impl Statistics {
    pub(super) fn page_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        if let Some(error) = cx.overview.error() {
            return error_ui(ui, error);
        }
        if cx.overview.is_loading() {
            return loading_ui(ui, "Reading the configuration", false);
        }
        let Some(choice) = self.choice.clone() else {
            return empty_ui(
                ui,
                Icon::ChartColumn,
                "There is nothing to count yet",
                "As soon as there is an archive with a snapshot, this shows what it costs.",
            );
        };
        ui.horizontal(|ui| {
            self.choice_ui(ui, &choice, cx);
            let (label, icon) = match self.is_table {
                true => ("As charts", Icon::ChartColumn),
                false => ("As a table", Icon::Table),
            };
            if Button::new(label).icon(icon).show(ui) {
                self.is_table = !self.is_table;
            }
            if self.costs.is_loading() {
                let is_not_answering = self.costs.is_not_answering();
                loading_ui(ui, "Asking the repository", is_not_answering);
            }
        });
        ui.add_space(space::XS);
        if self.rows.is_empty() {
            return self.without_rows_ui(ui, &choice, cx);
        }
        if self.is_table {
            self.troubles_ui(ui, &choice, cx);
            return self.table_ui(ui, out);
        }
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.set_max_width(ui.available_width() - BAR_WIDTH);
            self.troubles_ui(ui, &choice, cx);
            self.headlines_ui(ui, &choice, cx);
            ui.add_space(space::S);
            self.charts_ui(ui, out);
            self.last_backups_ui(ui, out);
        });
    }

    fn choice_ui(&mut self, ui: &mut Ui, choice: &Choice, cx: &Cx<'_>) {
        let mut taken = None;
        let response = ComboBox::from_id_salt("choice")
            .selected_text(choice.label())
            .width(220.0)
            .show_ui(ui, |ui| {
                for one in choices(cx.overview) {
                    if ui.selectable_label(one == *choice, one.label()).clicked() {
                        taken = Some(one);
                    }
                }
            })
            .response;
        ui.ctx()
            .accesskit_node_builder(response.id, |node| node.set_label("Statistics of"));
        if let Some(taken) = taken {
            self.choose(taken);
        }
    }

    /// Why there are no numbers.
    fn without_rows_ui(&self, ui: &mut Ui, choice: &Choice, cx: &Cx<'_>) {
        let archives = cx.overview.archives.iter().filter(|archive| match choice {
            Choice::Archive(name) => archive.name == *name,
            Choice::Repository(name) => {
                let entry = archive.entry.as_ref();
                entry.is_ok_and(|entry| entry.repository == *name)
            }
        });
        let mut is_told = false;
        for archive in archives {
            if let Some(error) = archive.entry.as_ref().err().or(archive.snapshots.error()) {
                error_ui(ui, error);
                is_told = true;
            } else if archive.snapshots.value().is_none() {
                let what = format!("Reading the snapshots of {}", archive.name);
                loading_ui(ui, &what, archive.snapshots.is_not_answering());
                is_told = true;
            }
        }
        if !is_told {
            empty_ui(
                ui,
                Icon::ChartColumn,
                "There are no snapshots yet",
                "After the first backup this shows what it costs.",
            );
        }
    }

    /// What is missing in the numbers, and why.
    fn troubles_ui(&self, ui: &mut Ui, choice: &Choice, cx: &Cx<'_>) {
        if let Some(error) = self.costs.error() {
            let title = "What each snapshot costs is not known";
            notice_ui(ui, Tone::Warning, title, &sentence(error));
        }
        let missing = self.costs.value().map_or(&[][..], |costs| &costs.missing);
        for why in missing {
            let title = "What each snapshot costs is not known";
            notice_ui(ui, Tone::Warning, title, why);
        }
        for archive in &cx.overview.archives {
            let is_meant = match choice {
                Choice::Archive(name) => archive.name == *name,
                Choice::Repository(name) => {
                    let entry = archive.entry.as_ref();
                    entry.is_ok_and(|entry| entry.repository == *name)
                }
            };
            if !is_meant {
                continue;
            }
            if let Some(error) = archive.snapshots.error() {
                let title = format!("{} is not counted in", archive.name);
                notice_ui(ui, Tone::Warning, &title, &sentence(error));
            }
            let unreadable = archive
                .snapshots
                .value()
                .map_or(0, |all| all.unreadable.len());
            if unreadable > 0 {
                let snapshots =
                    crate::human::counted(unreadable as u64, "snapshot is", "snapshots are");
                let title = format!("{snapshots} not counted in");
                let why = format!("They are of {} and cannot be read.", archive.name);
                notice_ui(ui, Tone::Warning, &title, &why);
            }
        }
    }

    fn headlines_ui(&self, ui: &mut Ui, choice: &Choice, cx: &Cx<'_>) {
        let costs = self.costs.value().filter(|costs| costs.missing.is_empty());
        let stats = match choice {
            Choice::Archive(_) => None,
            Choice::Repository(name) => cx
                .overview
                .repository(name)
                .and_then(|repository| repository.stats.value()),
        };
        let together = costs.map(|costs| &costs.together);
        let headlines = headlines(choice, &self.rows, together, stats);
        let weak = palette(ui.ctx()).weak;
        card_ui(ui, |ui| {
            ui.spacing_mut().item_spacing.x = space::XL;
            ui.columns(headlines.len().max(1), |columns| {
                for (ui, (number, sentence)) in columns.iter_mut().zip(&headlines) {
                    // Columns would stretch the words of a line to its end.
                    ui.with_layout(egui::Layout::top_down(egui::Align::Min), |ui| {
                        ui.label(RichText::new(number).text_style(text::title()));
                        ui.add(egui::Label::new(RichText::new(sentence).color(weak)).wrap());
                    });
                }
            });
        });
    }

    fn charts_ui(&self, ui: &mut Ui, out: &mut Outbox) {
        let mut opened = None;
        let mut chart_ui =
            |ui: &mut Ui, title: &str, draw: fn(&mut Ui, &[Row]) -> Option<usize>| {
                card_ui(ui, |ui| {
                    group_title_ui(ui, title);
                    opened = opened.or(draw(ui, &self.rows));
                });
                ui.add_space(space::S);
            };
        chart_ui(ui, "How it grows", growth_ui);
        if self.rows.iter().any(|row| row.costs.is_some()) {
            chart_ui(ui, "What each snapshot costs", costs_ui);
            chart_ui(ui, "What each snapshot holds", holdings_ui);
        }
        if let Some(row) = opened.and_then(|index| self.rows.get(index)) {
            out.send(browse(row));
        }
    }

    fn last_backups_ui(&self, ui: &mut Ui, out: &mut Outbox) {
        card_ui(ui, |ui| {
            group_title_ui(ui, "What the last backups brought");
            ui.spacing_mut().interact_size.y = 20.0;
            egui::Grid::new("last backups")
                .num_columns(2)
                .spacing([space::L, space::XS])
                .show(ui, |ui| {
                    for row in self.rows.iter().rev().take(FEW_BACKUPS) {
                        let response = link_ui(ui, &date_time(row.name.time()));
                        let name = format!("Browse {} of {}", row.name.stem(), row.archive);
                        ui.ctx()
                            .accesskit_node_builder(response.id, |node| node.set_label(name));
                        if response.on_hover_text("Show it in Browse").clicked() {
                            out.send(browse(row));
                        }
                        let mut brought = row.brought();
                        if let Some(Choice::Repository(_)) = self.choice {
                            brought = format!("{}: {brought}", row.archive);
                        }
                        ui.add(egui::Label::new(brought).truncate());
                        ui.end_row();
                    }
                });
        });
    }

    fn table_ui(&mut self, ui: &mut Ui, out: &mut Outbox) {
        let has_archives = matches!(self.choice, Some(Choice::Repository(_)));
        let measures = Measure::fitting(ui.available_width(), has_archives);
        let mut columns = vec![Column::share("Snapshot", 1.0)];
        if has_archives {
            columns.push(Column::fixed("Archive", 90.0));
        }
        let before = columns.len();
        let titles = measures.iter().map(|measure| measure.title());
        columns.extend(titles.map(|title| Column::fixed(title, 78.0).right()));
        // The newest first: it is what one looks for.
        let count = self.rows.len();
        let rows = &self.rows;
        let row_at = |index: usize| rows.get(count.checked_sub(index + 1)?);
        let table = Table {
            id: "statistics",
            name: "Statistics of the snapshots",
            columns: &columns,
            rows: count,
            sorted: None,
            has_selection: false,
            height: Some((ui.available_height() - BELOW_TABLE).max(120.0)),
        };
        let name = |index: usize| match row_at(index) {
            Some(row) => row_name(row, &measures),
            None => String::new(),
        };
        let events = table.show(ui, &mut self.table, name, |ui, index, column| {
            let Some(row) = row_at(index) else {
                return;
            };
            let measure = column.checked_sub(before);
            match (column, measure.and_then(|index| measures.get(index))) {
                (0, _) => cell_text_ui(ui, date_time(row.name.time())),
                (_, None) => cell_text_ui(ui, row.archive.as_str()),
                (_, Some(measure)) => cell_text_ui(ui, measure.cell(row)),
            }
        });
        let opened = events.opened.and_then(row_at).map(browse);
        if let Some(command) = opened {
            out.send(command);
        }
        let current = self.table.cursor.and_then(row_at);
        let weak = palette(ui.ctx()).weak;
        let line = match current {
            Some(row) => row.words().join("  ·  "),
            None => {
                let explained = measures.iter().rev().take(3).rev();
                let explained = explained.map(|measure| {
                    format!(
                        "{}: {}",
                        measure.title(),
                        uncapitalized(measure.explanation())
                    )
                });
                explained.collect::<Vec<_>>().join(".  ")
            }
        };
        ui.add(egui::Label::new(RichText::new(line).small().color(weak)).wrap());
    }
}

/// A row for screen readers, and for tests.
fn row_name(row: &Row, measures: &[Measure]) -> String {
    let mut name = format!("{}, {}", row.name.stem(), row.archive);
    for measure in measures {
        name.push_str(&format!(
            "; {}: {}",
            uncapitalized(measure.title()),
            measure.cell(row)
        ));
    }
    name
}

fn browse(row: &Row) -> Command {
    Command::Browse(BrowseTarget {
        source: SeriesSource::Archive(row.archive.clone()),
        snapshot: Some(row.name),
        folder: None,
    })
}
