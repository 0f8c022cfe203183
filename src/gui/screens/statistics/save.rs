//! "Save as CSV": the numbers of the table, for a spreadsheet.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use egui::Ui;

use crate::error::{Context, ErrorKind, Result};
use crate::fs::escaped_path;
use crate::gui::command::{Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::dialogs::{DialogWindow, Stay};
use crate::gui::picker::PickWhat;
use crate::gui::widgets::{Button, PathField, error_ui, labelled_ui, loading_ui};
use crate::jobs::Fetch;

/// The dialog.
pub struct SaveCsv {
    text: String,
    field: PathField,
    saving: Fetch<PathBuf>,
    is_done: bool,
}

impl SaveCsv {
    /// Saves `text`, in `suggestion` unless told otherwise.
    pub fn new(text: String, suggestion: Option<&Path>) -> SaveCsv {
        let mut field = PathField::new(PickWhat::NewFile, "File to save to");
        if let Some(path) = suggestion {
            field.set(path);
        }
        SaveCsv {
            text,
            field,
            saving: Fetch::default(),
            is_done: false,
        }
    }

    fn is_taken(&self) -> bool {
        self.saving
            .error()
            .is_some_and(|error| error.kind() == ErrorKind::AlreadyExists)
    }

    fn save(&mut self, cx: &Cx<'_>, replace: bool) {
        if let Some(path) = self.field.path(cx) {
            let text = self.text.clone();
            self.saving.start(cx.workers, "save", move |_| {
                write(&path, text.as_bytes(), replace)?;
                Ok(path)
            });
        }
    }
}

fn write(path: &Path, bytes: &[u8], replace: bool) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true);
    match replace {
        true => options.create(true).truncate(true),
        false => options.create_new(true),
    };
    let mut file = options.open(path).context("make the file", path)?;
    file.write_all(bytes).context("write", path)?;
    file.sync_all().context("write", path)
}

impl DialogWindow for SaveCsv {
    fn title(&self) -> String {
        "Save as CSV".to_owned()
    }

    fn width(&self) -> f32 {
        540.0
    }

    fn update(&mut self, cx: &Cx<'_>, out: &mut Outbox) {
        self.field.update(cx);
        if self.saving.poll()
            && let Some(path) = self.saving.value()
        {
            self.is_done = true;
            out.tell(Tone::Good, format!("Saved as {}", escaped_path(path)));
        }
    }

    fn body_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, _: &mut Outbox) {
        let explanation = "All numbers of the table, sizes in bytes, for a spreadsheet.";
        ui.add(egui::Label::new(explanation).wrap());
        let is_changed = labelled_ui(ui, "Where to", |ui| self.field.ui(ui, cx));
        if is_changed {
            self.saving.clear();
        }
        if let Some(error) = self.saving.error() {
            error_ui(ui, error);
        }
        if self.saving.is_loading() {
            loading_ui(ui, "Saving", self.saving.is_not_answering());
        }
    }

    fn buttons_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, _: &mut Outbox) -> Stay {
        if self.is_done {
            return Stay::Close;
        }
        let reason = match self.field.path(cx) {
            None => Some("Choose a file first"),
            Some(path) if !path.is_absolute() => Some("The path has to begin with /"),
            Some(_) if self.saving.is_loading() => Some("It is being saved"),
            Some(_) => None,
        };
        let is_taken = self.is_taken();
        let button = match is_taken {
            true => Button::danger("Replace it"),
            false => Button::primary("Save"),
        };
        if button.disabled_because(reason).show(ui) {
            self.save(cx, is_taken);
        }
        match Button::new("Cancel").show(ui) {
            true => Stay::Close,
            false => Stay::Open,
        }
    }
}
