//! The questions before something is deleted: snapshots, or an archive with all of them. What that frees is found
//! out while the question is open, by the same plan that is then carried out.

use egui::{RichText, Ui};

use crate::catalog::{Catalog, Deletable, Extent};
use crate::error::Result;
use crate::gui::command::{Command, Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::dialogs::{Confirm, DialogWindow, Stay, cancel_ui};
use crate::gui::lines::{delete_archive, delete_snapshots, on_repository};
use crate::gui::theme::{palette, space};
use crate::gui::widgets::{Button, error_ui, loading_ui, notice_ui};
use crate::human::{counted, size};
use crate::jobs::{Fetch, Work};
use crate::repository::holdings::ClaimCosts;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::places::{ArchiveName, RepositoryName};

/// More are not listed by their dates.
const MOST_DATES: usize = 8;

/// Room for what a deletion frees, so that the dialog does not jump when that is known.
const FREES_HEIGHT: f32 = 36.0;
/// The same, with what is lost.
const LOST_HEIGHT: f32 = 106.0;

/// What a deletion would take and free; worked out once.
#[derive(Default)]
struct Planned(Fetch<Plan>);

struct Plan {
    /// How many snapshots go.
    snapshots: usize,
    /// What they alone need. It may not be found out though they can be deleted.
    frees: Result<ClaimCosts>,
}

impl Planned {
    fn update(
        &mut self,
        cx: &Cx<'_>,
        plan: impl FnOnce(&Catalog) -> Result<Deletable> + Send + 'static,
    ) {
        self.0.poll();
        if self.0.is_empty() {
            let catalog = cx.catalog.clone();
            self.0.start(cx.workers, "what is freed", move |monitor| {
                let deletable = plan(&catalog)?;
                Ok(Plan {
                    snapshots: deletable.plan.deletions.len(),
                    frees: catalog.deletion_frees(&deletable, monitor),
                })
            });
        }
    }

    /// How many snapshots go, once that is known.
    fn snapshots(&self) -> Option<usize> {
        self.0.value().map(|plan| plan.snapshots)
    }

    fn ui(&self, ui: &mut Ui) {
        match (self.0.value(), self.0.error()) {
            (Some(plan), _) => match &plan.frees {
                Ok(_) if plan.snapshots == 0 => {}
                Ok(costs) => {
                    ui.add(egui::Label::new(in_words(costs)).wrap());
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

    fn reason_against(&self) -> Option<&'static str> {
        match (self.0.value(), self.0.error()) {
            (Some(_), _) => None,
            (None, Some(_)) => Some("It cannot be reached now"),
            (None, None) => Some("What this frees is still being found out"),
        }
    }
}

/// Draws the buttons while it cannot be done.
fn not_yet_ui(ui: &mut Ui, label: &str, reason: &str) -> Stay {
    Button::danger(label)
        .disabled_because(Some(reason))
        .show(ui);
    match Button::new("Cancel").show(ui) {
        true => Stay::Close,
        false => Stay::Open,
    }
}

/// What is lost with an archive.
fn lost(snapshots: usize) -> String {
    let all = match snapshots {
        0 => return "It has no snapshots. Only its rules are lost.".to_owned(),
        1 => "Its one snapshot is".to_owned(),
        number => format!("All its {number} snapshots are"),
    };
    format!(
        "{all} lost, with every version of every file in them, and the rules of the archive. Your \
         files themselves stay as they are."
    )
}

/// What a deletion frees, exactly.
fn in_words(costs: &ClaimCosts) -> String {
    match costs.alone_contents {
        0 => "That frees nothing: all that is in them is in other snapshots as well.".to_owned(),
        contents => format!(
            "That frees {}: the contents of {} that no other snapshot has, {} before compression.",
            size(costs.alone_stored_bytes),
            counted(contents, "file", "files"),
            size(costs.alone_content_bytes)
        ),
    }
}

/// Deletes snapshots of an archive.
pub struct DeleteSnapshots {
    archive: ArchiveName,
    /// Oldest first.
    snapshots: Vec<SnapshotName>,
    /// As they are shown.
    dates: Vec<String>,
    is_all: bool,
    and_prune: bool,
    planned: Planned,
    confirm: Confirm,
}

impl DeleteSnapshots {
    /// Asks about these; `is_all`: the archive has no others that can be read.
    pub fn new(
        archive: ArchiveName,
        snapshots: Vec<SnapshotName>,
        dates: Vec<String>,
        is_all: bool,
    ) -> Self {
        let number = counted(snapshots.len() as u64, "snapshot", "snapshots");
        let mut confirm = Confirm::new(
            format!("Delete {number} of {archive}?"),
            format!("Delete {number}"),
            Command::Refresh,
        )
        .danger();
        if is_all {
            confirm = confirm.typed(archive.to_string());
        }
        DeleteSnapshots {
            archive,
            snapshots,
            dates,
            is_all,
            and_prune: true,
            planned: Planned::default(),
            confirm,
        }
    }
}

impl DialogWindow for DeleteSnapshots {
    fn title(&self) -> String {
        self.confirm.title.clone()
    }

    fn update(&mut self, cx: &Cx<'_>, _: &mut Outbox) {
        let (archive, snapshots) = (self.archive.clone(), self.snapshots.clone());
        let plan = move |catalog: &Catalog| catalog.plan_deletion(&archive, &snapshots, true);
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
        if self.is_all {
            notice_ui(
                ui,
                Tone::Warning,
                "These are all snapshots of this archive",
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
        let mut lines = delete_snapshots(&self.archive, &self.snapshots, self.is_all);
        let archive = cx.overview.archive(&self.archive);
        let entry = archive.and_then(|archive| archive.entry.as_ref().ok());
        if let Some(entry) = entry.filter(|_| self.and_prune) {
            lines.push(on_repository("prune", &entry.repository).end());
        }
        lines
    }

    fn buttons_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) -> Stay {
        if let Some(reason) = self.planned.reason_against() {
            return not_yet_ui(ui, &self.confirm.label, reason);
        }
        self.confirm.command = Some(Command::Start(Work::DeleteSnapshots {
            archive: self.archive.clone(),
            snapshots: self.snapshots.clone(),
            allow_last: self.is_all,
            and_prune: self.and_prune,
        }));
        self.confirm.buttons_ui(ui, cx, out)
    }
}

/// Deletes an archive, or only forgets it.
pub struct DeleteArchive {
    archive: ArchiveName,
    repository: Option<RepositoryName>,
    only_forget: bool,
    planned: Planned,
    forgetting: Fetch<()>,
    confirm: Confirm,
}

impl DeleteArchive {
    pub fn new(archive: ArchiveName, repository: Option<RepositoryName>) -> Self {
        let confirm = Confirm::new(
            format!("Delete the archive {archive}?"),
            "Delete the archive",
            Command::Refresh,
        )
        .danger()
        .typed(archive.to_string());
        DeleteArchive {
            only_forget: false,
            archive,
            repository,
            planned: Planned::default(),
            forgetting: Fetch::default(),
            confirm,
        }
    }

    fn forget(&mut self, cx: &Cx<'_>) {
        let (catalog, archive) = (cx.catalog.clone(), self.archive.clone());
        self.forgetting.start(cx.workers, "forget", move |monitor| {
            catalog.delete_archive(&archive, Extent::Forget, monitor)?;
            Ok(())
        });
    }
}

impl DialogWindow for DeleteArchive {
    fn title(&self) -> String {
        self.confirm.title.clone()
    }

    fn update(&mut self, cx: &Cx<'_>, out: &mut Outbox) {
        let archive = self.archive.clone();
        let plan = move |catalog: &Catalog| catalog.whole_archive(catalog.archive(&archive)?);
        self.planned.update(cx, plan);
        if self.forgetting.poll() && self.forgetting.value().is_some() {
            let told = format!(
                "{} is forgotten here. Its snapshots are where they were.",
                self.archive
            );
            out.tell(Tone::Good, told);
            out.send(Command::Refresh);
        }
    }

    fn body_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        let weak = palette(ui.ctx()).weak;
        ui.radio_value(&mut self.only_forget, false, "Delete it with its snapshots");
        ui.radio_value(&mut self.only_forget, true, "Only forget it here");
        ui.add_space(space::S);
        if self.only_forget {
            ui.add(
                egui::Label::new(
                    "Gibus no longer shows it and does not back it up. Its snapshots stay on their \
                     disk: 'Exigency' finds them and takes them in again.",
                )
                .wrap(),
            );
            if let Some(error) = self.forgetting.error() {
                error_ui(ui, error);
            }
            return;
        }
        ui.vertical(|ui| {
            ui.set_min_height(LOST_HEIGHT);
            let snapshots = self.planned.snapshots();
            if let Some(number) = snapshots {
                ui.add(egui::Label::new(lost(number)).wrap());
            }
            self.planned.ui(ui);
            if let Some(repository) = self.repository.as_ref().filter(|_| snapshots > Some(0)) {
                let later =
                    format!("The space is given back when the repository {repository} is pruned.");
                ui.label(RichText::new(later).small().color(weak));
            }
        });
        self.confirm.body_ui(ui, cx, out);
    }

    fn is_busy(&self) -> bool {
        self.forgetting.is_awaited()
    }

    fn command_lines(&self, _: &Cx<'_>) -> Vec<String> {
        let option = match self.only_forget {
            true => "--keep-files",
            false => "--with-snapshots",
        };
        vec![delete_archive(&self.archive, option)]
    }

    fn buttons_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) -> Stay {
        if !self.only_forget {
            return match self.planned.reason_against() {
                Some(reason) => not_yet_ui(ui, &self.confirm.label, reason),
                None => {
                    self.confirm.command = Some(Command::Start(Work::DeleteArchive {
                        archive: self.archive.clone(),
                        snapshots: self.planned.snapshots().unwrap_or(0),
                    }));
                    self.confirm.buttons_ui(ui, cx, out)
                }
            };
        }
        if self.forgetting.value().is_some() {
            return Stay::Close;
        }
        let is_busy = self.forgetting.is_loading();
        let reason = is_busy.then_some("It is being forgotten");
        if Button::primary("Forget it")
            .disabled_because(reason)
            .show(ui)
        {
            self.forget(cx);
        }
        cancel_ui(ui, self.is_busy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_freed_is_said_in_words() {
        let mut costs = ClaimCosts {
            contents: 5,
            content_bytes: 9000,
            ..ClaimCosts::default()
        };
        assert!(in_words(&costs).starts_with("That frees nothing"));
        costs.alone_contents = 1;
        costs.alone_content_bytes = 4096;
        costs.alone_stored_bytes = 2048;
        assert_eq!(
            in_words(&costs),
            "That frees 2.0 KiB: the contents of 1 file that no other snapshot has, 4.0 KiB before \
             compression."
        );
    }
}
