//! "Prune": what would be given back and what has to be copied for that, before anything is done.

use egui::Ui;

use crate::gui::command::{Command, Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::dialogs::{DialogWindow, Stay};
use crate::gui::lines::prune;
use crate::gui::widgets::{Button, error_ui, loading_ui, notice_ui};
use crate::human::{counted, size};
use crate::jobs::{Fetch, Work};
use crate::repository::prune::{PruneDepth, PrunePlan};
use crate::snapshot::places::RepositoryName;
use crate::snapshot::reconcile::Disagreement;

/// The dialog.
pub struct PruneRepository {
    name: RepositoryName,
    plan: Fetch<(Disagreement, PrunePlan)>,
    repacks: bool,
}

impl PruneRepository {
    pub fn new(name: RepositoryName) -> PruneRepository {
        PruneRepository {
            name,
            plan: Fetch::default(),
            repacks: false,
        }
    }
}

/// What a prune would do, in sentences; the first says what it is about.
pub fn plan_words(amiss: &Disagreement, plan: &PrunePlan) -> Vec<String> {
    let mut words = Vec::new();
    let moved: u64 = plan.packs_to_move.iter().map(|(_, bytes)| bytes).sum();
    words.push(match plan.freed_bytes {
        0 if plan.is_empty() => {
            "There is nothing to give back: everything in it is needed by a snapshot.".to_owned()
        }
        0 => "It gives no space back, and puts things in order.".to_owned(),
        freed => format!(
            "It gives back {} of the {} that it takes.",
            size(freed),
            size(plan.stored_bytes_before)
        ),
    });
    if plan.dead_contents > 0 {
        words.push(format!(
            "{} removed that no snapshot needs any more ({} as files).",
            counted(plan.dead_contents, "content is", "contents are"),
            size(plan.dead_content_bytes)
        ));
    }
    let deleted = plan.packs_to_delete.len() + plan.orphan_packs.len() + plan.loose_to_delete.len();
    if deleted > 0 {
        let bytes = [&plan.packs_to_delete, &plan.orphan_packs]
            .into_iter()
            .flatten()
            .map(|(_, bytes)| bytes);
        let bytes: u64 = bytes
            .chain(plan.loose_to_delete.iter().map(|(_, bytes)| bytes))
            .sum();
        words.push(format!(
            "{} deleted from the repository ({}).",
            counted(deleted as u64, "file is", "files are"),
            size(bytes)
        ));
    }
    if moved > 0 {
        words.push(format!(
            "What is needed of {} ({}) is copied to new ones, which takes free space meanwhile.",
            counted(plan.packs_to_move.len() as u64, "pack", "packs"),
            size(moved)
        ));
    }
    if !plan.leftovers.is_empty() {
        words.push(format!(
            "{} of interrupted work removed.",
            counted(
                plan.leftovers.len() as u64,
                "unfinished file is",
                "unfinished files are"
            )
        ));
    }
    if !amiss.unclaimed.is_empty() {
        words.push(format!(
            "Before that, the lost records of what {} are made anew.",
            counted(
                amiss.unclaimed.len() as u64,
                "snapshot needs",
                "snapshots need"
            )
        ));
    }
    if !amiss.orphans.is_empty() {
        words.push(format!(
            "More comes back than is said here: what {} stored is given up first.",
            counted(
                amiss.orphans.len() as u64,
                "interrupted backup",
                "interrupted backups"
            )
        ));
    }
    words
}

impl PruneRepository {
    fn depth(&self) -> PruneDepth {
        match self.repacks {
            true => PruneDepth::Pieces,
            false => PruneDepth::Blocks,
        }
    }
}

impl DialogWindow for PruneRepository {
    fn title(&self) -> String {
        format!("Prune {}", self.name)
    }

    fn update(&mut self, cx: &Cx<'_>, _: &mut Outbox) {
        if self.plan.is_empty() {
            let (catalog, name) = (cx.catalog.clone(), self.name.clone());
            self.plan.start(cx.workers, "prune plan", move |monitor| {
                catalog.plan_prune(&name, PruneDepth::Blocks, monitor)
            });
        }
        self.plan.poll();
    }

    fn body_ui(&mut self, ui: &mut Ui, _: &Cx<'_>, _: &mut Outbox) {
        let explanation = "Deleting snapshots does not give space back at once. Pruning does: it removes what no \
                           snapshot needs any more.";
        ui.add(egui::Label::new(explanation).wrap());
        if self.plan.is_loading() {
            return loading_ui(
                ui,
                "Working out what it would give back",
                self.plan.is_not_answering(),
            );
        }
        if let Some(error) = self.plan.error() {
            return error_ui(ui, error);
        }
        if let Some((amiss, plan)) = self.plan.value() {
            let words = plan_words(amiss, plan);
            if let Some((first, rest)) = words.split_first() {
                notice_ui(ui, Tone::Information, first, &rest.join("\n"));
            }
            if plan.mixed_bytes > 0 {
                let label = format!(
                    "Repack, too: about {} more that no snapshot needs are compressed together with what is needed",
                    size(plan.mixed_bytes)
                );
                ui.checkbox(&mut self.repacks, label);
            }
            if plan.is_something_lost {
                notice_ui(
                    ui,
                    Tone::Warning,
                    "Something that is needed is damaged or lost",
                    "Repair the repository first: until then nothing is given back, for any of it may be what the repair needs.",
                );
            }
            for (_, name, error) in &amiss.unreadable {
                let title = format!("The snapshot {} cannot be read", name.stem());
                notice_ui(ui, Tone::Warning, &title, error.why());
            }
        }
    }

    fn command_lines(&self, _: &Cx<'_>) -> Vec<String> {
        let line = || prune(&self.name, self.depth());
        vec![line().word("--dry-run").end(), line().end()]
    }

    fn buttons_ui(&mut self, ui: &mut Ui, _: &Cx<'_>, out: &mut Outbox) -> Stay {
        let (label, reason) = match self.plan.value() {
            Some((amiss, plan))
                if plan.is_empty()
                    && amiss.orphans.is_empty()
                    && amiss.unclaimed.is_empty()
                    && !self.repacks =>
            {
                ("Prune", Some("There is nothing to give back"))
            }
            Some(_) => ("Prune", None),
            None if self.plan.is_loading() => ("Prune", Some("What it would do is not known yet")),
            None => ("Prune", Some("It cannot be done now, for the reason above")),
        };
        if Button::primary(label).disabled_because(reason).show(ui) {
            out.send(Command::Start(Work::Prune {
                repository: self.name.clone(),
                depth: self.depth(),
            }));
            return Stay::Close;
        }
        match Button::new("Cancel").show(ui) {
            true => Stay::Close,
            false => Stay::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::id::Id;

    #[test]
    fn it_says_what_comes_back_and_what_is_copied_for_it() {
        let mut plan = PrunePlan::default();
        plan.dead_contents = 2;
        plan.dead_content_bytes = 4096;
        plan.stored_bytes_before = 8192;
        plan.freed_bytes = 2048;
        plan.packs_to_delete.push((Id::random().unwrap(), 2048));
        let amiss = Disagreement::default();
        assert_eq!(
            plan_words(&amiss, &plan),
            [
                "It gives back 2.0 KiB of the 8.0 KiB that it takes.",
                "2 contents are removed that no snapshot needs any more (4.0 KiB as files).",
                "1 file is deleted from the repository (2.0 KiB).",
            ]
        );
        plan.packs_to_move.push((Id::random().unwrap(), 1024));
        let words = plan_words(&amiss, &plan);
        assert!(
            words[3].starts_with("What is needed of 1 pack (1.0 KiB)"),
            "{words:?}"
        );
    }
}
