//! Draws this part of the screen: at the left the rule and what comes of it, at the right the snapshots and the
//! versions of files that would be lost.

use egui::{Align, Layout, Rect, ScrollArea, Ui, UiBuilder, pos2};

use super::data::{Key, in_words, reasons, short_words};
use super::{Ask, Cleanup};
use crate::gui::command::{Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::screens::statistics::data::Row;
use crate::gui::screens::statistics::measure::Measure;
use crate::gui::theme::{ROW_HEIGHT, palette, space};
use crate::gui::widgets::table::{Column, Table, cell_text_ui};
use crate::gui::widgets::{card_ui, follow_focus, group_title_ui, loading_ui, notice_ui};
use crate::gui::words::{date_time, sentence};
use crate::human::counted;

/// Width of the left side.
const SIDE: f32 = 284.0;
/// Which part of the height the snapshots have; the others are versions that would be lost.
const SNAPSHOTS: f32 = 0.56;

impl Cleanup {
    pub fn cleanup_ui(&mut self, ui: &mut Ui, rows: &[Row], cx: &Cx<'_>, out: &mut Outbox) {
        let mut asks = Vec::new();
        self.state_ui(ui, rows, cx);
        let room = ui.available_rect_before_wrap();
        let left = Rect::from_min_max(room.min, pos2(room.min.x + SIDE, room.max.y));
        let right = Rect::from_min_max(pos2(left.max.x + space::M, room.min.y), room.max);
        ui.scope_builder(UiBuilder::new().max_rect(left), |ui| {
            ScrollArea::vertical()
                .id_salt("clean up")
                .auto_shrink(false)
                .show(ui, |ui| {
                    card_ui(ui, |ui| self.rule_ui(ui, &mut asks));
                    ui.add_space(space::XS);
                    card_ui(ui, |ui| self.effect_ui(ui, cx, &mut asks));
                    follow_focus(ui);
                });
        });
        ui.scope_builder(UiBuilder::new().max_rect(right), |ui| {
            let height = room.height() - 2.0 * space::L - space::S;
            card_ui(ui, |ui| {
                let top = ui.cursor().min.y;
                let has_gone = !self.ticks.is_empty();
                let part = if has_gone { SNAPSHOTS } else { 1.0 };
                self.snapshots_ui(ui, rows, height * part, &mut asks);
                if has_gone {
                    ui.add_space(space::S);
                    let left = height - (ui.cursor().min.y - top);
                    self.gone_ui(ui, left, cx, &mut asks);
                }
                let used = ui.cursor().min.y - top;
                ui.add_space((height - used).max(0.0));
            });
        });
        for ask in asks {
            self.handle(ask, rows, cx, out);
        }
    }

    /// What is being found out, or why it cannot be.
    fn state_ui(&self, ui: &mut Ui, rows: &[Row], cx: &Cx<'_>) {
        let repositories: std::collections::BTreeSet<_> =
            rows.iter().map(|row| row.repository).collect();
        for id in repositories {
            if let Some(error) = cx.holdings.error(id) {
                let title = "What deleting snapshots frees is not known";
                notice_ui(ui, Tone::Warning, title, &sentence(error));
            } else if let Some(is_silent) = cx.holdings.is_loading(id)
                && cx.holdings.get(id).is_none()
            {
                loading_ui(ui, "Finding out who holds what", is_silent);
            }
        }
    }

    fn snapshots_ui(&mut self, ui: &mut Ui, rows: &[Row], height: f32, asks: &mut Vec<Ask>) {
        let title = match self.ticks.len() {
            0 => counted(rows.len() as u64, "snapshot", "snapshots"),
            ticked => format!(
                "{ticked} of {} ticked to be deleted",
                counted(rows.len() as u64, "snapshot", "snapshots")
            ),
        };
        ui.horizontal(|ui| {
            group_title_ui(ui, &title);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                self.delete_ui(ui, asks)
            });
        });
        let has_archives = rows.windows(2).any(|two| two[0].archive != two[1].archive);
        let mut columns = vec![Column::fixed("Snapshot", 170.0)];
        if has_archives {
            columns.push(Column::fixed("Archive", 76.0));
        }
        let before = columns.len();
        let measures = [Measure::Held, Measure::Frees];
        columns.extend(measures.map(|measure| Column::fixed(measure.title(), 66.0).right()));
        columns.push(Column::share("Kept as", 1.0));
        let short = reasons(rows, &self.rule, short_words);
        let reasons = reasons(rows, &self.rule, in_words);
        let row_at = |place: usize| rows.get(rows.len().checked_sub(place + 1)?);
        let why = |row: &Row| {
            let reason = reasons.get(&Key::of(row));
            match (self.ticks.holds(row), reason) {
                (true, _) => "to be deleted".to_owned(),
                (false, Some(reason)) => reason.clone(),
                (false, None) => String::new(),
            }
        };
        let table = Table {
            id: "clean up",
            name: "Snapshots that could be deleted",
            columns: &columns,
            rows: rows.len(),
            sorted: None,
            has_selection: true,
            height: Some((height - 2.0 * ROW_HEIGHT - space::S).max(2.0 * ROW_HEIGHT)),
        };
        let name = |place: usize| {
            row_at(place).map_or(String::new(), |row| {
                let why = why(row);
                let why = if why.is_empty() {
                    why
                } else {
                    format!(", {why}")
                };
                format!("{}, {}{why}", row.name.stem(), row.archive)
            })
        };
        let palette = palette(ui.ctx());
        let mut state = std::mem::take(&mut self.table);
        let events = table.show(ui, &mut state, name, |ui, place, column| {
            let Some(row) = row_at(place) else {
                return;
            };
            let measure = column
                .checked_sub(before)
                .and_then(|place| measures.get(place));
            match (column, measure) {
                (0, _) => cell_text_ui(ui, date_time(row.name.time())),
                (_, Some(measure)) => cell_text_ui(ui, measure.cell(row)),
                (column, None) if column < before => cell_text_ui(ui, row.archive.as_str()),
                _ => {
                    let ink = match self.ticks.holds(row) {
                        true => palette.removed,
                        false => palette.weak,
                    };
                    let why = match self.ticks.holds(row) {
                        true => "to be deleted".to_owned(),
                        false => short.get(&Key::of(row)).cloned().unwrap_or_default(),
                    };
                    cell_text_ui(ui, egui::RichText::new(why).small().color(ink));
                }
            }
        });
        self.table = state;
        if events.is_selection_changed {
            asks.push(Ask::Ticks);
        }
        if let Some(row) = events.opened.and_then(row_at) {
            asks.push(Ask::Browse(Key::of(row)));
        }
    }
}
