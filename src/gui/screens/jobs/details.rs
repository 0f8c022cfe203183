//! Draws the job that is looked at: what came of it, what went wrong, and what to do about it.

use std::path::PathBuf;

use egui::{RichText, Ui};
use lucide_icons::Icon;

use super::JobsScreen;
use super::data::{self, Finding, Line};
use super::ui::{growth_of, took};
use crate::gui::command::{BrowseTarget, Command, Outbox};
use crate::gui::cx::Cx;
use crate::gui::theme::{ROW_HEIGHT, palette, space, text};
use crate::gui::widgets::table::{Column, Table, cell_text_ui};
use crate::gui::widgets::{Button, badge_ui, card_ui, link_ui};
use crate::gui::words;
use crate::jobs::source::SeriesSource;
use crate::jobs::{Done, Work};
use crate::snapshot::places::ArchiveName;

impl JobsScreen {
    /// Draws it, `height` points high if that is enough.
    pub(super) fn details_ui(&mut self, ui: &mut Ui, height: f32, cx: &Cx<'_>, out: &mut Outbox) {
        let Some(row) = self.selected_row().cloned() else {
            return;
        };
        let palette = palette(ui.ctx());
        card_ui(ui, |ui| {
            let top = ui.cursor().min.y;
            let entry = &row.entry;
            ui.horizontal(|ui| {
                ui.label(RichText::new(&entry.title).text_style(egui::TextStyle::Heading));
                let (tone, result) = data::result_words(entry);
                badge_ui(ui, tone, &result);
                let started = entry.started.to_zoned(cx.now.time_zone().clone());
                let when = format!(
                    "{}, took {}",
                    words::date_time(started.datetime()),
                    took(entry.took_milliseconds)
                );
                ui.label(RichText::new(when).small().color(palette.weak));
            });
            ui.add(egui::Label::new(&entry.summary).wrap().selectable(true));
            if let (Some(growth), Some((archive, snapshot))) =
                (growth_of(&row, cx, out), data::snapshot_of(&row))
            {
                ui.horizontal(|ui| {
                    ui.add(egui::Label::new(growth).truncate());
                    if link_ui(ui, "Show what made it grow").clicked() {
                        out.send(Command::ShowGrowth { archive, snapshot });
                    }
                });
            }
            self.buttons_ui(ui, &row, cx, out);
            if !self.findings.lines.is_empty() {
                ui.add_space(space::XS);
                let left = height - (ui.cursor().min.y - top) - 2.0 * space::L;
                self.findings_ui(ui, left, &row, out);
            }
        });
    }

    fn buttons_ui(&self, ui: &mut Ui, row: &data::Row, cx: &Cx<'_>, out: &mut Outbox) {
        let snapshot = data::snapshot_of(row);
        let folder = row
            .job
            .and_then(|job| folder_of(cx.jobs.get(job)?.outcome()?));
        let again = self.work_again(cx);
        if snapshot.is_none() && folder.is_none() && again.is_none() {
            return;
        }
        ui.horizontal(|ui| {
            if let Some((archive, snapshot)) = snapshot
                && Button::new("Browse the snapshot")
                    .icon(Icon::FolderSearch)
                    .show(ui)
            {
                out.send(Command::Browse(BrowseTarget {
                    source: SeriesSource::Archive(archive),
                    snapshot: Some(snapshot),
                    folder: None,
                    versions_of: None,
                }));
            }
            if let Some(folder) = folder
                && Button::new("Open the folder")
                    .icon(Icon::FolderOpen)
                    .show(ui)
            {
                out.send(Command::OpenFolder(folder));
            }
            if let Some(work) = again {
                let is_running = cx
                    .jobs
                    .running()
                    .any(|job| words::work_title(&job.work) == words::work_title(&work));
                let reason = is_running.then_some("It is running");
                let button = Button::new("Run again").icon(Icon::RotateCw);
                if button.disabled_because(reason).show(ui) {
                    out.send(match work {
                        Work::BackUp { archive } => Command::BackUp(archive),
                        work => Command::Start(work),
                    });
                }
            }
        });
    }

    fn findings_ui(&mut self, ui: &mut Ui, height: f32, row: &data::Row, out: &mut Outbox) {
        /// The title above and the line of advice below.
        const AROUND: f32 = 84.0;
        let palette = palette(ui.ctx());
        let columns = [Column::share(&self.findings.title(), 1.0)];
        let lines = &self.findings.lines;
        let most = lines.len() as f32 * ROW_HEIGHT;
        let table = Table {
            id: "findings",
            name: "What went wrong",
            columns: &columns,
            rows: lines.len(),
            sorted: None,
            has_selection: false,
            height: Some((height - AROUND).clamp(3.0 * ROW_HEIGHT, most.max(3.0 * ROW_HEIGHT))),
        };
        table.show(
            ui,
            &mut self.list,
            |line| match &lines[line] {
                Line::Reason { text, .. } => text.clone(),
                Line::File(finding) => finding.shown.clone(),
            },
            |ui, line, _| match &lines[line] {
                Line::Reason {
                    text, is_notice, ..
                } => {
                    let ink = match is_notice {
                        true => palette.weak,
                        false => palette.warning,
                    };
                    cell_text_ui(
                        ui,
                        RichText::new(text).text_style(text::strong()).color(ink),
                    );
                }
                Line::File(finding) => {
                    ui.add_space(space::L);
                    cell_text_ui(ui, &finding.shown);
                }
            },
        );
        self.advice_ui(ui, row, out);
    }

    /// What to do about the line that the cursor is on, or about the first.
    fn advice_ui(&self, ui: &mut Ui, row: &data::Row, out: &mut Outbox) {
        let weak = palette(ui.ctx()).weak;
        let line = self.list.cursor.unwrap_or(0);
        let archive = data::archive_of(row);
        ui.horizontal(|ui| {
            let finding = match self.findings.lines.get(line) {
                Some(Line::File(finding)) => Some(finding),
                _ => None,
            };
            if let Some(archive) = &archive {
                exclude_ui(ui, archive, finding, out);
                if finding.is_some_and(|finding| finding.attempted == "include")
                    && Button::new("Show the archive").show(ui)
                {
                    out.send(Command::ShowArchive(archive.clone()));
                }
            }
            if let Some(suggestion) = self.findings.suggestion(line) {
                ui.add(egui::Label::new(RichText::new(suggestion).color(weak)).wrap());
            }
        });
    }
}

fn exclude_ui(ui: &mut Ui, archive: &ArchiveName, finding: Option<&Finding>, out: &mut Outbox) {
    let rule = match finding {
        Some(finding) => finding.rule(),
        None => Err("Choose a file in the list first"),
    };
    let button = Button::new("Exclude")
        .icon(Icon::CircleMinus)
        .explain("Leaves it out of the archive from the next backup on");
    if button
        .disabled_because(rule.as_ref().err().copied())
        .show(ui)
        && let Ok(rule) = rule
    {
        let archive = archive.clone();
        out.send(Command::Exclude { archive, rule });
    }
}

/// The folder that things were extracted to.
fn folder_of(outcome: &crate::error::Result<Done>) -> Option<PathBuf> {
    match outcome {
        Ok(Done::GotBack { folder, .. }) => folder.clone(),
        _ => None,
    }
}
