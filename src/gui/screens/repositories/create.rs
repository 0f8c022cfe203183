//! "New repository": a name, a folder, and how it stores for who wants to choose that.

use std::path::PathBuf;

use egui::{CollapsingHeader, RichText, Ui};

use super::form::SettingsForm;
use crate::fs::escaped_path;
use crate::gui::command::{Command, Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::dialogs::{DialogWindow, Stay, cancel_ui};
use crate::gui::lines::create_repository;
use crate::gui::picker::PickWhat;
use crate::gui::theme::{palette, space};
use crate::gui::widgets::{
    Button, PathField, error_ui, labelled_ui, loading_ui, notice_ui, text_field_ui,
};
use crate::gui::words;
use crate::human::size;
use crate::jobs::Fetch;
use crate::jobs::place::{PlaceFacts, look_at};
use crate::repository::settings::Settings;
use crate::snapshot::places::{RepositoryName, repository_place};

/// The dialog.
pub struct CreateRepository {
    name: String,
    folder: PathField,
    form: SettingsForm,
    facts: Fetch<PlaceFacts>,
    facts_of: Option<PathBuf>,
    making: Fetch<RepositoryName>,
    is_done: bool,
    /// The cursor was put into the first field.
    is_begun: bool,
}

impl Default for CreateRepository {
    fn default() -> CreateRepository {
        CreateRepository {
            name: String::new(),
            folder: PathField::new(PickWhat::Folder, "Folder for the repository"),
            form: SettingsForm::new(Settings::default()),
            facts: Fetch::default(),
            facts_of: None,
            making: Fetch::default(),
            is_done: false,
            is_begun: false,
        }
    }
}

impl CreateRepository {
    /// What is missing, if anything is.
    fn reason_against(&self, cx: &Cx<'_>) -> Option<String> {
        if self.making.is_loading() {
            return Some("It is being made".to_owned());
        }
        if self.name.trim().is_empty() {
            return Some("Give it a name first".to_owned());
        }
        if let Err(error) = RepositoryName::new(self.name.trim()) {
            return Some(words::error_rest(&error));
        }
        if cx
            .overview
            .repositories
            .iter()
            .any(|repository| repository.name.as_str() == self.name.trim())
        {
            return Some("There is one of that name already".to_owned());
        }
        match self.folder.path(cx) {
            None => Some("Choose a folder first".to_owned()),
            Some(folder) if !folder.is_absolute() => {
                Some("The path of the folder has to begin with /".to_owned())
            }
            Some(_) => None,
        }
    }

    fn make(&mut self, cx: &Cx<'_>) {
        let (Ok(name), Some(folder)) =
            (RepositoryName::new(self.name.trim()), self.folder.path(cx))
        else {
            return;
        };
        let (catalog, settings) = (cx.catalog.clone(), self.form.settings());
        self.making.start(cx.workers, "create", move |_| {
            let found = catalog.create_repository(&name, Some(&folder), &settings?)?;
            Ok(found.name)
        });
    }

    fn place_ui(&self, ui: &mut Ui, cx: &Cx<'_>) {
        let weak = palette(ui.ctx()).weak;
        if self.facts_of.is_none() {
            return;
        }
        if self.facts.is_loading() {
            return loading_ui(ui, "Looking at the folder", self.facts.is_not_answering());
        }
        if let Some(error) = self.facts.error() {
            return error_ui(ui, error);
        }
        let Some(facts) = self.facts.value() else {
            return;
        };
        let space = facts.space;
        let mut line = format!("{} free of {}.", size(space.free), size(space.total));
        if let (Some(folder), Ok(name)) =
            (self.folder.path(cx), RepositoryName::new(self.name.trim()))
        {
            let place = repository_place(&folder, &cx.catalog.user, &name);
            line.push_str(&format!(" It is made in {}.", escaped_path(&place)));
        } else if !facts.is_there {
            line.push_str(" The folder is yet to be made.");
        }
        ui.add(egui::Label::new(RichText::new(line).small().color(weak)).wrap());
        if !facts.is_writable {
            notice_ui(
                ui,
                Tone::Warning,
                "You cannot write to this folder",
                "Choose another, or change who may write to it.",
            );
        } else if facts.is_beside_home {
            notice_ui(
                ui,
                Tone::Warning,
                "This is the disk that your files are on",
                "It helps when a file is deleted or spoilt by mistake. When the disk breaks, both are gone: \
                 another disk or a network share is better.",
            );
        }
    }
}

impl DialogWindow for CreateRepository {
    fn title(&self) -> String {
        "New repository".to_owned()
    }

    fn width(&self) -> f32 {
        560.0
    }

    fn update(&mut self, cx: &Cx<'_>, out: &mut Outbox) {
        self.folder.update(cx);
        let folder = self.folder.path(cx);
        if folder != self.facts_of {
            self.facts_of.clone_from(&folder);
            self.facts.clear();
            if let Some(folder) = folder {
                let home = cx.catalog.home_dir.clone();
                self.facts.start(cx.workers, "place", move |_| {
                    look_at(&folder, home.as_deref())
                });
            }
        }
        self.facts.poll();
        if self.making.poll()
            && let Some(name) = self.making.value()
        {
            self.is_done = true;
            out.tell(
                Tone::Good,
                format!("The repository {name} is made. Archives can be backed up into it now."),
            );
            out.send(Command::Refresh);
            out.send(Command::ShowRepository(name.clone()));
        }
    }

    fn body_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, _: &mut Outbox) {
        let explanation = "A repository is a place in which the contents of files are kept, each once, whatever \
                           number of snapshots have them. One for each disk is enough.";
        ui.add(egui::Label::new(explanation).wrap());
        ui.add_space(space::S);
        labelled_ui(ui, "Name", |ui| {
            let field = text_field_ui(
                ui,
                &mut self.name,
                "Name of the repository",
                "blue-disk",
                240.0,
            );
            if !std::mem::replace(&mut self.is_begun, true) {
                field.request_focus();
            }
        });
        labelled_ui(ui, "On which disk, in which folder", |ui| {
            self.folder.ui(ui, cx);
        });
        self.place_ui(ui, cx);
        ui.add_space(space::XS);
        CollapsingHeader::new("Advanced")
            .id_salt("advanced")
            .show(ui, |ui| self.form.ui(ui));
        if let Some(error) = self.making.error() {
            error_ui(ui, error);
        }
        if self.making.is_loading() {
            loading_ui(ui, "Making it", self.making.is_not_answering());
        }
    }

    fn is_busy(&self) -> bool {
        self.making.is_awaited()
    }

    fn command_lines(&self, cx: &Cx<'_>) -> Vec<String> {
        let name = RepositoryName::new(self.name.trim());
        let folder = self.folder.path(cx).filter(|folder| folder.is_absolute());
        match (name, folder, self.form.settings()) {
            (Ok(name), Some(folder), Ok(settings)) => {
                vec![create_repository(&name, Some(&folder), &settings)]
            }
            _ => Vec::new(),
        }
    }

    fn buttons_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, _: &mut Outbox) -> Stay {
        if self.is_done {
            return Stay::Close;
        }
        let reason = self.reason_against(cx);
        if Button::primary("Create")
            .disabled_because(reason.as_deref())
            .show(ui)
        {
            self.make(cx);
        }
        cancel_ui(ui, self.is_busy())
    }
}
