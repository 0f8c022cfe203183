//! "Unlock": removes locks of another computer that will not give them back, after saying when that is dangerous.
//!
//! The locks are listed when the dialog opens, and only those that it shows are removed: somebody may begin a
//! backup while it is being read.

use egui::Ui;

use super::data::lock_words;
use crate::gui::command::{Command, Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::dialogs::{DialogWindow, Stay, cancel_ui};
use crate::gui::lines::on_repository;
use crate::gui::widgets::{Button, error_ui, loading_ui, notice_ui};
use crate::human::counted;
use crate::jobs::Fetch;
use crate::repository::lock::Holder;
use crate::snapshot::places::RepositoryName;

/// The dialog.
pub struct UnlockRepository {
    name: RepositoryName,
    /// Who holds the locks that can be removed.
    holders: Fetch<Vec<Holder>>,
    /// How many were removed.
    unlocking: Fetch<usize>,
    is_done: bool,
}

impl UnlockRepository {
    pub fn new(name: RepositoryName) -> UnlockRepository {
        UnlockRepository {
            name,
            holders: Fetch::default(),
            unlocking: Fetch::default(),
            is_done: false,
        }
    }

    fn reason_against(&self) -> Option<&'static str> {
        if self.unlocking.is_loading() {
            return Some("It is being done");
        }
        match self.holders.value() {
            None if self.holders.is_loading() => Some("The locks are being listed"),
            None => Some("The locks cannot be listed"),
            Some(holders) if holders.is_empty() => Some("There is nothing to remove"),
            Some(_) => None,
        }
    }

    fn holders_ui(&self, ui: &mut Ui, cx: &Cx<'_>) {
        if let Some(error) = self.holders.error() {
            return error_ui(ui, error);
        }
        let Some(holders) = self.holders.value() else {
            return loading_ui(ui, "Listing the locks", self.holders.is_not_answering());
        };
        if holders.is_empty() {
            ui.label("No other computer locks it any more.");
            return;
        }
        ui.label("It is locked by:");
        for holder in holders {
            let words = lock_words(holder, cx.now);
            ui.add(egui::Label::new(format!("•  {words}")).wrap());
        }
    }
}

impl DialogWindow for UnlockRepository {
    fn title(&self) -> String {
        format!("Unlock {}", self.name)
    }

    fn update(&mut self, cx: &Cx<'_>, out: &mut Outbox) {
        if self.holders.is_empty() {
            let (catalog, name) = (cx.catalog.clone(), self.name.clone());
            self.holders.start(cx.workers, "locks", move |_| {
                catalog.repository(&name)?.repository.locks().foreign()
            });
        }
        self.holders.poll();
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

    fn body_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, _: &mut Outbox) {
        self.holders_ui(ui, cx);
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

    fn is_busy(&self) -> bool {
        self.unlocking.is_awaited()
    }

    fn command_lines(&self, _: &Cx<'_>) -> Vec<String> {
        vec![on_repository("unlock", &self.name).end()]
    }

    fn buttons_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, _: &mut Outbox) -> Stay {
        if self.is_done {
            return Stay::Close;
        }
        if Button::danger("Remove these locks")
            .disabled_because(self.reason_against())
            .show(ui)
            && let Some(holders) = self.holders.value()
        {
            let (catalog, name, known) = (cx.catalog.clone(), self.name.clone(), holders.clone());
            self.unlocking.start(cx.workers, "unlock", move |_| {
                let repository = catalog.repository(&name)?.repository;
                Ok(repository.locks().remove_foreign(&known)?.len())
            });
        }
        cancel_ui(ui, self.is_busy())
    }
}
