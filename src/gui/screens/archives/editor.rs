//! The editor of a specification: the rules as they are being changed, what is being typed, and everything that
//! shows what they do. The same for a new archive and for one that is there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::data::{self, Rule};
use super::preview::{Preview, Subject};
use super::tree::DiskTree;
use super::why::Why;
use crate::catalog::defaults::LeftOut;
use crate::error::Error;
use crate::fs::bytes_path;
use crate::gui::cx::Cx;
use crate::gui::picker::PickWhat;
use crate::gui::widgets::PathField;
use crate::snapshot::byte_size::{exact_size, parse_size};
use crate::snapshot::globs::GlobKind;
use crate::snapshot::places::ArchiveName;
use crate::snapshot::specification::Specification;

/// A limit for those who have not thought of one.
const USUAL_LIMIT: u64 = 1 << 30;

/// A specification that is being changed.
pub struct Editor {
    pub specification: Specification,
    pub include: PathField,
    pub include_error: Option<Error>,
    pub folder_glob: GlobField,
    pub file_glob: GlobField,
    /// The limit for large files as it is typed, and why it is none.
    pub limit: String,
    pub limit_problem: Option<String>,
    /// Rules whose examples are shown.
    pub expanded: BTreeSet<Rule>,
    pub preview: Preview,
    pub tree: DiskTree,
    pub why: Why,
}

/// A glob that is being typed, and why it cannot be used.
#[derive(Default)]
pub struct GlobField {
    pub text: String,
    pub problem: Option<String>,
}

/// A change to the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    AddInclude(PathBuf),
    RemoveInclude(PathBuf),
    AddGlob(GlobKind, String),
    RemoveGlob(GlobKind, String),
    /// Adds the rules of a kind that is proposed, for this home folder.
    Follow(LeftOut, Option<PathBuf>),
    /// Turns a rule without a glob on or off, by its switch.
    Switch(Rule, bool),
    SetLimit(String),
    Compress(bool),
    /// From the tree of the disk.
    LeaveOut {
        path: Vec<u8>,
        is_directory: bool,
    },
    BackUp(Vec<u8>),
    /// Asks why.
    Ask(PathBuf),
    /// Shows or hides the examples of a rule.
    Expand(Rule),
    /// Counts anew, and reads the tree anew.
    Again,
}

impl Editor {
    pub fn new(specification: Specification) -> Editor {
        let mut editor = Editor {
            specification: Specification::default(),
            include: PathField::new(PickWhat::Folder, "Folder or file to back up"),
            include_error: None,
            folder_glob: GlobField::default(),
            file_glob: GlobField::default(),
            limit: String::new(),
            limit_problem: None,
            expanded: BTreeSet::new(),
            preview: Preview::default(),
            tree: DiskTree::default(),
            why: Why::default(),
        };
        editor.set(specification);
        editor
    }

    /// Takes other rules; what is being typed stays.
    pub fn set(&mut self, specification: Specification) {
        self.specification = specification;
        let limit = self.specification.exclude_larger_than;
        self.limit = exact_size(limit.unwrap_or(USUAL_LIMIT));
        self.limit_problem = None;
    }

    /// Takes in what threads have worked out, and starts what is needed.
    pub fn update(&mut self, archive: Option<&ArchiveName>, own: Vec<PathBuf>, cx: &Cx<'_>) {
        let subject = Subject {
            specification: self.specification.clone(),
            own,
        };
        if self.include.update(cx)
            && let Some(path) = self.include.path(cx)
        {
            // Chosen in the dialog: nothing is left to be asked.
            self.apply(Edit::AddInclude(path));
        }
        self.preview.update(&subject, cx);
        self.why.update(archive, &subject, cx);
        self.tree.update(&subject, cx);
    }

    pub fn glob_field(&mut self, kind: GlobKind) -> &mut GlobField {
        match kind {
            GlobKind::Directories => &mut self.folder_glob,
            GlobKind::Files => &mut self.file_glob,
        }
    }

    pub fn apply(&mut self, edit: Edit) {
        let specification = &mut self.specification;
        match edit {
            Edit::AddInclude(path) => match data::add_include(specification, &path) {
                Ok(()) => {
                    self.include.clear();
                    self.include_error = None;
                }
                Err(error) => self.include_error = Some(error),
            },
            Edit::RemoveInclude(path) => specification.includes.retain(|other| *other != path),
            Edit::AddGlob(kind, glob) => {
                let problem = data::glob_problem(specification, kind, &glob);
                if problem.is_none() {
                    data::globs_mut(specification, kind).push(glob.clone());
                }
                let field = self.glob_field(kind);
                if problem.is_none() && field.text.trim() == glob {
                    field.text.clear();
                }
                field.problem = problem.filter(|_| !field.text.is_empty());
            }
            Edit::RemoveGlob(kind, glob) => {
                data::globs_mut(specification, kind).retain(|other| *other != glob);
            }
            Edit::Follow(kind, home) => kind.add_to(specification, home.as_deref()),
            Edit::Switch(rule, is_on) => self.switch(&rule, is_on),
            Edit::SetLimit(text) => self.set_limit(&text),
            Edit::Compress(is_on) => specification.compress_snapshots = is_on,
            Edit::LeaveOut { path, is_directory } => {
                data::leave_out(specification, &path, is_directory);
            }
            Edit::BackUp(path) => data::back_up(specification, &path),
            Edit::Ask(path) => self.why.ask(&path),
            Edit::Expand(rule) => {
                if !self.expanded.remove(&rule) {
                    self.expanded.insert(rule);
                }
            }
            Edit::Again => {
                self.preview.again();
                self.tree.again();
            }
        }
    }

    fn switch(&mut self, rule: &Rule, is_on: bool) {
        let specification = &mut self.specification;
        match rule {
            Rule::Caches => specification.exclude_caches = is_on,
            Rule::NoDump => specification.exclude_nodump = is_on,
            Rule::OtherFileSystems => specification.one_file_system = is_on,
            Rule::IgnoreFiles => specification.ignore_files = is_on,
            // Its switch is the other way round: to keep them.
            Rule::BrokenLinks => specification.keep_broken_links = is_on,
            Rule::LargerThan if is_on => {
                let limit = self.limit.clone();
                self.set_limit(&limit);
                if self.specification.exclude_larger_than.is_none() {
                    self.set_limit(&exact_size(USUAL_LIMIT));
                    self.limit = exact_size(USUAL_LIMIT);
                }
            }
            Rule::LargerThan => {
                specification.exclude_larger_than = None;
                self.limit_problem = None;
            }
            Rule::Folders(_) | Rule::Files(_) => {}
        }
    }

    fn set_limit(&mut self, text: &str) {
        match parse_size(text) {
            Ok(0) => {
                self.limit_problem = Some("Every file that is not empty would be left out.".into());
            }
            Ok(limit) => {
                self.specification.exclude_larger_than = Some(limit);
                self.limit_problem = None;
            }
            Err(_) => {
                self.limit_problem = Some("Write a size like 500K, 100M, 1.5GiB or 2TB.".into());
            }
        }
    }

    /// Why it cannot be saved as it is.
    pub fn problem(&self) -> Option<String> {
        if self.specification.includes.is_empty() {
            return Some("Nothing would be backed up: add a folder first".to_owned());
        }
        if let Some(problem) = &self.limit_problem {
            return Some(problem.trim_end_matches('.').to_owned());
        }
        let error = self.specification.validate().err()?;
        Some(crate::gui::words::sentence(&error))
    }
}

/// The path to ask about that a row of the tree stands for.
pub fn path_of_row(path: &[u8]) -> PathBuf {
    match path {
        b"" => PathBuf::from("/"),
        path => Path::new(bytes_path(path)).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn editor() -> Editor {
        Editor::new(Specification::of(vec!["/home/me".into()]))
    }

    #[test]
    fn a_bad_glob_stays_in_its_field_with_the_reason() {
        let mut editor = editor();
        editor.folder_glob.text = "a[".into();
        editor.apply(Edit::AddGlob(GlobKind::Directories, "a[".into()));
        assert!(editor.specification.exclude_dirs.is_empty());
        assert_eq!(editor.folder_glob.text, "a[");
        assert!(editor.folder_glob.problem.is_some());
        editor.apply(Edit::Follow(LeftOut::CacheFolder, Some("/home/me".into())));
        assert_eq!(editor.specification.exclude_dirs, ["/home/me/.cache"]);
        assert_eq!(
            editor.folder_glob.text, "a[",
            "a suggestion does not touch it"
        );
    }

    #[test]
    fn a_size_is_taken_once_it_is_one() {
        let mut editor = editor();
        editor.apply(Edit::Switch(Rule::LargerThan, true));
        assert_eq!(editor.specification.exclude_larger_than, Some(1 << 30));
        editor.apply(Edit::SetLimit("100M".into()));
        assert_eq!(editor.specification.exclude_larger_than, Some(100 << 20));
        editor.apply(Edit::SetLimit("100X".into()));
        assert_eq!(editor.specification.exclude_larger_than, Some(100 << 20));
        assert!(editor.problem().unwrap().contains("500K"));
        editor.apply(Edit::Switch(Rule::LargerThan, false));
        assert_eq!(editor.specification.exclude_larger_than, None);
        assert_eq!(editor.problem(), None);
    }

    #[test]
    fn without_includes_it_cannot_be_saved() {
        let mut editor = editor();
        editor.apply(Edit::RemoveInclude("/home/me".into()));
        assert!(editor.problem().unwrap().contains("add a folder"));
    }
}
