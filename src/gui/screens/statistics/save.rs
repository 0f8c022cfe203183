//! "Save as CSV" and "Save as a picture": numbers for a spreadsheet, a chart for a letter.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{ColorImage, Ui};

use crate::error::{Context, Error, ErrorKind, Result};
use crate::format::id::Id;
use crate::fs::escaped_path;
use crate::gui::command::{Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::dialogs::{DialogWindow, Stay, cancel_ui};
use crate::gui::picker::PickWhat;
use crate::gui::widgets::{Button, PathField, error_ui, labelled_ui, loading_ui};
use crate::jobs::Fetch;

/// What is saved.
#[derive(Clone)]
pub enum Content {
    /// Numbers, as CSV.
    Numbers(String),
    /// Pixels, which are saved as PNG.
    Picture(Arc<ColorImage>),
}

impl Content {
    fn title(&self) -> &'static str {
        match self {
            Content::Numbers(_) => "Save as CSV",
            Content::Picture(_) => "Save as a picture",
        }
    }

    fn explanation(&self) -> &'static str {
        match self {
            Content::Numbers(_) => "All numbers of the table, sizes in bytes, for a spreadsheet.",
            Content::Picture(_) => "What is shown, as a PNG file, in the colours of the window.",
        }
    }

    /// What the name of the file ends with.
    pub fn ending(&self) -> &'static str {
        match self {
            Content::Numbers(_) => "csv",
            Content::Picture(_) => "png",
        }
    }

    /// Only for threads: compressing a picture takes a while.
    fn bytes(&self) -> Result<Vec<u8>> {
        match self {
            Content::Numbers(text) => Ok(text.as_bytes().to_vec()),
            Content::Picture(picture) => png(picture),
        }
    }
}

/// The window covers all that is behind it, so how opaque a pixel is says nothing.
fn png(picture: &ColorImage) -> Result<Vec<u8>> {
    use image::{ImageEncoder, codecs::png::PngEncoder};
    let [width, height] = picture
        .size
        .map(|length| u32::try_from(length).unwrap_or(0));
    let pixels = picture.pixels.iter();
    let pixels: Vec<u8> = pixels
        .flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()])
        .collect();
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(&pixels, width, height, image::ExtendedColorType::Rgb8)
        .map_err(|error| {
            Error::new(ErrorKind::Io, "make the picture").because(error.to_string())
        })?;
    Ok(bytes)
}

/// The dialog.
pub struct SaveFile {
    content: Content,
    field: PathField,
    /// What it is, or was, tried to save to.
    target: Option<PathBuf>,
    saving: Fetch<PathBuf>,
    is_done: bool,
}

impl SaveFile {
    /// Saves `content`, in `suggestion` unless told otherwise.
    pub fn new(content: Content, suggestion: Option<&Path>) -> SaveFile {
        let mut field = PathField::new(PickWhat::NewFile, "File to save to");
        if let Some(path) = suggestion {
            field.set(path);
        }
        SaveFile {
            content,
            field,
            target: None,
            saving: Fetch::default(),
            is_done: false,
        }
    }

    /// True if there is a file of the name that is in the field now, as an attempt has shown.
    fn is_taken(&self, cx: &Cx<'_>) -> bool {
        let error = self.saving.error();
        let is_taken = error.is_some_and(|error| error.kind() == ErrorKind::AlreadyExists);
        is_taken && self.target == self.field.path(cx)
    }

    fn save(&mut self, cx: &Cx<'_>, replace: bool) {
        if let Some(path) = self.field.path(cx) {
            let content = self.content.clone();
            self.target = Some(path.clone());
            self.saving.start(cx.workers, "save", move |_| {
                write(&path, &content.bytes()?, replace)?;
                Ok(path)
            });
        }
    }
}

/// A file that is replaced is there, whole, until the new one is.
fn write(path: &Path, bytes: &[u8], replace: bool) -> Result<()> {
    let Some(name) = path.file_name().filter(|_| replace) else {
        return write_new(path, bytes);
    };
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!("-{}.tmp", Id::random()?));
    let temporary = path.with_file_name(hidden);
    write_new(&temporary, bytes)?;
    if let Ok(old) = fs::metadata(path) {
        // Whoever could read the old one can read this; where there are no permissions it makes no difference.
        let _ = fs::set_permissions(&temporary, old.permissions());
    }
    let renamed = fs::rename(&temporary, path);
    if renamed.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    renamed.context("replace the file", path)
}

/// Leaves nothing half written.
fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = File::create_new(path).context("make the file", path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written.context("write", path)
}

impl DialogWindow for SaveFile {
    fn title(&self) -> String {
        self.content.title().to_owned()
    }

    fn width(&self) -> f32 {
        540.0
    }

    fn update(&mut self, cx: &Cx<'_>, out: &mut Outbox) {
        let is_picked = self.field.update(cx);
        if is_picked && !self.saving.is_loading() {
            self.saving.clear();
        }
        if self.saving.poll()
            && let Some(path) = self.saving.value()
        {
            self.is_done = true;
            out.tell(Tone::Good, format!("Saved as {}", escaped_path(path)));
        }
    }

    fn body_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, _: &mut Outbox) {
        ui.add(egui::Label::new(self.content.explanation()).wrap());
        let is_changed = labelled_ui(ui, "Where to", |ui| self.field.ui(ui, cx));
        if is_changed && !self.saving.is_loading() {
            self.saving.clear();
        }
        if let Some(error) = self.saving.error() {
            error_ui(ui, error);
        }
        if self.saving.is_loading() {
            loading_ui(ui, "Saving", self.saving.is_not_answering());
        }
    }

    fn is_busy(&self) -> bool {
        self.saving.is_awaited()
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
        let is_taken = self.is_taken(cx);
        let button = match is_taken {
            true => Button::danger("Replace it"),
            false => Button::primary("Save"),
        };
        if button.disabled_because(reason).show(ui) {
            self.save(cx, is_taken);
        }
        cancel_ui(ui, self.is_busy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_comes_back_as_it_was() {
        let pixels = [egui::Color32::RED, egui::Color32::from_rgb(1, 2, 3)];
        let picture = ColorImage::new([2, 1], pixels.to_vec());
        let bytes = Content::Picture(Arc::new(picture)).bytes().unwrap();
        let read = image::load_from_memory(&bytes).unwrap().into_rgb8();
        assert_eq!(read.dimensions(), (2, 1));
        assert_eq!(read.into_raw(), [255, 0, 0, 1, 2, 3]);
    }

    #[test]
    fn a_file_is_replaced_only_when_asked_to_and_nothing_is_left_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("numbers.csv");
        write(&path, b"old", false).unwrap();
        let error = write(&path, b"new", false).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        write(&path, b"new", true).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        // A folder is not replaced by a file.
        let folder = dir.path().join("folder");
        fs::create_dir(&folder).unwrap();
        write(&folder, b"new", true).unwrap_err();
        assert!(folder.is_dir());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}
