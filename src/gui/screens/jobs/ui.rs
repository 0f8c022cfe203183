//! Draws what is running, and the table of what has ended.

use egui::{Align, Layout, RichText, ScrollArea, Ui};
use lucide_icons::Icon;

use super::{JobsScreen, data};
use crate::fs::escaped;
use crate::gui::command::{Command, Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::theme::{ROW_HEIGHT, palette, space, text};
use crate::gui::widgets::table::{Column, Table, cell_text_ui};
use crate::gui::widgets::{
    Button, badge_ui, card_ui, empty_ui, follow_focus, progress_bar_ui, steady_ui,
};
use crate::gui::words;
use crate::human::counted;
use crate::jobs::Job;

/// The table of what has ended has at least and at most so many rows at once.
const ROWS: std::ops::RangeInclusive<usize> = 3..=8;
/// Room for what is said of one job.
const LEAST_DETAILS: f32 = 220.0;

impl JobsScreen {
    pub(super) fn jobs_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        if self.rows.is_empty() && !cx.jobs.is_any_running() {
            empty_ui(
                ui,
                Icon::ListChecks,
                "Nothing has been done yet",
                "Backups, checks and everything else that takes a while is shown here, and stays listed.",
            );
            return;
        }
        let height = ui.available_height();
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let top = ui.cursor().min.y;
            for job in cx.jobs.running() {
                steady_ui(ui, ("running", job.id), |ui| {
                    card_ui(ui, |ui| running_ui(ui, job, out));
                });
            }
            if self.rows.is_empty() {
                return;
            }
            let left = height - (ui.cursor().min.y - top);
            let rows = (((left - LEAST_DETAILS) * 0.5 / ROW_HEIGHT) as usize)
                .clamp(*ROWS.start(), *ROWS.end())
                .min(self.rows.len());
            self.table_ui(ui, rows as f32 * ROW_HEIGHT, cx, out);
            ui.add_space(space::S);
            let left = height - (ui.cursor().min.y - top) - space::S;
            steady_ui(ui, "job details", |ui| {
                self.details_ui(ui, left.max(LEAST_DETAILS), cx, out);
            });
            follow_focus(ui);
        });
    }

    fn table_ui(&mut self, ui: &mut Ui, height: f32, cx: &Cx<'_>, out: &mut Outbox) {
        let columns = [
            Column::fixed("When", 110.0),
            Column::share("What", 2.0),
            Column::fixed("Result", 96.0),
            Column::fixed("Took", 76.0),
            Column::share("What came of it", 3.0),
        ];
        let table = Table {
            id: "ended",
            name: "Jobs that have ended",
            columns: &columns,
            rows: self.rows.len(),
            sorted: None,
            has_selection: false,
            height: Some(height),
        };
        let rows = &self.rows;
        let when = |row: usize| words::ago(rows[row].entry.started, cx.now);
        let events = table.show(
            ui,
            &mut self.table,
            |row| {
                let entry = &rows[row].entry;
                let (_, result) = data::result_words(entry);
                format!("{}, {}: {result}", entry.title, when(row))
            },
            |ui, row, column| {
                let entry = &rows[row].entry;
                match column {
                    0 => cell_text_ui(ui, when(row)),
                    1 => cell_text_ui(ui, &entry.title),
                    2 => {
                        let (tone, result) = data::result_words(entry);
                        badge_ui(ui, tone, &result);
                    }
                    3 => cell_text_ui(ui, took(entry.took_milliseconds)),
                    _ => match growth_of(&rows[row], cx, out) {
                        Some(growth) => cell_text_ui(ui, format!("{growth}  ·  {}", entry.summary)),
                        None => cell_text_ui(ui, &entry.summary),
                    },
                }
            },
        );
        if events.is_cursor_moved {
            let cursor = self.table.cursor.and_then(|cursor| self.rows.get(cursor));
            let started = cursor.map(|row| row.entry.started);
            self.select(started, cx);
        }
    }
}

/// What a backup brought, in a few words; asked for where it is not known.
pub(super) fn growth_of(row: &data::Row, cx: &Cx<'_>, out: &mut Outbox) -> Option<String> {
    let (archive, snapshot) = data::snapshot_of(row)?;
    if cx.grown.is_unasked(&archive, snapshot) {
        let archive = archive.clone();
        out.send(Command::FindGrowth { archive, snapshot });
    }
    let growth = cx.grown.get(&archive, snapshot)?;
    let words = growth.words(cx.catalog.home_dir.as_deref());
    Some(words::capitalized(&words))
}

/// A job that is running.
fn running_ui(ui: &mut Ui, job: &Job, out: &mut Outbox) {
    let palette = palette(ui.ctx());
    let progress = job.progress();
    let title = words::work_title(&job.work);
    let weak = |words: String| RichText::new(words).color(palette.weak);
    ui.horizontal(|ui| {
        ui.label(RichText::new(&title).text_style(egui::TextStyle::Heading));
        ui.label(weak(words::phase(&progress).to_owned()));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let name = format!("Cancel: {title}");
            let reason = progress.is_stopping.then_some("It is stopping");
            let cancel = Button::new("Cancel").named(&name);
            if cancel.disabled_because(reason).show(ui) {
                out.send(Command::Cancel(job.id));
            }
            ui.label(weak(format!(
                "running for {}",
                words::duration(progress.elapsed)
            )));
        });
    });
    let name = format!("Progress in Jobs of: {title}");
    progress_bar_ui(ui, words::fraction(&progress), &name);
    ui.label(RichText::new(words::progress_line(&progress)).text_style(text::strong()));
    ui.horizontal(|ui| {
        if progress.warnings > 0 {
            let problems = counted(progress.warnings, "problem", "problems");
            badge_ui(ui, Tone::Warning, &format!("{problems} so far"));
        }
        if progress.is_stalled {
            let stalled =
                "Stalled: the disk or share has not answered for a while. It goes on when it does.";
            ui.label(RichText::new(stalled).color(palette.warning));
        } else {
            let current = weak(escaped(&progress.current).to_string());
            ui.add(egui::Label::new(current).truncate());
        }
    });
}

/// How long something took.
pub(super) fn took(milliseconds: u64) -> String {
    crate::human::duration(milliseconds.saturating_mul(1000))
}
