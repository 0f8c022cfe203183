//! What comes of deleting what is ticked: one sentence, figures, what is lost, and the way on.

use std::sync::atomic::Ordering;

use egui::{RichText, Ui};
use lucide_icons::Icon;

use super::{Ask, Cleanup, effect};
use crate::fs::escaped;
use crate::gui::command::Tone;
use crate::gui::cx::Cx;
use crate::gui::grown::shown;
use crate::gui::theme::{ROW_HEIGHT, palette, space, text};
use crate::gui::widgets::table::{Column, Table, cell_path_ui, cell_text_ui};
use crate::gui::widgets::{
    Button, error_ui, group_title_ui, loading_ui, notice_ui, progress_bar_ui,
};
use crate::gui::words::date_time;
use crate::human::size;

impl Cleanup {
    pub(super) fn effect_ui(&self, ui: &mut Ui, cx: &Cx<'_>, asks: &mut Vec<Ask>) {
        group_title_ui(ui, "What comes of it");
        let weak = palette(ui.ctx()).weak;
        if self.ticks.is_empty() {
            ui.add(egui::Label::new(RichText::new("Nothing is ticked.").color(weak)).wrap());
            return;
        }
        if let Some(error) = self.effect.error() {
            error_ui(ui, error);
        }
        match self.effect.value() {
            None => loading_ui(
                ui,
                "Finding out what that frees",
                self.effect.is_not_answering(),
            ),
            Some(effect) => {
                let sentence =
                    RichText::new(effect::in_one_sentence(effect)).text_style(text::headline());
                ui.add(egui::Label::new(sentence).wrap());
                for (name, value) in effect::facts(effect) {
                    ui.label(RichText::new(name).small().color(weak));
                    ui.add(egui::Label::new(value).wrap());
                }
            }
        }
        for of in self
            .ticks
            .chosen(cx.overview)
            .iter()
            .filter(|of| of.allow_last)
        {
            let title = format!("Nothing of {} would be left", of.archive);
            notice_ui(ui, Tone::Warning, &title, "All its snapshots are ticked.");
        }
        ui.add_space(space::XS);
        self.exact_ui(ui, asks);
    }

    /// The way on.
    pub(super) fn delete_ui(&self, ui: &mut Ui, asks: &mut Vec<Ask>) {
        let reason = match (self.ticks.is_empty(), self.effect()) {
            (true, _) => Some("Nothing is ticked"),
            (false, None) => Some("What it frees is still being found out"),
            (false, Some(_)) => None,
        };
        let delete = Button::danger("Delete these snapshots…").icon(Icon::Trash2);
        if delete.disabled_because(reason).show(ui) {
            asks.push(Ask::Delete);
        }
    }

    /// All of it on paper, tables too.
    fn exact_ui(&self, ui: &mut Ui, asks: &mut Vec<Ask>) {
        if let Some(error) = self.exact.error() {
            error_ui(ui, error);
        }
        if let Some(exact) = self.exact() {
            ui.add(egui::Label::new(exact.sentence()).wrap());
            return;
        }
        let Some(monitor) = self.exact.monitor() else {
            let button = Button::new("With tables").explain(
                "How much shorter the tables get that say where contents are: carries it all out on paper, which takes as long as prune.",
            );
            if button.show(ui) {
                asks.push(Ask::Exact);
            }
            return;
        };
        let done = monitor.bytes_done.load(Ordering::Relaxed);
        let total = monitor.bytes_total.load(Ordering::Relaxed);
        let fraction = (total > 0).then(|| done as f32 / total as f32);
        progress_bar_ui(ui, fraction, "Progress of: With tables");
        ui.ctx()
            .request_repaint_after(std::time::Duration::from_millis(100));
        if Button::new("Stop").named("Stop working it out").show(ui) {
            asks.push(Ask::StopExact);
        }
    }

    /// The versions of files that are lost, the largest first.
    pub(super) fn gone_ui(&mut self, ui: &mut Ui, height: f32, cx: &Cx<'_>, asks: &mut Vec<Ask>) {
        let weak = palette(ui.ctx()).weak;
        let ink = palette(ui.ctx()).text;
        let home = cx.catalog.home_dir.as_deref();
        if let Some(error) = self.gone.error() {
            return error_ui(ui, error);
        }
        let Some(gone) = self.gone.value() else {
            if self.gone.is_loading() {
                let is_silent = self.gone.is_not_answering();
                loading_ui(ui, "Looking for versions that would be lost", is_silent);
            }
            return;
        };
        ui.horizontal(|ui| {
            ui.label(RichText::new(gone.sentence()).text_style(text::strong()));
            let more = gone.versions.saturating_sub(gone.listed.len() as u64);
            if more > 0 {
                ui.label(RichText::new("The largest are listed.").small().color(weak));
            }
            if gone.unreadable > 0 {
                let ink = palette(ui.ctx()).warning;
                ui.label(RichText::new("Not all could be read.").small().color(ink));
            }
        });
        if gone.listed.is_empty() {
            return;
        }
        let columns = [
            Column::share("File", 1.0),
            Column::fixed("Size", 76.0).right(),
            Column::fixed("Last in the snapshot of", 176.0),
        ];
        let table = Table {
            id: "gone",
            name: "Versions that would be gone for good",
            columns: &columns,
            rows: gone.listed.len(),
            sorted: None,
            has_selection: false,
            height: Some((height - 2.0 * ROW_HEIGHT - space::S).max(ROW_HEIGHT)),
        };
        let name = |row: usize| {
            gone.listed.get(row).map_or(String::new(), |version| {
                format!(
                    "{}, {}, {}",
                    escaped(&version.path),
                    size(version.size),
                    date_time(version.snapshot.name.time())
                )
            })
        };
        let events = table.show(ui, &mut self.gone_table, name, |ui, row, column| {
            let Some(version) = gone.listed.get(row) else {
                return;
            };
            match column {
                0 => cell_path_ui(ui, &shown(&version.path, home), ink),
                1 => cell_text_ui(ui, size(version.size)),
                _ => cell_text_ui(ui, date_time(version.snapshot.name.time())),
            }
        });
        if let Some(version) = events.opened.and_then(|row| gone.listed.get(row)) {
            asks.push(Ask::History {
                key: version.snapshot.clone(),
                path: version.path.clone(),
            });
        }
    }
}
