//! Does what was asked for while this part of the screen was drawn.

use super::lists::{List, View, csv};
use super::tiles::What;
use super::ui::PICTURE;
use super::{Ask, Space};
use crate::gui::command::{BrowseTarget, Command, ExcludeRule, Outbox};
use crate::gui::screens::statistics::save::Content;
use crate::gui::widgets::Shot;
use crate::jobs::source::SeriesSource;
use crate::snapshot::globs::glob_of;

impl Space {
    /// Does it; what is to be saved, if that was asked for.
    pub(super) fn act(&mut self, ask: Ask, shot: &mut Shot, out: &mut Outbox) -> Option<Content> {
        match ask {
            Ask::Snapshot(key) => self.choose(key),
            Ask::By(by) => {
                self.by = by;
                self.list = None;
            }
            Ask::View(view) => {
                self.view = view;
                self.list = None;
                self.table.reset();
            }
            Ask::Enter(folder) => self.enter(folder),
            Ask::Leave => self.leave(),
            Ask::List(folder) => {
                if folder != self.folder {
                    self.enter(folder);
                }
                self.view = View::Table;
                self.list = None;
                self.table.reset();
            }
            Ask::Browse(what) => self.browse(&what, false, out),
            Ask::History(what) => self.browse(&what, true, out),
            Ask::Exclude(what) => self.exclude(&what, out),
            Ask::SaveNumbers => return self.numbers(),
            Ask::SavePicture => shot.ask(PICTURE),
        }
        None
    }

    fn numbers(&self) -> Option<Content> {
        let (usage, folder) = self.surveyed()?;
        let files = self.own_files();
        let list = List::new(self.view, self.by, usage, folder, files);
        Some(Content::Numbers(csv(&list, usage, files)))
    }

    /// Shows it in Browse; a file in the folder that it is in.
    fn browse(&self, what: &What, with_history: bool, out: &mut Outbox) {
        let (Some(surveyed), Some((path, is_folder))) = (self.surveyed.value(), self.path_of(what))
        else {
            return;
        };
        out.send(Command::Browse(BrowseTarget {
            source: SeriesSource::Archive(surveyed.key.archive.clone()),
            snapshot: Some(surveyed.key.name),
            folder: Some(match is_folder && !with_history {
                true => path.clone(),
                false => above(&path),
            }),
            versions_of: with_history.then_some(path),
        }));
    }

    fn exclude(&self, what: &What, out: &mut Outbox) {
        let (Some(surveyed), Some((path, is_folder))) = (self.surveyed.value(), self.path_of(what))
        else {
            return;
        };
        if let Some(glob) = glob_of(&path) {
            out.send(Command::ProposeExclude {
                archive: surveyed.key.archive.clone(),
                rule: match is_folder {
                    true => ExcludeRule::Directory(glob),
                    false => ExcludeRule::File(glob),
                },
            });
        }
    }
}

/// The folder that something is in.
fn above(path: &[u8]) -> Vec<u8> {
    match path.iter().rposition(|byte| *byte == b'/') {
        None | Some(0) => b"/".to_vec(),
        Some(slash) => path[..slash].to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_above_a_path_is_found() {
        assert_eq!(above(b"/home/me"), b"/home");
        assert_eq!(above(b"/home"), b"/");
        assert_eq!(above(b"/"), b"/");
    }
}
