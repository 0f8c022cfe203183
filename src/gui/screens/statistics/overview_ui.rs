//! Draws the first part of the screen: all of it in a sentence, the numbers that matter most, charts or the table.

use egui::{Align, Layout, Rect, RichText, ScrollArea, Ui};
use lucide_icons::Icon;

use super::charts::{brought_ui, growth_ui, holdings_ui};
use super::data::{Choice, FEW_BACKUPS, Row, headlines, in_one_sentence};
use super::measure::{Measure, csv};
use super::save::Content;
use super::{Statistics, Tab};
use crate::gui::command::{BrowseTarget, Command, Outbox};
use crate::gui::cx::Cx;
use crate::gui::theme::{palette, space, text};
use crate::gui::widgets::table::{Column, Table, cell_text_ui};
use crate::gui::widgets::{card_ui, follow_focus, group_title_ui, icon_button_ui, link_ui};
use crate::gui::words::{date_time, uncapitalized};
use crate::jobs::source::SeriesSource;

/// The table's head, and the lines below that say what a row or the columns mean.
const BELOW_TABLE: f32 = 84.0;
/// Room for the bar to scroll with.
const BAR_WIDTH: f32 = 8.0;

/// A chart: its title, what its picture is called, and what draws it.
struct Chart {
    title: &'static str,
    part: &'static str,
    draw: fn(&mut Ui, &[Row]) -> Option<usize>,
}

const GROWTH: Chart = Chart {
    title: "How it grows",
    part: "growth",
    draw: growth_ui,
};
const BROUGHT: Chart = Chart {
    title: "What each backup brought",
    part: "brought",
    draw: brought_ui,
};
const HOLDINGS: Chart = Chart {
    title: "What each snapshot takes",
    part: "snapshots",
    draw: holdings_ui,
};

impl Statistics {
    pub(super) fn overview_ui(
        &mut self,
        ui: &mut Ui,
        choice: &Choice,
        cx: &Cx<'_>,
        out: &mut Outbox,
    ) {
        if self.is_table {
            return self.table_ui(ui, out);
        }
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.set_max_width(ui.available_width() - BAR_WIDTH);
            self.headlines_ui(ui, choice, cx);
            ui.add_space(space::S);
            self.chart_ui(ui, &GROWTH, cx, out);
            self.last_backups_ui(ui, cx, out);
            ui.add_space(space::S);
            if self.rows.iter().any(|row| row.costs.is_some()) {
                self.chart_ui(ui, &BROUGHT, cx, out);
                self.chart_ui(ui, &HOLDINGS, cx, out);
            }
            follow_focus(ui);
        });
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
        let sentence = in_one_sentence(&self.rows, together, stats);
        let headlines = headlines(choice, &self.rows, together, stats);
        let weak = palette(ui.ctx()).weak;
        card_ui(ui, |ui| {
            if let Some(sentence) = sentence {
                ui.label(RichText::new(sentence).text_style(text::title()));
                ui.add_space(space::S);
            }
            ui.spacing_mut().item_spacing.x = space::XL;
            ui.columns(headlines.len().max(1), |columns| {
                for (ui, (number, sentence)) in columns.iter_mut().zip(&headlines) {
                    // Columns would stretch the words of a line to its end.
                    ui.with_layout(egui::Layout::top_down(egui::Align::Min), |ui| {
                        ui.label(RichText::new(number).text_style(text::headline()));
                        ui.add(egui::Label::new(RichText::new(sentence).color(weak)).wrap());
                    });
                }
            });
        });
    }

    /// A chart with its title, and what saves it.
    fn chart_ui(&mut self, ui: &mut Ui, chart: &Chart, cx: &Cx<'_>, out: &mut Outbox) {
        let is_picture = self.shot.is_of(chart.part);
        let (mut opened, mut wants_numbers, mut wants_picture) = (None, false, false);
        let card = card_ui(ui, |ui| {
            ui.horizontal(|ui| {
                group_title_ui(ui, chart.title);
                if is_picture {
                    let name = self.choice.as_ref().map(Choice::label).unwrap_or_default();
                    ui.label(RichText::new(name).color(palette(ui.ctx()).weak));
                    return;
                }
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let name = format!("Save the numbers of: {}", chart.title);
                    wants_numbers = icon_button_ui(ui, Icon::Sheet, &name).clicked();
                    let name = format!("Save as a picture: {}", chart.title);
                    wants_picture = icon_button_ui(ui, Icon::Image, &name).clicked();
                });
            });
            opened = (chart.draw)(ui, &self.rows);
        });
        let place: Rect = card.response.rect;
        self.shot.see(ui, chart.part, place);
        ui.add_space(space::S);
        if wants_picture {
            self.shot.ask(chart.part);
        }
        if wants_numbers {
            self.save(Content::Numbers(csv(&self.rows)), chart.part, cx, out);
        }
        if let Some(row) = opened.and_then(|index| self.rows.get(index)) {
            out.send(browse(row));
        }
    }

    fn last_backups_ui(&self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        card_ui(ui, |ui| {
            group_title_ui(ui, "What the last backups brought");
            ui.spacing_mut().interact_size.y = 20.0;
            egui::Grid::new("last backups")
                .num_columns(2)
                .spacing([space::L, space::XS])
                .show(ui, |ui| {
                    for row in self.rows.iter().rev().take(FEW_BACKUPS) {
                        let response = link_ui(ui, &date_time(row.name.time()));
                        let name = format!("What {} of {} brought", row.name.stem(), row.archive);
                        ui.ctx()
                            .accesskit_node_builder(response.id, |node| node.set_label(name));
                        if response.on_hover_text("Show what made it grow").clicked() {
                            out.send(Command::ShowGrowth {
                                archive: row.archive.clone(),
                                snapshot: row.name,
                            });
                        }
                        if cx.grown.is_unasked(&row.archive, row.name) {
                            out.send(Command::FindGrowth {
                                archive: row.archive.clone(),
                                snapshot: row.name,
                            });
                        }
                        let mut brought = match cx.grown.get(&row.archive, row.name) {
                            Some(growth) => growth.words(cx.catalog.home_dir.as_deref()),
                            None => row.brought(),
                        };
                        if let Some(Choice::Repository(_)) = self.choice {
                            brought = format!("{} {brought}", row.archive);
                        }
                        ui.add(egui::Label::new(brought).truncate());
                        ui.end_row();
                    }
                });
        });
    }

    /// What saves all numbers, at the right of the screen's title.
    pub(super) fn save_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        if self.tab != Tab::Overview {
            return;
        }
        let reason = self.rows.is_empty().then_some("There are no numbers yet");
        let button = crate::gui::widgets::Button::new("Save as CSV…")
            .explain("Saves all numbers for a spreadsheet");
        if button.disabled_because(reason).show(ui) {
            self.save(Content::Numbers(csv(&self.rows)), "snapshots", cx, out);
        }
        let (label, icon) = match self.is_table {
            true => ("As charts", Icon::ChartColumn),
            false => ("As a table", Icon::Table),
        };
        let button = crate::gui::widgets::Button::new(label).icon(icon);
        if button.disabled_because(reason).show(ui) {
            self.is_table = !self.is_table;
        }
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
        versions_of: None,
    })
}
