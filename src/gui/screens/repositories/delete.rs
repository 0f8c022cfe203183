//! "Delete": everything in it, after its name was typed, or only the entry here. Refused while archives use it.

use egui::Ui;

use crate::catalog::Extent;
use crate::gui::command::{Command, Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::dialogs::{DialogWindow, Stay, cancel_ui};
use crate::gui::lines::on_repository;
use crate::gui::theme::space;
use crate::gui::widgets::{Button, error_ui, labelled_ui, loading_ui, notice_ui, text_field_ui};
use crate::gui::words;
use crate::human::counted;
use crate::jobs::{Fetch, Work};
use crate::progress::Monitor;
use crate::snapshot::places::RepositoryName;

/// The dialog.
pub struct DeleteRepository {
    name: RepositoryName,
    typed: String,
    /// How many snapshots it keeps contents for, though no archive here uses it.
    plan: Fetch<u64>,
    /// Why it can be neither deleted nor forgotten.
    refused: Fetch<()>,
    forgetting: Fetch<()>,
    is_done: bool,
}

impl DeleteRepository {
    pub fn new(name: RepositoryName) -> DeleteRepository {
        DeleteRepository {
            name,
            typed: String::new(),
            plan: Fetch::default(),
            refused: Fetch::default(),
            forgetting: Fetch::default(),
            is_done: false,
        }
    }

    fn reason_against(&self) -> Option<String> {
        if let Some(error) = self.refused.error() {
            return Some(words::error_rest(error));
        }
        if self.refused.is_loading() {
            return Some("Whether archives use it is not known yet".to_owned());
        }
        None
    }

    fn reason_against_deleting(&self) -> Option<String> {
        if self.plan.is_loading() {
            return Some("What is in it is not known yet".to_owned());
        }
        if let Some(error) = self.plan.error() {
            return Some(words::error_rest(error));
        }
        (self.typed.trim() != self.name.as_str()).then(|| format!("Type {} above first", self.name))
    }
}

impl DialogWindow for DeleteRepository {
    fn title(&self) -> String {
        format!("Delete the repository {}", self.name)
    }

    fn width(&self) -> f32 {
        520.0
    }

    fn update(&mut self, cx: &Cx<'_>, out: &mut Outbox) {
        if self.refused.is_empty() {
            let (catalog, name) = (cx.catalog.clone(), self.name.clone());
            self.refused
                .start(cx.workers, "delete", move |_| catalog.expect_unused(&name));
            let (catalog, name) = (cx.catalog.clone(), self.name.clone());
            self.plan.start(cx.workers, "delete plan", move |_| {
                Ok(catalog.plan_repository_deletion(&name)?.snapshots)
            });
        }
        self.refused.poll();
        self.plan.poll();
        if self.forgetting.poll() && self.forgetting.error().is_none() {
            self.is_done = true;
            out.tell(
                Tone::Good,
                format!(
                    "{} is no longer listed here. Its files are untouched.",
                    self.name
                ),
            );
            out.send(Command::Refresh);
        }
    }

    fn body_ui(&mut self, ui: &mut Ui, _: &Cx<'_>, _: &mut Outbox) {
        if let Some(error) = self.refused.error() {
            return notice_ui(
                ui,
                Tone::Warning,
                "It cannot be deleted",
                &words::error_rest(error),
            );
        }
        if self.plan.is_loading() {
            loading_ui(ui, "Looking at what is in it", self.plan.is_not_answering());
        }
        if let Some(error) = self.plan.error() {
            error_ui(ui, error);
        }
        if let Some(snapshots) = self.plan.value() {
            match snapshots {
                0 => {
                    ui.add(egui::Label::new("No snapshot needs what is in it.").wrap());
                }
                snapshots => notice_ui(
                    ui,
                    Tone::Warning,
                    &format!(
                        "It keeps the files of {}",
                        counted(*snapshots, "snapshot", "snapshots")
                    ),
                    "They belong to archives that are not listed here. Nothing can be had back from them when it \
                     is deleted.",
                ),
            }
        }
        let explanation = "Deleting removes all of its files from the disk; there is no way back. Forgetting it \
                           only takes it off the list here: it can be adopted again.";
        ui.add(egui::Label::new(explanation).wrap());
        if self.plan.value().is_some() {
            ui.add_space(space::S);
            labelled_ui(ui, &format!("Type {} to delete it", self.name), |ui| {
                text_field_ui(
                    ui,
                    &mut self.typed,
                    "Name to confirm",
                    self.name.as_str(),
                    240.0,
                );
            });
        }
        if let Some(error) = self.forgetting.error() {
            error_ui(ui, error);
        }
    }

    fn is_busy(&self) -> bool {
        self.forgetting.is_awaited()
    }

    fn command_lines(&self, _: &Cx<'_>) -> Vec<String> {
        if self.reason_against().is_some() {
            return Vec::new();
        }
        let line = |option| on_repository("delete", &self.name).word(option).end();
        vec![line("--with-contents"), line("--keep-files")]
    }

    fn buttons_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) -> Stay {
        if self.is_done {
            return Stay::Close;
        }
        let reason = self.reason_against();
        let against_deleting = reason.clone().or_else(|| self.reason_against_deleting());
        if Button::danger("Delete everything in it")
            .disabled_because(against_deleting.as_deref())
            .show(ui)
        {
            out.send(Command::Start(Work::DeleteRepository {
                repository: self.name.clone(),
                snapshots: self.plan.value().copied().unwrap_or(0),
            }));
            return Stay::Close;
        }
        let reason = match self.forgetting.is_loading() {
            true => Some("It is being taken off the list".to_owned()),
            false => reason,
        };
        if Button::new("Only forget it here")
            .disabled_because(reason.as_deref())
            .show(ui)
        {
            let (catalog, name) = (cx.catalog.clone(), self.name.clone());
            self.forgetting.start(cx.workers, "forget", move |_| {
                catalog.delete_repository(&name, Extent::Forget, &Monitor::new())
            });
        }
        cancel_ui(ui, self.is_busy())
    }
}
