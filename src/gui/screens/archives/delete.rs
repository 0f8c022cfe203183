//! The question before an archive is deleted with all its snapshots.

use egui::{RichText, Ui};

use crate::catalog::{Catalog, Extent};
use crate::gui::command::{Command, Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::dialogs::{Confirm, DialogWindow, Planned, Stay, cancel_ui, not_yet_ui};
use crate::gui::lines::delete_archive;
use crate::gui::theme::{palette, space};
use crate::gui::widgets::{Button, error_ui};
use crate::jobs::{Fetch, Work};
use crate::snapshot::places::{ArchiveName, RepositoryName};

/// Room for what a deletion frees and for what is lost, so that the dialog does not jump when that is known.
const LOST_HEIGHT: f32 = 106.0;

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
        let plan =
            move |catalog: &Catalog| Ok(vec![catalog.whole_archive(catalog.archive(&archive)?)?]);
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
