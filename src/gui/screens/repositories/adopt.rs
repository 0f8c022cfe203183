//! "Adopt a repository": one that lies on a disk is taken into the configuration. Nothing in it is changed.

use std::path::PathBuf;

use egui::{RichText, Ui};

use crate::fs::escaped_path;
use crate::gui::command::{Command, Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::dialogs::{DialogWindow, Stay, cancel_ui};
use crate::gui::lines::adopt_repository;
use crate::gui::picker::PickWhat;
use crate::gui::theme::{palette, space};
use crate::gui::widgets::{Button, PathField, error_ui, labelled_ui, loading_ui, text_field_ui};
use crate::gui::words;
use crate::jobs::Fetch;
use crate::jobs::place::{FoundPlace, repositories_in};
use crate::snapshot::places::RepositoryName;

/// The dialog.
pub struct AdoptRepository {
    folder: PathField,
    found: Fetch<Vec<FoundPlace>>,
    found_in: Option<PathBuf>,
    chosen: usize,
    name: String,
    adopting: Fetch<RepositoryName>,
    is_done: bool,
}

impl Default for AdoptRepository {
    fn default() -> AdoptRepository {
        AdoptRepository {
            folder: PathField::new(PickWhat::Folder, "Folder to look in"),
            found: Fetch::default(),
            found_in: None,
            chosen: 0,
            name: String::new(),
            adopting: Fetch::default(),
            is_done: false,
        }
    }
}

impl AdoptRepository {
    fn chosen(&self) -> Option<&FoundPlace> {
        self.found.value()?.get(self.chosen)
    }

    fn reason_against(&self) -> Option<String> {
        if self.adopting.is_loading() {
            return Some("It is being adopted".to_owned());
        }
        if self.chosen().is_none() {
            return Some("Choose a folder in which there is a repository first".to_owned());
        }
        match RepositoryName::new(self.name.trim()) {
            Ok(_) => None,
            Err(error) => Some(words::error_rest(&error)),
        }
    }

    fn choose(&mut self, index: usize) {
        self.chosen = index;
        if let Some(name) = self.chosen().and_then(|found| found.name.clone()) {
            self.name = name.into();
        }
    }

    fn adopt(&mut self, cx: &Cx<'_>) {
        let Some(place) = self.chosen().map(|found| found.place.clone()) else {
            return;
        };
        let (catalog, name) = (cx.catalog.clone(), RepositoryName::new(self.name.trim()));
        self.adopting.start(cx.workers, "adopt", move |_| {
            Ok(catalog.adopt_repository(&place, Some(name?))?.name)
        });
    }

    fn found_ui(&mut self, ui: &mut Ui) {
        let weak = palette(ui.ctx()).weak;
        if self.found.is_loading() {
            return loading_ui(
                ui,
                "Looking for repositories",
                self.found.is_not_answering(),
            );
        }
        if let Some(error) = self.found.error() {
            return error_ui(ui, error);
        }
        let places: Vec<String> = self
            .found
            .value()
            .map(|found| {
                found
                    .iter()
                    .map(|found| escaped_path(&found.place).to_string())
            })
            .into_iter()
            .flatten()
            .collect();
        match places.as_slice() {
            [] => return,
            [only] => {
                let line = format!("Found: {only}");
                ui.add(egui::Label::new(RichText::new(line).color(weak)).wrap());
            }
            several => {
                let mut taken = None;
                for (index, place) in several.iter().enumerate() {
                    if ui.radio(index == self.chosen, place).clicked() {
                        taken = Some(index);
                    }
                }
                if let Some(index) = taken {
                    self.choose(index);
                }
            }
        }
        labelled_ui(ui, "Name that it gets here", |ui| {
            text_field_ui(ui, &mut self.name, "Name of the repository", "", 240.0);
        });
    }
}

impl DialogWindow for AdoptRepository {
    fn title(&self) -> String {
        "Adopt a repository".to_owned()
    }

    fn width(&self) -> f32 {
        560.0
    }

    fn update(&mut self, cx: &Cx<'_>, out: &mut Outbox) {
        self.folder.update(cx);
        let folder = self.folder.path(cx);
        if folder != self.found_in {
            self.found_in.clone_from(&folder);
            self.found.clear();
            self.adopting.clear();
            if let Some(folder) = folder {
                self.found.start(cx.workers, "repositories", move |_| {
                    repositories_in(&folder)
                });
            }
        }
        if self.found.poll() {
            self.choose(0);
        }
        if self.adopting.poll()
            && let Some(name) = self.adopting.value()
        {
            self.is_done = true;
            out.tell(Tone::Good, format!("The repository {name} is adopted."));
            out.send(Command::Refresh);
            out.send(Command::ShowRepository(name.clone()));
        }
    }

    fn body_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, _: &mut Outbox) {
        let explanation = "For a repository that is there already: made by another user or computer, moved to \
                           another folder, or no longer known here. Nothing in it is changed.";
        ui.add(egui::Label::new(explanation).wrap());
        ui.add_space(space::S);
        labelled_ui(ui, "The disk or folder that it is in", |ui| {
            self.folder.ui(ui, cx);
        });
        self.found_ui(ui);
        if let Some(error) = self.adopting.error() {
            error_ui(ui, error);
        }
        if self.adopting.is_loading() {
            loading_ui(ui, "Adopting it", self.adopting.is_not_answering());
        }
    }

    fn is_busy(&self) -> bool {
        self.adopting.is_awaited()
    }

    fn command_lines(&self, _: &Cx<'_>) -> Vec<String> {
        match (self.chosen(), RepositoryName::new(self.name.trim())) {
            (Some(found), Ok(name)) => vec![adopt_repository(&found.place, &name)],
            _ => Vec::new(),
        }
    }

    fn buttons_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, _: &mut Outbox) -> Stay {
        if self.is_done {
            return Stay::Close;
        }
        let reason = self.reason_against();
        if Button::primary("Adopt")
            .disabled_because(reason.as_deref())
            .show(ui)
        {
            self.adopt(cx);
        }
        cancel_ui(ui, self.is_busy())
    }
}
