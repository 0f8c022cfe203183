//! "Unlock": removes locks of another computer that will not give them back, after saying when that is dangerous.

use egui::Ui;

use crate::gui::command::{Command, Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::dialogs::{DialogWindow, Stay};
use crate::gui::lines::on_repository;
use crate::gui::widgets::{Button, error_ui, loading_ui, notice_ui};
use crate::human::counted;
use crate::jobs::Fetch;
use crate::snapshot::places::RepositoryName;

/// The dialog.
pub struct UnlockRepository {
    name: RepositoryName,
    /// Who holds the locks, in words.
    holders: Vec<String>,
    /// How many were removed.
    unlocking: Fetch<usize>,
    is_done: bool,
}

impl UnlockRepository {
    pub fn new(name: RepositoryName, holders: Vec<String>) -> UnlockRepository {
        UnlockRepository {
            name,
            holders,
            unlocking: Fetch::default(),
            is_done: false,
        }
    }
}

impl DialogWindow for UnlockRepository {
    fn title(&self) -> String {
        format!("Unlock {}", self.name)
    }

    fn update(&mut self, _: &Cx<'_>, out: &mut Outbox) {
        if self.unlocking.poll()
            && let Some(removed) = self.unlocking.value()
        {
            self.is_done = true;
            match *removed as u64 {
                0 => out.tell(
                    Tone::Information,
                    "There was no lock of another computer any more.",
                ),
                removed => out.tell(
                    Tone::Good,
                    format!("{} removed.", counted(removed, "lock is", "locks are")),
                ),
            }
            out.send(Command::Refresh);
        }
    }

    fn body_ui(&mut self, ui: &mut Ui, _: &Cx<'_>, _: &mut Outbox) {
        ui.label("It is locked by:");
        for holder in &self.holders {
            ui.add(egui::Label::new(format!("•  {holder}")).wrap());
        }
        notice_ui(
            ui,
            Tone::Warning,
            "Only if nothing is at work there any more",
            "Locks of another computer are removed. That is right when it was switched off, or lost its \
             connection, in the middle of its work. It is dangerous while it is still backing up, pruning or \
             converting: what it stores could be removed under its hands. Look there first. Locks of what runs \
             on this computer stay.",
        );
        if let Some(error) = self.unlocking.error() {
            error_ui(ui, error);
        }
        if self.unlocking.is_loading() {
            loading_ui(ui, "Removing the locks", self.unlocking.is_not_answering());
        }
    }

    fn command_lines(&self, _: &Cx<'_>) -> Vec<String> {
        vec![on_repository("unlock", &self.name).end()]
    }

    fn buttons_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, _: &mut Outbox) -> Stay {
        if self.is_done {
            return Stay::Close;
        }
        let reason = self.unlocking.is_loading().then_some("It is being done");
        if Button::danger("Remove these locks")
            .disabled_because(reason)
            .show(ui)
        {
            let (catalog, name) = (cx.catalog.clone(), self.name.clone());
            self.unlocking.start(cx.workers, "unlock", move |_| {
                let repository = catalog.repository(&name)?.repository;
                Ok(repository.locks().remove_foreign()?.len())
            });
        }
        match Button::new("Cancel").show(ui) {
            true => Stay::Close,
            false => Stay::Open,
        }
    }
}
