//! The question before snapshots are deleted. What that frees is found out while the question is open, by the same
//! plan that is then carried out.

use egui::{RichText, Ui};

use super::{Confirm, DialogWindow, Stay};
use crate::catalog::{Catalog, Deletable, DeletionEffect};
use crate::error::Result;
use crate::gui::command::{Command, Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::lines::of_work;
use crate::gui::theme::{palette, space};
use crate::gui::widgets::{Button, error_ui, loading_ui, notice_ui};
use crate::gui::words::delete_title;
use crate::human::{counted, signed_size, size};
use crate::jobs::{ChosenSnapshots, Fetch, Work};
use crate::repository::prune::PruneDepth;

/// More are not listed by their dates.
const MOST_DATES: usize = 8;

/// Room for what a deletion frees, so that the dialog does not jump when that is known.
const FREES_HEIGHT: f32 = 36.0;

/// What a deletion would take and free; worked out once.
#[derive(Default)]
pub struct Planned(Fetch<Plan>);

struct Plan {
    /// How many snapshots go.
    snapshots: usize,
    /// What that frees. It may not be found out though they can be deleted.
    effect: Result<DeletionEffect>,
}

impl Planned {
    /// Finds it out, if that has not begun yet.
    pub fn update(
        &mut self,
        cx: &Cx<'_>,
        plan: impl FnOnce(&Catalog) -> Result<Vec<Deletable>> + Send + 'static,
    ) {
        self.0.poll();
        if self.0.is_empty() {
            let catalog = cx.catalog.clone();
            self.0.start(cx.workers, "what is freed", move |monitor| {
                let deletables = plan(&catalog)?;
                let numbers = deletables.iter().map(|one| one.plan.deletions.len());
                Ok(Plan {
                    snapshots: numbers.sum(),
                    effect: catalog.what_if_deleted(&deletables, monitor),
                })
            });
        }
    }

    /// How many snapshots go, once that is known.
    pub fn snapshots(&self) -> Option<usize> {
        self.0.value().map(|plan| plan.snapshots)
    }

    /// What repacking gives back beyond a prune, about.
    fn mixed_bytes(&self) -> u64 {
        let effect = self.0.value().and_then(|plan| plan.effect.as_ref().ok());
        effect.map_or(0, |effect| effect.repositories.mixed_bytes)
    }

    pub fn ui(&self, ui: &mut Ui) {
        match (self.0.value(), self.0.error()) {
            (Some(plan), _) => match &plan.effect {
                Ok(_) if plan.snapshots == 0 => {}
                Ok(effect) => {
                    ui.add(egui::Label::new(in_words(effect)).wrap());
                }
                Err(error) => error_ui(ui, error),
            },
            (None, Some(error)) => error_ui(ui, error),
            (None, None) => {
                let is_silent = self.0.is_not_answering();
                loading_ui(ui, "Finding out what that frees", is_silent);
            }
        }
    }

    /// Why it cannot be done yet.
    pub fn reason_against(&self) -> Option<&'static str> {
        match (self.0.value(), self.0.error()) {
            (Some(_), _) => None,
            (None, Some(_)) => Some("It cannot be reached now"),
            (None, None) => Some("What this frees is still being found out"),
        }
    }
}

/// Draws the buttons while it cannot be done.
pub fn not_yet_ui(ui: &mut Ui, label: &str, reason: &str) -> Stay {
    Button::danger(label)
        .disabled_because(Some(reason))
        .show(ui);
    match Button::new("Cancel").show(ui) {
        true => Stay::Close,
        false => Stay::Open,
    }
}

/// What a deletion and a prune then free, exactly.
fn in_words(effect: &DeletionEffect) -> String {
    let what_if = &effect.repositories;
    let at_most = if what_if.is_exact() { "" } else { "at most " };
    let freed = signed_size(effect.freed_bytes());
    match what_if.freed_contents {
        0 => format!(
            "That frees {at_most}{freed}, which they take themselves: all that is in them is in other snapshots as well."
        ),
        contents => format!(
            "That frees {at_most}{freed}. The contents of {} are in no other snapshot, {} before compression.",
            counted(contents, "file", "files"),
            size(what_if.freed_content_bytes)
        ),
    }
}

/// Deletes snapshots.
pub struct DeleteSnapshots {
    chosen: Vec<ChosenSnapshots>,
    /// As they are shown.
    dates: Vec<String>,
    and_prune: bool,
    /// If it prunes.
    and_repack: bool,
    planned: Planned,
    confirm: Confirm,
}

impl DeleteSnapshots {
    /// Asks about these; `allow_last` of an archive: it has no others that can be read.
    pub fn new(chosen: Vec<ChosenSnapshots>, dates: Vec<String>) -> Self {
        let number = counted(dates.len() as u64, "snapshot", "snapshots");
        let mut confirm = Confirm::new(
            format!("{}?", delete_title(&chosen)),
            format!("Delete {number}"),
            Command::Refresh,
        )
        .danger();
        let emptied = chosen.iter().find(|of| of.allow_last);
        if let Some(emptied) = emptied {
            confirm = confirm.typed(emptied.archive.to_string());
        }
        DeleteSnapshots {
            chosen,
            dates,
            and_prune: true,
            and_repack: false,
            planned: Planned::default(),
            confirm,
        }
    }

    fn work(&self) -> Work {
        Work::DeleteSnapshots {
            chosen: self.chosen.clone(),
            prune: self.and_prune.then_some(match self.and_repack {
                true => PruneDepth::Pieces,
                false => PruneDepth::Blocks,
            }),
        }
    }
}

impl DialogWindow for DeleteSnapshots {
    fn title(&self) -> String {
        self.confirm.title.clone()
    }

    fn update(&mut self, cx: &Cx<'_>, _: &mut Outbox) {
        let chosen = self.chosen.clone();
        let plan = move |catalog: &Catalog| {
            let plans = chosen
                .iter()
                .map(|of| catalog.plan_deletion(&of.archive, &of.snapshots, true));
            plans.collect()
        };
        self.planned.update(cx, plan);
    }

    fn body_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        let weak = palette(ui.ctx()).weak;
        for date in self.dates.iter().take(MOST_DATES) {
            ui.label(date);
        }
        let more = self.dates.len().saturating_sub(MOST_DATES);
        if more > 0 {
            ui.label(RichText::new(format!("and {more} more")).color(weak));
        }
        ui.add_space(space::S);
        for emptied in self.chosen.iter().filter(|of| of.allow_last) {
            let title = match self.chosen.len() {
                1 => "These are all snapshots of this archive".to_owned(),
                _ => format!("All snapshots of {} are among these", emptied.archive),
            };
            notice_ui(
                ui,
                Tone::Warning,
                &title,
                "No version of any of its files is left after that, until it is backed up again.",
            );
        }
        ui.add(
            egui::Label::new("What was saved in them and in no other snapshot is gone for good.")
                .wrap(),
        );
        ui.vertical(|ui| {
            ui.set_min_height(FREES_HEIGHT);
            self.planned.ui(ui);
        });
        ui.add_space(space::S);
        ui.checkbox(&mut self.and_prune, "And give the space back (prune)");
        let mixed_bytes = self.planned.mixed_bytes();
        if self.and_prune && mixed_bytes > 0 {
            let label = format!(
                "Repack, too: about {} more, which are compressed together with what stays",
                size(mixed_bytes)
            );
            ui.checkbox(&mut self.and_repack, label);
        }
        let later = match self.and_prune {
            true => {
                "Takes longer, and waits for nothing: while a backup into the same repository runs it is left for later."
            }
            false => "The space is in use until the repository is pruned.",
        };
        ui.label(RichText::new(later).small().color(weak));
        self.confirm.body_ui(ui, cx, out);
    }

    fn command_lines(&self, cx: &Cx<'_>) -> Vec<String> {
        of_work(&self.work(), cx.overview)
    }

    fn buttons_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) -> Stay {
        if let Some(reason) = self.planned.reason_against() {
            return not_yet_ui(ui, &self.confirm.label, reason);
        }
        self.confirm.command = Some(Command::Start(self.work()));
        self.confirm.buttons_ui(ui, cx, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_freed_is_said_in_words() {
        let mut effect = DeletionEffect {
            snapshots: 1,
            snapshot_bytes: 1024,
            ..DeletionEffect::default()
        };
        assert_eq!(
            in_words(&effect),
            "That frees 1.0 KiB, which they take themselves: all that is in them is in other snapshots as well."
        );
        effect.repositories.freed_contents = 1;
        effect.repositories.freed_content_bytes = 4096;
        effect.repositories.file_bytes = 2048;
        assert_eq!(
            in_words(&effect),
            "That frees 3.0 KiB. The contents of 1 file are in no other snapshot, 4.0 KiB before compression."
        );
        effect.repositories.is_something_lost = true;
        assert!(in_words(&effect).starts_with("That frees at most 3.0 KiB."));
    }
}
