//! Everything that a screen, a dialog or a key can ask for. They send; [`super::app`] carries out.
//!
//! [`Command`] is what is asked for, with its values. [`Action`] are those that need none and so can have a
//! key and a place in a menu: label, explanation and shortcut stand here and nowhere else.

use std::path::PathBuf;

use egui::{Key, KeyboardShortcut, Modifiers, ThemePreference};

use super::dialogs::Dialog;
use super::route::Route;
use super::settings::Sort;
use crate::format::id::Id;
use crate::jobs::source::SeriesSource;
use crate::jobs::{JobId, Work, get_back};
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::places::{ArchiveName, RepositoryName};

/// What is asked for.
pub enum Command {
    /// Show a screen.
    Go(Route),
    /// Show a snapshot in Browse.
    Browse(BrowseTarget),
    /// Show an archive in Archives.
    ShowArchive(ArchiveName),
    /// Begin to make a new archive, in Archives.
    NewArchive,
    /// Show a repository in Repositories.
    ShowRepository(RepositoryName),
    /// Show an archive in Statistics.
    ShowStatistics(ArchiveName),
    /// Show in Statistics what a snapshot brought: which folders and files made the repository grow.
    ShowGrowth {
        archive: ArchiveName,
        snapshot: SnapshotName,
    },
    /// Find out who holds what in a repository, for whoever tells what snapshots take.
    OpenHoldings(Id),
    /// Find out what a snapshot brought, for whoever tells it in a line.
    FindGrowth {
        archive: ArchiveName,
        snapshot: SnapshotName,
    },
    /// Show a job in Jobs.
    ShowJob(JobId),
    /// The steps for somebody who has no backup yet.
    FirstRun,
    /// Back up, unless that is being done already.
    BackUp(ArchiveName),
    BackUpAll,
    /// Start any other job.
    Start(Work),
    Cancel(JobId),
    /// Plan to get files back, show the plan, and carry it out if that is wanted.
    GetBack(get_back::Request),
    /// Add a rule to an archive, so that something is not backed up from now on.
    Exclude {
        archive: ArchiveName,
        rule: ExcludeRule,
    },
    /// The same in the archive's rules, where it shows what it does before it is saved.
    ProposeExclude {
        archive: ArchiveName,
        rule: ExcludeRule,
    },
    /// Open a dialog, on top of what is there.
    Open(Dialog),
    /// Look again at the configuration, the archives and the repositories.
    Refresh,
    /// Remember what was looked at in Browse, for the next time that the window is opened.
    Remember {
        archive: Option<ArchiveName>,
        folder: PathBuf,
        sort: Sort,
    },
    SetTheme(ThemePreference),
    /// How large everything is drawn; 1 is the desktop's own size.
    SetScale(f32),
    /// Show a folder in the file manager.
    OpenFolder(PathBuf),
    CopyText(String),
    /// A word on something that was done or failed.
    Tell(Tone, String),
    /// Put the cursor into the screen's search field.
    Find,
    Quit,
    /// Quit without asking: whatever runs is stopped first.
    QuitNow,
}

/// What Browse is to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowseTarget {
    pub source: SeriesSource,
    /// The newest one if left out.
    pub snapshot: Option<SnapshotName>,
    /// The folder, an absolute path as bytes; where one was last, or the includes, if left out.
    pub folder: Option<Vec<u8>>,
    /// Show all versions of this as well, which is in the folder: an absolute path.
    pub versions_of: Option<Vec<u8>>,
}

/// A rule to add to a specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExcludeRule {
    /// A glob of `exclude_dirs`.
    Directory(String),
    /// A glob of `exclude_files`.
    File(String),
}

/// What a word to the person is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Good,
    Information,
    Warning,
    Error,
}

/// Where screens and dialogs put what they ask for.
#[derive(Default)]
pub struct Outbox(Vec<Command>);

impl Outbox {
    pub fn send(&mut self, command: Command) {
        self.0.push(command);
    }

    /// Tells the person something that needs no answer.
    pub fn tell(&mut self, tone: Tone, text: impl Into<String>) {
        self.send(Command::Tell(tone, text.into()));
    }

    pub fn take(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.0)
    }
}

/// What can be asked for with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Go(Route),
    BackUpAll,
    NewArchive,
    Find,
    Refresh,
    Settings,
    Shortcuts,
    Larger,
    Smaller,
    OriginalSize,
    Quit,
}

impl Action {
    pub const ALL: [Action; 17] = [
        Action::Go(Route::Home),
        Action::Go(Route::Archives),
        Action::Go(Route::Browse),
        Action::Go(Route::Statistics),
        Action::Go(Route::Repositories),
        Action::Go(Route::Jobs),
        Action::Go(Route::Exigency),
        Action::BackUpAll,
        Action::NewArchive,
        Action::Find,
        Action::Refresh,
        Action::Settings,
        Action::Shortcuts,
        Action::Larger,
        Action::Smaller,
        Action::OriginalSize,
        Action::Quit,
    ];

    pub fn label(self) -> &'static str {
        match self {
            Action::Go(route) => route.title(),
            Action::BackUpAll => "Back up everything now",
            Action::NewArchive => "New archive",
            Action::Find => "Search",
            Action::Refresh => "Look again",
            Action::Settings => "Settings",
            Action::Shortcuts => "Keyboard shortcuts",
            Action::Larger => "Larger",
            Action::Smaller => "Smaller",
            Action::OriginalSize => "Original size",
            Action::Quit => "Quit",
        }
    }

    pub fn explanation(self) -> &'static str {
        match self {
            Action::Go(route) => route.question(),
            Action::BackUpAll => "Makes a new snapshot of each archive",
            Action::NewArchive => "Choose what to back up and where to",
            Action::Find => "Looks for files by name",
            Action::Refresh => "Reads the configuration and the lists of snapshots again",
            Action::Settings => "Colours and size",
            Action::Shortcuts => "Lists all keys",
            Action::Larger | Action::Smaller | Action::OriginalSize => {
                "Changes the size of everything in the window"
            }
            Action::Quit => "Closes the window; asks first while something is running",
        }
    }

    /// It concerns the window as a whole, whatever dialog is open in it.
    pub fn is_of_window(self) -> bool {
        matches!(
            self,
            Action::Larger | Action::Smaller | Action::OriginalSize | Action::Quit
        )
    }

    pub fn shortcut(self) -> KeyboardShortcut {
        let key = match self {
            Action::Go(Route::Home) => Key::Num1,
            Action::Go(Route::Archives) => Key::Num2,
            Action::Go(Route::Browse) => Key::Num3,
            Action::Go(Route::Statistics) => Key::Num4,
            Action::Go(Route::Repositories) => Key::Num5,
            Action::Go(Route::Jobs) => Key::Num6,
            Action::Go(Route::Exigency) => Key::Num7,
            Action::BackUpAll => Key::B,
            Action::NewArchive => Key::N,
            Action::Find => Key::F,
            Action::Settings => Key::Comma,
            Action::Larger => Key::Plus,
            Action::Smaller => Key::Minus,
            Action::OriginalSize => Key::Num0,
            Action::Quit => Key::Q,
            Action::Refresh => return KeyboardShortcut::new(Modifiers::NONE, Key::F5),
            Action::Shortcuts => return KeyboardShortcut::new(Modifiers::NONE, Key::F1),
        };
        KeyboardShortcut::new(Modifiers::COMMAND, key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_actions_have_the_same_key_or_label() {
        for (index, one) in Action::ALL.iter().enumerate() {
            for other in &Action::ALL[index + 1..] {
                assert_ne!(one.shortcut(), other.shortcut(), "{one:?}, {other:?}");
                assert_ne!(one.label(), other.label());
            }
        }
    }
}
