//! A new archive: its name, where it goes, what it backs up; and making it, on a thread.

use std::path::{Path, PathBuf};

use super::editor::Editor;
use super::lines;
use crate::catalog::Catalog;
use crate::catalog::defaults::{self, LeftOut};
use crate::error::{Error, ErrorKind, Result};
use crate::format::compression::Codec;
use crate::gui::cx::Cx;
use crate::gui::lines::create_repository;
use crate::gui::picker::PickWhat;
use crate::gui::widgets::PathField;
use crate::jobs::Fetch;
use crate::repository::settings::{Layout, Settings};
use crate::snapshot::places::{ArchiveName, RepositoryName, archive_place, repository_place};
use crate::snapshot::specification::Specification;

/// An archive that is being made up.
pub struct NewArchive {
    pub name: String,
    pub editor: Editor,
    /// One of the repositories that there are; `None`: a new one.
    pub repository: Option<RepositoryName>,
    pub new_repository: String,
    pub location: PathField,
    pub layout: Layout,
    pub codec: Codec,
    making: Fetch<Made>,
    /// It is there.
    pub made: Option<ArchiveName>,
    /// Put the cursor into the first field.
    pub wants_focus: bool,
}

/// What came of it: the repository may have been made, and the archive not.
struct Made {
    new_repository: Option<RepositoryName>,
    archive: Result<ArchiveName>,
}

/// Everything that is needed to make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    pub archive: ArchiveName,
    pub repository: WishedRepository,
    pub specification: Specification,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WishedRepository {
    Existing(RepositoryName),
    New {
        name: RepositoryName,
        location: Option<PathBuf>,
        settings: Settings,
    },
}

impl NewArchive {
    /// Begins with the home folder, the usual rules, and the first repository that there is.
    pub fn new(cx: &Cx<'_>) -> NewArchive {
        let includes = cx.catalog.home_dir.iter().cloned().collect();
        let home = cx.catalog.home_dir.as_deref();
        let specification = defaults::specification(includes, &LeftOut::ALL, home);
        let first = cx.overview.repositories.first();
        NewArchive {
            name: String::new(),
            editor: Editor::new(specification),
            repository: first.map(|repository| repository.name.clone()),
            new_repository: free_repository_name(cx),
            location: PathField::new(PickWhat::Folder, "Folder for the new repository"),
            layout: Layout::Packed,
            codec: Codec::Zstd,
            making: Fetch::default(),
            made: None,
            wants_focus: true,
        }
    }

    /// Takes in what threads have done; true when the archive has been made just now.
    pub fn update(&mut self, cx: &Cx<'_>, is_shown: bool) -> bool {
        self.location.update(cx);
        if self.made.is_some() {
            self.editor.preview.rest();
        } else if is_shown {
            let own = self.own_places(cx);
            self.editor.update(None, own, cx);
        }
        if !self.making.poll() {
            return false;
        }
        if let Some(made) = self.making.value() {
            // Trying again must not stumble over the repository that is there now.
            if let Some(repository) = &made.new_repository {
                self.repository = Some(repository.clone());
            }
            self.made = made.archive.as_ref().ok().cloned();
        }
        self.made.is_some()
    }

    /// Where it would keep what it backs up.
    fn own_places(&self, cx: &Cx<'_>) -> Vec<PathBuf> {
        let repository = self.repository.as_ref();
        let place = match repository.and_then(|name| cx.overview.repository(name)) {
            Some(existing) => existing.entry.as_ref().ok().map(|e| e.place.clone()),
            None => {
                let name = RepositoryName::new(self.new_repository.trim()).ok();
                name.map(|name| repository_place(&self.location_in(cx), &cx.catalog.user, &name))
            }
        };
        let location = match &place {
            Some(place) => crate::snapshot::places::split_at_tree(place)
                .map(|(location, _)| location.to_owned()),
            None => None,
        };
        let archive = ArchiveName::new(self.name.trim()).ok();
        let archive = archive.zip(location).map(|(name, location)| {
            archive_place(&location, &cx.catalog.host, &cx.catalog.user, &name)
        });
        archive.into_iter().chain(place).collect()
    }

    fn location_in(&self, cx: &Cx<'_>) -> PathBuf {
        let typed = self.location.path(cx);
        typed.unwrap_or_else(|| cx.catalog.data_dir.clone())
    }

    /// Why this name cannot be taken, in a sentence; `None` while there is nothing wrong with it.
    pub fn name_problem(&self, cx: &Cx<'_>) -> Option<String> {
        let name = self.name.trim();
        if name.is_empty() {
            return None;
        }
        match ArchiveName::new(name) {
            Err(error) => Some(refused(&error)),
            Ok(name) if cx.overview.archive(&name).is_some() => {
                Some(format!("There is an archive {name} already."))
            }
            Ok(_) => None,
        }
    }

    /// The same for the name of the new repository.
    pub fn repository_problem(&self, cx: &Cx<'_>) -> Option<String> {
        match RepositoryName::new(self.new_repository.trim()) {
            Err(error) => Some(refused(&error)),
            Ok(name) if cx.overview.repository(&name).is_some() => {
                Some(format!("There is a repository {name} already."))
            }
            Ok(_) => None,
        }
    }

    /// What is wished for, or what is missing for that, in words that fit on a button that cannot be pressed.
    pub fn wish(&self, cx: &Cx<'_>) -> std::result::Result<Wish, String> {
        if self.name.trim().is_empty() {
            return Err("Give the archive a name first".to_owned());
        }
        if let Some(problem) = self.name_problem(cx) {
            return Err(problem);
        }
        let repository = match &self.repository {
            Some(name) => WishedRepository::Existing(name.clone()),
            None => self.wished_repository(cx)?,
        };
        if let Some(problem) = self.editor.problem() {
            return Err(problem);
        }
        let archive = ArchiveName::new(self.name.trim());
        Ok(Wish {
            archive: archive.map_err(|error| refused(&error))?,
            repository,
            specification: self.editor.specification.clone(),
        })
    }

    fn wished_repository(&self, cx: &Cx<'_>) -> std::result::Result<WishedRepository, String> {
        if let Some(problem) = self.repository_problem(cx) {
            return Err(problem);
        }
        let location = self.location.path(cx);
        if location.as_ref().is_some_and(|path| !path.is_absolute()) {
            return Err("Write the whole path of the folder, beginning with a slash".to_owned());
        }
        let name = RepositoryName::new(self.new_repository.trim());
        let settings = Settings::new(self.layout, self.codec, None);
        Ok(WishedRepository::New {
            name: name.map_err(|error| refused(&error))?,
            location,
            settings: settings.map_err(|error| refused(&error))?,
        })
    }

    pub fn make(&mut self, wish: Wish, cx: &Cx<'_>) {
        let catalog = cx.catalog.clone();
        self.making
            .start(cx.workers, "new archive", move |_| make(&catalog, wish));
    }

    pub fn is_making(&self) -> bool {
        self.making.is_loading()
    }

    pub fn is_not_answering(&self) -> bool {
        self.making.is_not_answering()
    }

    /// Why it could not be made.
    pub fn error(&self) -> Option<&Error> {
        match self.making.value() {
            Some(made) => made.archive.as_ref().err(),
            None => self.making.error(),
        }
    }
}

impl Wish {
    /// What to type for the same.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let repository = match &self.repository {
            WishedRepository::Existing(name) => name,
            WishedRepository::New {
                name,
                location,
                settings,
            } => {
                lines.push(create_repository(name, location.as_deref(), settings));
                name
            }
        };
        lines.push(lines::create(
            self.archive.as_str(),
            repository.as_str(),
            None,
            &self.specification,
        ));
        lines
    }
}

/// What a layout is used with unless told otherwise.
pub fn usual_codec(layout: Layout) -> Codec {
    match layout {
        Layout::Packed => Codec::Zstd,
        // It is for those who want to read it with zcat.
        Layout::Loose => Codec::Gzip,
    }
}

fn make(catalog: &Catalog, wish: Wish) -> Result<Made> {
    // Before a repository is made that nobody needs.
    catalog.config().archives.expect_free(&wish.archive)?;
    wish.specification.validate()?;
    let (found, new_repository) = match wish.repository {
        WishedRepository::Existing(name) => (catalog.repository(&name)?, None),
        WishedRepository::New {
            name,
            location,
            settings,
        } => {
            if let Some(location) = &location {
                expect_folder(location)?;
            }
            let found = catalog.create_repository(&name, location.as_deref(), &settings)?;
            (found, Some(name))
        }
    };
    let archive = catalog.create_archive(&wish.archive, &found, None, wish.specification);
    Ok(Made {
        new_repository,
        archive: archive.map(|found| found.name),
    })
}

/// A folder that is missing would be made, on whatever disk is there in place of the one that was meant.
fn expect_folder(location: &Path) -> Result<()> {
    if location.is_dir() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::NotFound, "make a repository in")
        .at(location)
        .because("there is no such folder")
        .advise("is the disk or share there that it is on? if it is, make the folder first"))
}

fn free_repository_name(cx: &Cx<'_>) -> String {
    let names = std::iter::once("main".to_owned());
    let mut names = names.chain((2..100).map(|number| format!("main-{number}")));
    let is_free = |name: &String| {
        let taken = cx.overview.repositories.iter();
        !taken.map(|other| other.name.as_str()).any(|n| n == name)
    };
    names.find(is_free).unwrap_or_default()
}

/// An error about a name, in sentences.
fn refused(error: &Error) -> String {
    let why = crate::gui::words::capitalized(error.why());
    match error.advice() {
        Some(advice) => format!("{why}. {}.", crate::gui::words::capitalized(advice)),
        None => format!("{why}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_make_the_repository_first() {
        let mut wish = Wish {
            archive: ArchiveName::new("home").unwrap(),
            repository: WishedRepository::New {
                name: RepositoryName::new("nas").unwrap(),
                location: Some("/mnt/nas".into()),
                settings: Settings::new(Layout::Loose, Codec::None, None).unwrap(),
            },
            specification: Specification::of(vec!["/home/me".into()]),
        };
        assert_eq!(
            wish.lines(),
            [
                "gibus repo create nas --location /mnt/nas --layout loose --codec none",
                "gibus archive create home --repo nas --include /home/me"
            ]
        );
        wish.repository = WishedRepository::Existing(RepositoryName::new("main").unwrap());
        assert_eq!(
            wish.lines(),
            ["gibus archive create home --repo main --include /home/me"]
        );
    }

    #[test]
    fn a_folder_that_is_not_there_is_not_made() {
        let error = expect_folder(Path::new("/nowhere/at/all")).unwrap_err();
        assert!(error.advice().unwrap().contains("disk"));
    }
}
