//! What is chosen in the first run, and what follows from it: the specification, names, and what to say of a
//! place for backups.

use std::path::{Path, PathBuf};

use crate::catalog::defaults::{LeftOut, specification};
use crate::error::Error;
use crate::fs::escaped;
use crate::gui::command::Tone;
use crate::gui::disks::Place;
use crate::gui::shell::{quoted, quoted_path};
use crate::human::{counted, size};
use crate::snapshot::places::{ArchiveName, RepositoryName};
use crate::snapshot::preview::Survey;
use crate::snapshot::specification::Specification;
use crate::snapshot::tree::Totals;

/// A folder that can be ticked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    pub path: PathBuf,
    pub is_ticked: bool,
}

/// What is to be backed up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The whole of the home folder.
    pub home: Option<Folder>,
    /// Folders in it, for whoever does not want the whole.
    pub inside: Vec<Folder>,
    /// Folders elsewhere, that were added.
    pub others: Vec<Folder>,
    pub left_out: Vec<LeftOut>,
}

impl Choice {
    /// The usual: all of the home folder, without what programs make again.
    pub fn new(home: Option<PathBuf>, inside: Vec<PathBuf>) -> Choice {
        let folder = |is_ticked| move |path| Folder { path, is_ticked };
        Choice {
            home: home.map(folder(true)),
            inside: inside.into_iter().map(folder(false)).collect(),
            others: Vec::new(),
            left_out: LeftOut::ALL.to_vec(),
        }
    }

    pub fn has_home(&self) -> bool {
        self.home.as_ref().is_some_and(|home| home.is_ticked)
    }

    /// The folders that are ticked, none of them because of another.
    pub fn includes(&self) -> Vec<PathBuf> {
        let inside = match self.has_home() {
            true => &[],
            false => self.inside.as_slice(),
        };
        let all = self.home.iter().chain(inside).chain(&self.others);
        all.filter(|folder| folder.is_ticked)
            .map(|folder| folder.path.clone())
            .collect()
    }

    /// What the archive is made with.
    pub fn specification(&self) -> Specification {
        let home = self.home.as_ref().map(|home| home.path.as_path());
        specification(self.includes(), &self.left_out, home)
    }

    /// Everything that could be ticked, with all rules, to measure each of them: home, inside, others.
    pub fn everything(&self) -> Specification {
        let all = self.home.iter().chain(&self.inside).chain(&self.others);
        let includes = all.map(|folder| folder.path.clone()).collect();
        let home = self.home.as_ref().map(|home| home.path.as_path());
        specification(includes, &LeftOut::ALL, home)
    }

    /// Adds a folder, ticked; one that is there already is ticked.
    pub fn add(&mut self, path: PathBuf) {
        let own = self.home.iter_mut().chain(&mut self.inside);
        for folder in own.chain(&mut self.others) {
            if folder.path == path {
                folder.is_ticked = true;
                return;
            }
        }
        let is_ticked = true;
        self.others.push(Folder { path, is_ticked });
    }

    /// A name for the archive: what it is of.
    pub fn archive_name(&self, taken: &[String]) -> String {
        let includes = self.includes();
        let name = match includes.as_slice() {
            _ if self.has_home() => "home".to_owned(),
            [one] => name_from(&last_name(one), "files"),
            _ => "files".to_owned(),
        };
        free_name(&name, taken)
    }
}

/// Sums of a survey for the folders in [`Choice::everything`], in its order. The survey counts what is in
/// several of them for the innermost one; here it counts for the home folder as well.
pub fn folder_totals(choice: &Choice, survey: &Survey) -> Vec<Totals> {
    let mut totals = survey.includes.clone();
    let (Some(home), Some((whole, others))) = (&choice.home, totals.split_first_mut()) else {
        return totals;
    };
    let folders = choice.inside.iter().chain(&choice.others);
    for (folder, its) in folders.zip(others) {
        if folder.path.starts_with(&home.path) {
            whole.add(its);
        }
    }
    totals
}

/// What leaving out this kind saves.
pub fn saved(survey: &Survey, kind: LeftOut, home: Option<&Path>) -> Totals {
    let mut saved = Totals::default();
    for removed in &survey.removed {
        if LeftOut::behind(&removed.reason, home) == Some(kind) {
            saved.add(&Totals {
                files: removed.files,
                directories: removed.directories,
                bytes: removed.bytes,
            });
        }
    }
    saved
}

/// `12 345 files, 1.2 GiB`.
pub fn totals_words(totals: &Totals) -> String {
    format!(
        "{}, {}",
        counted(totals.files, "file", "files"),
        size(totals.bytes)
    )
}

/// What to say of a place for backups before it is used, the worst first.
pub fn warnings(
    place: &Place,
    source_device: Option<u64>,
    wanted: u64,
) -> Vec<(Tone, String, String)> {
    let mut said = Vec::new();
    if source_device == Some(place.device) {
        said.push((
            Tone::Warning,
            "This is on the same disk as your files".to_owned(),
            "It helps when you delete or change something by mistake. It does not help when the disk dies or \
             the computer is lost: another disk or a network share does."
                .to_owned(),
        ));
    }
    if wanted > place.space.free {
        said.push((
            Tone::Warning,
            "There may not be enough space".to_owned(),
            format!(
                "{} are to be backed up, and {} are free. Backups are compressed, so it may fit all the same; \
                 if not, Gibus stops and says so.",
                size(wanted),
                size(place.space.free)
            ),
        ));
    }
    if !place.repositories.is_empty() {
        said.push((
            Tone::Information,
            "There are backups made by Gibus here already".to_owned(),
            format!(
                "They stay as they are ({}). If you want files out of them, or want to go on with them, \
                 choose 'I have backups already'.",
                place.repositories.join(", ")
            ),
        ));
    }
    said
}

/// Why nothing can be kept in this place.
pub fn refusal(place: &Place) -> Option<&'static str> {
    match place.is_writable {
        true => None,
        false => Some("You may not write there: choose another place"),
    }
}

/// A name for the repository: that of the disk or folder it is in.
pub fn repository_name(location: &Path, taken: &[String]) -> String {
    free_name(&name_from(&last_name(location), "backups"), taken)
}

fn last_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Something that can be a name, as near to `text` as possible.
fn name_from(text: &str, otherwise: &str) -> String {
    const LONGEST: usize = 40;
    let mut name = String::new();
    for c in text.chars().take(LONGEST) {
        let is_good = c.is_ascii_alphanumeric() || "._-".contains(c);
        // One dash for any number of others.
        match is_good {
            true => name.push(c),
            false if !name.ends_with('-') => name.push('-'),
            false => {}
        }
    }
    let name = name
        .trim_start_matches(['.', '-'])
        .trim_end_matches(['.', '-']);
    match ArchiveName::new(name) {
        Ok(_) => name.to_owned(),
        Err(_) => otherwise.to_owned(),
    }
}

fn free_name(name: &str, taken: &[String]) -> String {
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|name| !taken.contains(name))
        .unwrap_or_default()
}

/// Both names, or what is wrong with them.
pub fn names(archive: &str, repository: &str) -> Result<(ArchiveName, RepositoryName), Error> {
    Ok((
        ArchiveName::new(archive.trim())?,
        RepositoryName::new(repository.trim())?,
    ))
}

/// What to type in a terminal for the same.
pub fn command_lines(
    archive: &ArchiveName,
    repository: &RepositoryName,
    location: Option<&Path>,
    specification: &Specification,
) -> Vec<String> {
    let mut create = format!("gibus repo create {repository}");
    if let Some(location) = location {
        create.push_str(&format!(" --location {}", quoted_path(location)));
    }
    let mut rules = String::new();
    for include in &specification.includes {
        rules.push_str(&format!(" --include {}", quoted_path(include)));
    }
    for glob in &specification.exclude_dirs {
        rules.push_str(&format!(" --exclude-dir {}", quoted(glob.as_bytes())));
    }
    if specification.exclude_caches {
        rules.push_str(" --exclude-caches");
    }
    vec![
        create,
        format!("gibus archive create {archive} --repo {repository}{rules}"),
        format!("gibus backup -A {archive}"),
    ]
}

/// The folders in a home folder that people keep their things in, as `user-dirs.dirs` names them; the usual
/// names where it says nothing.
pub fn standard_folders(home: &Path, user_dirs: &str) -> Vec<PathBuf> {
    const KINDS: [(&str, &str); 6] = [
        ("XDG_DOCUMENTS_DIR", "Documents"),
        ("XDG_PICTURES_DIR", "Pictures"),
        ("XDG_MUSIC_DIR", "Music"),
        ("XDG_VIDEOS_DIR", "Videos"),
        ("XDG_DESKTOP_DIR", "Desktop"),
        ("XDG_DOWNLOAD_DIR", "Downloads"),
    ];
    let said = |kind: &str| {
        user_dirs.lines().find_map(|line| {
            let value = line.trim().strip_prefix(kind)?.strip_prefix('=')?;
            let below = value.trim_matches('"').strip_prefix("$HOME/")?;
            Some(below.trim_end_matches('/').to_owned())
        })
    };
    let mut folders = Vec::new();
    for (kind, usual) in KINDS {
        let below = said(kind).unwrap_or_else(|| usual.to_owned());
        // "$HOME/" alone is how a desktop says that there is none.
        let folder = home.join(&below);
        if !below.is_empty() && !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

/// The name of a folder as it is shown.
pub fn shown_name(path: &Path) -> String {
    match path.file_name() {
        Some(name) => escaped(name.as_encoded_bytes()).to_string(),
        None => "/".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::storage::Space;
    use crate::snapshot::matcher::Reason;
    use crate::snapshot::preview::Removed;

    fn choice() -> Choice {
        let inside = vec!["/home/me/Documents".into(), "/home/me/Pictures".into()];
        Choice::new(Some("/home/me".into()), inside)
    }

    #[test]
    fn the_usual_is_the_whole_home_folder_and_its_folders_are_for_whoever_wants_less() {
        let mut choice = choice();
        choice.inside[0].is_ticked = true;
        assert_eq!(choice.includes(), [PathBuf::from("/home/me")]);
        assert_eq!(choice.archive_name(&[]), "home");
        choice.home.as_mut().unwrap().is_ticked = false;
        assert_eq!(choice.includes(), [PathBuf::from("/home/me/Documents")]);
        assert_eq!(choice.archive_name(&[]), "Documents");
        choice.add("/srv/www".into());
        choice.add("/home/me/Pictures".into());
        assert_eq!(choice.includes().len(), 3);
        assert_eq!(choice.archive_name(&["files".to_owned()]), "files-2");
    }

    #[test]
    fn a_folder_inside_counts_for_the_home_folder_too() {
        let totals = |files| Totals {
            files,
            directories: 1,
            bytes: files * 10,
        };
        let survey = Survey {
            includes: vec![totals(5), totals(2), totals(1)],
            removed: vec![
                Removed {
                    reason: Reason::DirectoryGlob {
                        index: 0,
                        glob: "node_modules".into(),
                    },
                    files: 7,
                    bytes: 70,
                    directories: 1,
                    examples: Vec::new(),
                };
                1
            ],
            ..Survey::default()
        };
        let all = folder_totals(&choice(), &survey);
        assert_eq!([all[0].files, all[1].files, all[2].files], [8, 2, 1]);
        let home = Some(Path::new("/home/me"));
        assert_eq!(saved(&survey, LeftOut::NodeModules, home).bytes, 70);
        assert_eq!(saved(&survey, LeftOut::Trash, home), Totals::default());
    }

    #[test]
    fn names_are_made_valid_and_free() {
        let name = |place: &str, taken: &[&str]| {
            let taken: Vec<String> = taken.iter().map(ToString::to_string).collect();
            repository_name(Path::new(place), &taken)
        };
        assert_eq!(name("/media/me/My Disk", &[]), "My-Disk");
        assert_eq!(name("/media/me/My Disk", &["My-Disk"]), "My-Disk-2");
        assert_eq!(name("/media/me/Диск", &[]), "backups");
        assert_eq!(name("/", &[]), "backups");
        assert_eq!(name("/mnt/nul", &[]), "backups");
        assert!(names("home", "My-Disk").is_ok());
        assert!(names("", "x").is_err());
    }

    #[test]
    fn a_place_is_warned_of_where_it_helps_little() {
        let mut place = Place {
            path: "/mnt".into(),
            is_there: true,
            is_writable: true,
            device: 7,
            space: Space {
                total: 100,
                free: 50,
            },
            repositories: Vec::new(),
            archives: Vec::new(),
        };
        assert!(warnings(&place, Some(8), 50).is_empty());
        assert_eq!(warnings(&place, Some(7), 51).len(), 2);
        place.repositories.push("old".to_owned());
        assert!(warnings(&place, None, 0)[0].2.contains("old"));
        place.is_writable = false;
        assert!(refusal(&place).is_some());
    }

    #[test]
    fn the_same_can_be_typed() {
        let (archive, repository) = names("home", "My-Disk").unwrap();
        let mut choice = choice();
        choice.left_out = vec![LeftOut::MarkedCaches, LeftOut::CacheFolder];
        let specification = choice.specification();
        let location = Some(Path::new("/media/My Disk"));
        assert_eq!(
            command_lines(&archive, &repository, location, &specification),
            [
                "gibus repo create My-Disk --location '/media/My Disk'",
                "gibus archive create home --repo My-Disk --include /home/me --exclude-dir /home/me/.cache \
                 --exclude-caches",
                "gibus backup -A home",
            ]
        );
    }

    #[test]
    fn the_desktop_says_what_its_folders_are_called() {
        let text = "# comment\nXDG_PICTURES_DIR=\"$HOME/Bilder\"\nXDG_MUSIC_DIR=\"$HOME/\"\n";
        let folders = standard_folders(Path::new("/home/me"), text);
        assert!(folders.contains(&"/home/me/Bilder".into()));
        assert!(folders.contains(&"/home/me/Documents".into()));
        assert!(!folders.iter().any(|folder| folder.ends_with("Pictures")));
        assert_eq!(folders.len(), 5);
    }
}
