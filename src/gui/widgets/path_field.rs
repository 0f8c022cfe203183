//! A field for a path: typed, completed with Tab or from a list, or chosen in the system's dialog.
//!
//! The folder that is being typed is listed on a thread. The dialog may be missing or hang; the field never.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::{Area, EventFilter, Frame, Key, Modifiers, Order, Response, RichText, Ui, vec2};

use super::Button;
use super::fields::text_field_ui;
use crate::error::{Context, Result};
use crate::fs::{escaped, escaped_path};
use crate::gui::cx::Cx;
use crate::gui::picker::{PickRequest, PickWhat};
use crate::gui::theme::palette;
use crate::jobs::Fetch;

/// More completions are no help.
const MOST_COMPLETIONS: usize = 8;
/// A folder with more names than this is not looked through to its end.
const MOST_NAMES: usize = 20_000;

/// A path that is being filled in.
pub struct PathField {
    /// As it is shown and typed.
    text: String,
    /// The very path, where it was chosen and not typed: its bytes may be no text.
    chosen: Option<PathBuf>,
    what: PickWhat,
    title: String,
    dialog: Fetch<Option<PathBuf>>,
    completions: Fetch<Vec<String>>,
    completed_for: String,
    is_entered: bool,
    /// The pointer is over the list of completions.
    is_pointed_at: bool,
}

impl PathField {
    /// A field for a folder or a file; `title` names it, and the dialog.
    pub fn new(what: PickWhat, title: &str) -> PathField {
        PathField {
            text: String::new(),
            chosen: None,
            what,
            title: title.to_owned(),
            dialog: Fetch::default(),
            completions: Fetch::default(),
            completed_for: String::new(),
            is_entered: false,
            is_pointed_at: false,
        }
    }

    /// Whether Enter was pressed in it since this was asked last.
    pub fn take_entered(&mut self) -> bool {
        std::mem::take(&mut self.is_entered)
    }

    pub fn set(&mut self, path: &Path) {
        self.text = escaped_path(path).to_string();
        self.chosen = Some(path.to_owned());
        self.completed_for.clone_from(&self.text);
        self.completions.clear();
    }

    pub fn clear(&mut self) {
        self.text.clear();
        self.chosen = None;
    }

    /// What is in it; `None` while it is empty. `~` stands for the home folder.
    pub fn path(&self, cx: &Cx<'_>) -> Option<PathBuf> {
        if let Some(chosen) = &self.chosen {
            return Some(chosen.clone());
        }
        let text = self.text.trim();
        (!text.is_empty()).then(|| expand(text, cx.catalog.home_dir.as_deref()))
    }

    /// Takes in what the dialog and the completion have found; true when the path is another now.
    pub fn update(&mut self, cx: &Cx<'_>) -> bool {
        let mut is_changed = false;
        if self.dialog.poll()
            && let Some(Some(path)) = self.dialog.value()
        {
            let path = path.clone();
            self.set(&path);
            is_changed = true;
        }
        self.completions.poll();
        if self.text != self.completed_for && self.chosen.is_none() {
            self.completed_for.clone_from(&self.text);
            let (typed, what) = (self.text.clone(), self.what);
            let home = cx.catalog.home_dir.clone();
            self.completions.start(cx.workers, "completion", move |_| {
                completions(&typed, what, home.as_deref())
            });
        }
        is_changed
    }

    /// Draws the field, the button for the dialog, and completions below; true when the path was changed.
    pub fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> bool {
        let mut is_changed = false;
        ui.horizontal(|ui| {
            let width = (ui.available_width() - 110.0).max(120.0);
            // Tab completes while there is something to complete; otherwise it goes on to the next control.
            let first = self.first_completion();
            let response = text_field_ui(ui, &mut self.text, &self.title, "/home/…", width);
            if response.changed() {
                self.chosen = None;
                is_changed = true;
            }
            self.is_entered |=
                response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            if let Some(first) = first.filter(|_| response.has_focus()) {
                keep_tab(ui, &response);
                if ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Tab)) {
                    self.text = first;
                    self.chosen = None;
                    is_changed = true;
                    put_cursor_at(ui, &response, self.text.chars().count());
                }
            }
            is_changed |= self.completions_ui(ui, &response);
            let label = match self.what {
                PickWhat::Folder => "Choose…",
                PickWhat::File | PickWhat::NewFile => "Choose file…",
            };
            let is_open = self.dialog.is_loading();
            let reason = is_open.then_some("The dialog is open already");
            if Button::new(label).disabled_because(reason).show(ui) {
                self.open_dialog(cx);
            }
        });
        if let Some(error) = self.dialog.error() {
            let text = RichText::new(error.to_string()).color(palette(ui.ctx()).warning);
            ui.add(egui::Label::new(text.small()).wrap());
        }
        is_changed
    }

    fn open_dialog(&mut self, cx: &Cx<'_>) {
        let request = PickRequest {
            what: self.what,
            title: self.title.clone(),
            start: self.path(cx),
        };
        let picker = std::sync::Arc::clone(cx.picker);
        self.dialog
            .start(cx.workers, "dialog", move |_| picker.pick(&request));
    }

    /// What Tab makes of a name that is begun. A folder that is typed to its slash is whole: whoever goes on with
    /// Tab then means that one, and not the first in it. Completions of what was typed before do not count.
    fn first_completion(&self) -> Option<String> {
        let first = self.completions.value()?.first()?;
        let is_begun = !self.text.ends_with('/') && first.starts_with(&self.text);
        (is_begun && *first != self.text).then(|| first.clone())
    }

    /// Draws the completions over what is below the field: what comes and goes must not move a button away from
    /// under the pointer.
    fn completions_ui(&mut self, ui: &Ui, field: &Response) -> bool {
        // A click on the list takes the keyboard from the field before it is a click.
        let is_shown = field.has_focus() || self.is_pointed_at;
        self.is_pointed_at = false;
        let Some(all) = self.completions.value().filter(|_| is_shown) else {
            return false;
        };
        // The slash at the end of what is typed already tells nobody anything.
        let typed = self.text.trim_end_matches('/');
        let all = all.iter();
        let all = all.filter(|completion| completion.trim_end_matches('/') != typed);
        let mut all = all.peekable();
        if all.peek().is_none() {
            return false;
        }
        let weak = palette(ui.ctx()).weak;
        let mut taken = None;
        let list = Area::new(field.id.with("completions"))
            .order(Order::Tooltip)
            .fixed_pos(field.rect.left_bottom() + vec2(0.0, 2.0))
            .show(ui.ctx(), |ui| {
                Frame::popup(ui.style()).show(ui, |ui| {
                    ui.set_width(field.rect.width() - 14.0);
                    for completion in all {
                        let text = RichText::new(completion).small().color(weak);
                        // Not a stop of the Tab key: Tab takes the first.
                        let label = egui::Label::new(text).truncate();
                        if ui.add(label.sense(egui::Sense::CLICK)).clicked() {
                            taken = Some(completion.clone());
                        }
                    }
                });
            });
        self.is_pointed_at = list.response.contains_pointer();
        if let Some(taken) = taken {
            self.text = taken;
            self.chosen = None;
            field.request_focus();
            return true;
        }
        false
    }
}

/// Keeps Tab from going on to the next control, from the next frame on.
fn keep_tab(ui: &Ui, field: &Response) {
    let filter = EventFilter {
        tab: !ui.input(|input| input.modifiers.shift),
        horizontal_arrows: true,
        vertical_arrows: true,
        escape: false,
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(field.id, filter));
}

fn put_cursor_at(ui: &Ui, field: &Response, char_index: usize) {
    if let Some(mut state) = TextEditState::load(ui.ctx(), field.id) {
        let cursor = CCursorRange::one(CCursor::new(char_index));
        state.cursor.set_char_range(Some(cursor));
        state.store(ui.ctx(), field.id);
    }
}

fn expand(text: &str, home: Option<&Path>) -> PathBuf {
    match (text.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(&rest[1..]),
        _ => PathBuf::from(text),
    }
}

/// What could be meant by what was typed so far. Names that are no text are left to the dialog.
fn completions(typed: &str, what: PickWhat, home: Option<&Path>) -> Result<Vec<String>> {
    if typed.is_empty() {
        return Ok(Vec::new());
    }
    let (shown_folder, begin) = match typed.rfind('/') {
        Some(slash) => typed.split_at(slash + 1),
        None => return Ok(Vec::new()),
    };
    let folder = expand(shown_folder, home);
    let listing = fs::read_dir(&folder).context("list", &folder)?;
    let mut found = Vec::new();
    for entry in listing.take(MOST_NAMES).flatten() {
        let name = entry.file_name();
        let Some(name) = plain(&name).filter(|name| name.starts_with(begin)) else {
            continue;
        };
        // Hidden ones only when a dot was typed.
        if name.starts_with('.') && !begin.starts_with('.') {
            continue;
        }
        let is_folder = entry.path().is_dir();
        if is_folder {
            found.push(format!("{shown_folder}{name}/"));
        } else if what != PickWhat::Folder {
            found.push(format!("{shown_folder}{name}"));
        }
    }
    found.sort();
    found.truncate(MOST_COMPLETIONS);
    Ok(found)
}

/// A name that is shown as it is typed.
fn plain(name: &OsStr) -> Option<String> {
    let name = name.to_str()?;
    (escaped(name.as_bytes()).to_string() == name).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_completed_with_a_slash_and_hidden_ones_only_when_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["docs", "downloads", ".cache", "pictures"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        fs::write(dir.path().join("document"), "x").unwrap();
        let base = format!("{}/", dir.path().display());
        let complete =
            |begin: &str, what| completions(&format!("{base}{begin}"), what, None).unwrap();
        let with = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| format!("{base}{name}")).collect()
        };
        assert_eq!(
            complete("do", PickWhat::Folder),
            with(&["docs/", "downloads/"])
        );
        assert_eq!(
            complete("do", PickWhat::File),
            with(&["docs/", "document", "downloads/"])
        );
        assert_eq!(complete(".", PickWhat::Folder), with(&[".cache/"]));
        assert_eq!(complete("nothing", PickWhat::File), with(&[]));
    }
}
