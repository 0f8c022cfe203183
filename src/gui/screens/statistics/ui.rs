//! Draws the page: what to look at, what is missing, and the part of the screen that is chosen.

use egui::{ComboBox, Ui};
use lucide_icons::Icon;

use super::data::{Choice, choices};
use super::{Statistics, Tab};
use crate::gui::command::{Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::theme::space;
use crate::gui::widgets::{Segment, empty_ui, error_ui, loading_ui, notice_ui, segments_ui};
use crate::gui::words::sentence;

const TABS: [Segment<Tab>; 3] = [
    Segment::new(Tab::Overview, "Overview", "What it costs, and how it grows"),
    Segment::new(Tab::Space, "Space", "What takes the space in a snapshot"),
    Segment::new(
        Tab::CleanUp,
        "Clean up",
        "What deleting snapshots would free",
    ),
];

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
            segments_ui(ui, &mut self.tab, &TABS);
            if let Some(is_not_answering) = self.is_loading(cx) {
                loading_ui(ui, "Asking the repository", is_not_answering);
            }
        });
        ui.add_space(space::XS);
        if self.rows.is_empty() {
            return self.without_rows_ui(ui, &choice, cx);
        }
        self.troubles_ui(ui, &choice, cx);
        match self.tab {
            Tab::Overview => self.overview_ui(ui, &choice, cx, out),
            Tab::Space => {
                let (rows, shot) = (&self.rows, &mut self.shot);
                let content = self.space.space_ui(ui, rows, shot, cx, out);
                if let Some(content) = content {
                    self.save(content, "space", cx, out);
                }
            }
            Tab::CleanUp => self.cleanup.cleanup_ui(ui, &self.rows, cx, out),
        }
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
}
