//! What an archive backs up, as it is being changed: rules, what they take away, and the changes that one click
//! in the tree of the disk stands for. Plain data; nothing here looks at a disk.

use std::path::Path;

use crate::catalog::defaults::LeftOut;
use crate::error::Result;
use crate::fs::bytes_path;
use crate::gui::words::capitalized;
use crate::human::{counted, size};
use crate::snapshot::globs::{GlobKind, Globs, glob_of};
use crate::snapshot::matcher::Reason;
use crate::snapshot::preview::Survey;
use crate::snapshot::specification::{Specification, absolute_path};

/// A rule that leaves something out. What it takes away is known by this, wherever it stands in its list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    Folders(String),
    Files(String),
    LargerThan,
    Caches,
    NoDump,
    OtherFileSystems,
    IgnoreFiles,
    BrokenLinks,
}

/// A survey, and the rules that it was made with.
#[derive(Clone, Debug)]
pub struct Counted {
    pub specification: Specification,
    pub survey: Survey,
}

/// What a rule takes away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub files: u64,
    pub bytes: u64,
    pub directories: u64,
    /// Up to five paths, as bytes.
    pub examples: Vec<Vec<u8>>,
    /// Something was left out without being looked into.
    pub is_unmeasured: bool,
}

/// What an include holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    Files {
        files: u64,
        bytes: u64,
    },
    /// It cannot be backed up, for this reason.
    Missing(String),
}

/// What is proposed to be left out and is not yet.
pub fn open_suggestions(
    specification: &Specification,
    home: Option<&Path>,
) -> impl Iterator<Item = LeftOut> {
    // Marked folders have a switch of their own.
    let kinds = LeftOut::ALL.into_iter();
    kinds.filter(move |kind| *kind != LeftOut::MarkedCaches && !kind.is_in(specification, home))
}

pub fn globs(specification: &Specification, kind: GlobKind) -> &[String] {
    match kind {
        GlobKind::Directories => &specification.exclude_dirs,
        GlobKind::Files => &specification.exclude_files,
    }
}

pub fn globs_mut(specification: &mut Specification, kind: GlobKind) -> &mut Vec<String> {
    match kind {
        GlobKind::Directories => &mut specification.exclude_dirs,
        GlobKind::Files => &mut specification.exclude_files,
    }
}

/// Why a glob cannot be used, in a sentence or two; `None` for one that can.
pub fn glob_problem(specification: &Specification, kind: GlobKind, glob: &str) -> Option<String> {
    if globs(specification, kind).iter().any(|other| other == glob) {
        return Some("This rule is there already.".to_owned());
    }
    if kind == GlobKind::Files && glob.ends_with('/') {
        return Some("No file's name ends with a slash. Add it to the folders above.".to_owned());
    }
    let error = Globs::new(kind, &[glob.to_owned()]).err()?;
    let mut sentences = format!("{}.", capitalized(error.why()));
    if let Some(advice) = error.advice() {
        sentences.push_str(&format!(" {}.", capitalized(advice)));
    }
    Some(sentences)
}

/// Adds an include; a path that is there already is left as it is.
///
/// Errors: it cannot be an include.
pub fn add_include(specification: &mut Specification, path: &Path) -> Result<()> {
    let path = match path.is_absolute() {
        true => absolute_path(Path::new("/"), path),
        false => path.to_owned(),
    };
    Specification::of(vec![path.clone()]).validate()?;
    if !specification.includes.contains(&path) {
        specification.includes.push(path);
    }
    Ok(())
}

/// Sees to it that this path is not backed up any more. No rule can be made for one that is no text.
pub fn leave_out(specification: &mut Specification, path: &[u8], is_directory: bool) {
    let at = bytes_path(path);
    let before = specification.includes.len();
    specification
        .includes
        .retain(|include| !include.starts_with(at));
    let is_covered = specification
        .includes
        .iter()
        .any(|include| at.starts_with(include));
    // An include that was a link, or lies behind one, has another name than what is seen here.
    if is_covered || specification.includes.len() == before {
        let kind = match is_directory {
            true => GlobKind::Directories,
            false => GlobKind::Files,
        };
        let globs = globs_mut(specification, kind);
        if let Some(glob) = glob_of(path).filter(|glob| !globs.contains(glob)) {
            globs.push(glob);
        }
    }
}

/// Sees to it that this path is backed up: takes back the rule that is about it alone, or includes it by itself,
/// and then no rule counts for it.
pub fn back_up(specification: &mut Specification, path: &[u8]) {
    let glob = glob_of(path);
    let is_other = |rule: &String| Some(rule) != glob.as_ref();
    let rules = |specification: &Specification| {
        specification.exclude_dirs.len() + specification.exclude_files.len()
    };
    let before = rules(specification);
    specification.exclude_dirs.retain(is_other);
    specification.exclude_files.retain(is_other);
    let path = bytes_path(path).to_owned();
    if rules(specification) == before && !specification.includes.contains(&path) {
        specification.includes.push(path);
    }
}

impl Rule {
    pub fn of_glob(kind: GlobKind, glob: &str) -> Rule {
        match kind {
            GlobKind::Directories => Rule::Folders(glob.to_owned()),
            GlobKind::Files => Rule::Files(glob.to_owned()),
        }
    }

    /// Whether what is left out for `reason` is left out by this rule.
    fn is_behind(&self, reason: &Reason) -> bool {
        match (self, reason) {
            (Rule::Folders(rule), Reason::DirectoryGlob { glob, .. })
            | (Rule::Files(rule), Reason::FileGlob { glob, .. }) => rule.as_str() == &**glob,
            (Rule::LargerThan, Reason::TooLarge { .. })
            | (Rule::Caches, Reason::CacheDirectory)
            | (Rule::NoDump, Reason::NoDump)
            | (Rule::OtherFileSystems, Reason::OtherFileSystem)
            | (Rule::IgnoreFiles, Reason::IgnoreFile { .. })
            | (Rule::BrokenLinks, Reason::BrokenLink) => true,
            _ => false,
        }
    }

    /// Whether the rule is one of this specification.
    pub fn is_in(&self, specification: &Specification) -> bool {
        match self {
            Rule::Folders(glob) => specification.exclude_dirs.contains(glob),
            Rule::Files(glob) => specification.exclude_files.contains(glob),
            Rule::LargerThan => specification.exclude_larger_than.is_some(),
            Rule::Caches => specification.exclude_caches,
            Rule::NoDump => specification.exclude_nodump,
            Rule::OtherFileSystems => specification.one_file_system,
            Rule::IgnoreFiles => specification.ignore_files,
            Rule::BrokenLinks => !specification.keep_broken_links,
        }
    }
}

impl Counted {
    /// What a rule takes away; `None` where it was not there when this was counted.
    pub fn taken(&self, rule: &Rule) -> Option<Taken> {
        if !rule.is_in(&self.specification) {
            return None;
        }
        let mut taken = Taken::default();
        let removed = self.survey.removed.iter();
        for removed in removed.filter(|removed| rule.is_behind(&removed.reason)) {
            taken.files += removed.files;
            taken.bytes = taken.bytes.saturating_add(removed.bytes);
            taken.directories += removed.directories;
            taken.is_unmeasured |= !removed.is_measured();
            let room = 5_usize.saturating_sub(taken.examples.len());
            let examples = removed.examples.iter().take(room).cloned();
            taken.examples.extend(examples);
        }
        if *rule == Rule::IgnoreFiles {
            let further = &self.survey.further_removed;
            taken.files += further.files;
            taken.bytes = taken.bytes.saturating_add(further.bytes);
            taken.directories += further.directories;
        }
        Some(taken)
    }

    /// What an include holds; `None` where it was not there when this was counted.
    pub fn held(&self, include: &Path) -> Option<Held> {
        let missing = self.survey.missing.iter();
        let mut missing = missing.filter(|error| error.path() == Some(include));
        if let Some(error) = missing.next() {
            return Some(Held::Missing(capitalized(error.why())));
        }
        let mut includes = self.specification.includes.iter();
        let place = includes.position(|other| other == include)?;
        let totals = self.survey.includes.get(place)?;
        Some(Held::Files {
            files: totals.files,
            bytes: totals.bytes,
        })
    }

    /// Files and bytes that are left out, as far as they were counted.
    pub fn left_out(&self) -> (u64, u64) {
        let further = &self.survey.further_removed;
        let removed = self.survey.removed.iter();
        removed
            .filter(|removed| removed.is_measured())
            .fold((further.files, further.bytes), |(files, bytes), removed| {
                (files + removed.files, bytes.saturating_add(removed.bytes))
            })
    }

    /// `78 600 files, 1.2 GiB are backed up; 12 000 files, 3.4 GiB are left out`.
    pub fn sentence(&self) -> String {
        let included = &self.survey.included;
        let (files, bytes) = self.left_out();
        format!(
            "{} backed up; {} left out",
            files_are(included.files, included.bytes),
            files_are(files, bytes)
        )
    }

    /// What deserves a word of its own: what cannot be read, and includes that no row of an include tells of.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let includes = &self.specification.includes;
        let elsewhere = self.survey.missing.iter().filter(|error| {
            let at = error.path();
            !at.is_some_and(|at| includes.iter().any(|include| include == at))
        });
        warnings.extend(elsewhere.map(crate::gui::words::sentence));
        if self.survey.unreadable > 0 {
            let first = self.survey.unreadable_examples.first();
            let example = first.map_or(String::new(), |first| {
                let path = crate::fs::escaped(&first.path);
                format!(", such as {path}: {}", first.why)
            });
            warnings.push(format!(
                "{} cannot be read{example}",
                counted(
                    self.survey.unreadable,
                    "file or folder",
                    "files and folders"
                ),
            ));
        }
        warnings
    }
}

fn files_are(files: u64, bytes: u64) -> String {
    let are = if files == 1 { "is" } else { "are" };
    format!("{} {are}", files_and_bytes(files, bytes))
}

/// `12 000 files, 3.4 GiB`.
pub fn files_and_bytes(files: u64, bytes: u64) -> String {
    format!("{}, {}", counted(files, "file", "files"), size(bytes))
}

impl Taken {
    /// `12 000 files, 3.4 GiB`.
    pub fn in_words(&self) -> String {
        match (self.files, self.directories) {
            _ if self.is_unmeasured => "not counted".to_owned(),
            (0, 0) => "nothing".to_owned(),
            (0, folders) => counted(folders, "empty folder", "empty folders"),
            // Links, and files with nothing in them.
            (files, _) if self.bytes == 0 => counted(files, "file", "files"),
            (files, _) => files_and_bytes(files, self.bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::error::{Error, ErrorKind};
    use crate::snapshot::preview::Removed;
    use crate::snapshot::tree::Totals;

    fn specification() -> Specification {
        Specification {
            exclude_dirs: vec!["node_modules".into()],
            exclude_files: vec!["*.o".into()],
            ..Specification::of(vec!["/home/me".into(), "/etc/hosts".into()])
        }
    }

    fn removed(reason: Reason, files: u64, bytes: u64) -> Removed {
        Removed {
            reason,
            files,
            bytes,
            directories: 1,
            examples: vec![b"/home/me/x".to_vec(); 4],
        }
    }

    fn counted_survey() -> Counted {
        let line = |line_number, files| {
            let reason = Reason::IgnoreFile {
                file: Path::new("/home/me/.gitignore").into(),
                line_number,
                line: "x".into(),
            };
            removed(reason, files, 100)
        };
        let mut specification = specification();
        specification.ignore_files = true;
        Counted {
            survey: Survey {
                included: Totals {
                    files: 78_600,
                    directories: 3,
                    bytes: 5 << 30,
                },
                includes: vec![Totals::default(); 2],
                removed: vec![
                    removed(
                        Reason::DirectoryGlob {
                            index: 7,
                            glob: "node_modules".into(),
                        },
                        12_000,
                        3 << 30,
                    ),
                    line(1, 1),
                    line(2, 2),
                    removed(Reason::OtherFileSystem, 0, 0),
                ],
                missing: vec![
                    Error::new(ErrorKind::NotFound, "find the include")
                        .at("/etc/hosts")
                        .because("no such file or directory"),
                ],
                ..Survey::default()
            },
            specification,
        }
    }

    #[test]
    fn what_a_rule_takes_is_found_wherever_it_stands_in_its_list() {
        let counted = counted_survey();
        let taken = |rule| counted.taken(&rule).map(|taken: Taken| taken.in_words());
        assert_eq!(
            taken(Rule::Folders("node_modules".into())).unwrap(),
            "12 000 files, 3.0 GiB"
        );
        assert_eq!(taken(Rule::Files("*.o".into())).unwrap(), "nothing");
        assert_eq!(taken(Rule::Files("node_modules".into())), None);
        assert_eq!(taken(Rule::Caches), None, "it is not a rule of this survey");
    }

    #[test]
    fn the_lines_of_ignore_files_are_one_rule_with_at_most_five_examples() {
        let taken = counted_survey().taken(&Rule::IgnoreFiles).unwrap();
        assert_eq!(
            (taken.files, taken.bytes, taken.examples.len()),
            (3, 200, 5)
        );
    }

    #[test]
    fn the_totals_are_one_sentence() {
        assert_eq!(
            counted_survey().sentence(),
            "78 600 files, 5.0 GiB are backed up; 12 003 files, 3.0 GiB are left out"
        );
        let mut one = counted_survey();
        one.survey.included.files = 1;
        assert!(one.sentence().starts_with("1 file, 5.0 GiB is backed up"));
    }

    #[test]
    fn a_missing_include_says_so() {
        let counted = counted_survey();
        let held = counted.held(Path::new("/etc/hosts"));
        assert_eq!(
            held,
            Some(Held::Missing("No such file or directory".into()))
        );
        assert!(matches!(
            counted.held(Path::new("/home/me")),
            Some(Held::Files { .. })
        ));
        assert_eq!(counted.held(Path::new("/new")), None);
        assert!(counted.warnings().is_empty());
    }

    #[test]
    fn a_bad_glob_is_refused_in_words() {
        let rules = specification();
        let problem = |kind, glob| glob_problem(&rules, kind, glob);
        let problem = |kind, glob| problem(kind, glob).unwrap();
        assert!(problem(GlobKind::Directories, "a[").contains("backslash"));
        assert!(problem(GlobKind::Directories, "~/x").contains("stands for nothing"));
        assert!(problem(GlobKind::Files, "x/").contains("folders above"));
        assert!(problem(GlobKind::Files, "*.o").contains("already"));
        assert_eq!(glob_problem(&rules, GlobKind::Files, "*.tmp"), None);
    }

    #[test]
    fn suggestions_disappear_once_followed() {
        let home = Some(Path::new("/home/me"));
        let mut rules = Specification::of(vec!["/home/me".into()]);
        let suggested: Vec<LeftOut> = open_suggestions(&rules, home).collect();
        assert_eq!(suggested.len(), LeftOut::ALL.len() - 1);
        for kind in suggested {
            kind.add_to(&mut rules, home);
            assert!(open_suggestions(&rules, home).all(|open| open != kind));
        }
        rules.validate().unwrap();
    }

    #[test]
    fn leaving_out_and_backing_up_undo_each_other() {
        for (path, is_directory) in [
            (&b"/home/me/a [1]{x}*?\\"[..], true),
            (b"/home/me/caf\xc3\xa9", false),
        ] {
            let before = specification();
            let mut rules = before.clone();
            leave_out(&mut rules, path, is_directory);
            rules.validate().unwrap();
            assert_ne!(rules, before);
            back_up(&mut rules, path);
            assert_eq!(rules, before);
        }
    }

    #[test]
    fn no_rule_is_made_for_a_name_that_is_no_text() {
        let before = specification();
        let mut rules = before.clone();
        leave_out(&mut rules, b"/home/me/caf\xe9", false);
        assert_eq!(rules, before, "it could only be one that matches others");
    }

    #[test]
    fn an_include_is_left_out_by_taking_it_away() {
        let mut rules = specification();
        leave_out(&mut rules, b"/etc", true);
        assert_eq!(rules.includes, [PathBuf::from("/home/me")]);
        assert_eq!(rules.exclude_dirs, ["node_modules"]);
        // One that lies in another is left out by a rule as well.
        rules.includes.push("/home/me/a/b".into());
        leave_out(&mut rules, b"/home/me/a", true);
        assert_eq!(rules.includes, [PathBuf::from("/home/me")]);
        assert_eq!(rules.exclude_dirs, ["node_modules", "/home/me/a"]);
    }

    #[test]
    fn what_a_general_rule_leaves_out_is_included_by_itself() {
        let mut rules = specification();
        back_up(&mut rules, b"/home/me/p/node_modules");
        assert_eq!(rules.exclude_dirs, ["node_modules"]);
        assert!(
            rules
                .includes
                .contains(&PathBuf::from("/home/me/p/node_modules"))
        );
    }

    #[test]
    fn an_include_is_cleaned_and_a_relative_one_refused() {
        let mut rules = specification();
        add_include(&mut rules, Path::new("/home/me/../me/")).unwrap();
        assert_eq!(rules, specification());
        assert!(add_include(&mut rules, Path::new("docs")).is_err());
    }
}
