//! Why is this path in a backup, or not?
//!
//! The answer is found as the backup would find it: from `/` down to the path, asking the same matcher at
//! each step what it makes of what is there now.

use std::ffi::{CString, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::fs::FileType;

use super::capture::{FileId, Stat, is_broken_link, link_target, open_folder_to_pass, open_root};
use super::matcher::{Candidate, Decision, DirectoryContext, Matcher, Reason, read_start};
use super::tree::Timestamp;
use crate::error::{Context, Error, Result};
use crate::fs::path_bytes;
use crate::progress::Monitor;

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    pub verdict: Verdict,
    /// One for each directory on the way and one for the path itself, from the top; `/` left out. They end
    /// where the verdict is settled.
    pub steps: Vec<Step>,
    /// False when nothing has that path now. The verdict is then on a file of that name, empty and without
    /// attributes.
    pub exists: bool,
}

/// What becomes of the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is backed up, since this include covers it: its place in the specification, from 0.
    Included { include: usize },
    /// Only the directory itself is, with its attributes: an include lies in it, or it is a mount point.
    /// What else is in it is left out, for this reason.
    DirectoryOnly(Reason),
    /// It is left out, or the last step's directory is and it with that.
    Excluded(Reason),
    /// It lies behind a symbolic link, and links are kept as links. What the link points to can be
    /// asked for by its own path.
    BehindLink { link: PathBuf, target: PathBuf },
}

/// One directory on the way, or the path itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub path: PathBuf,
    pub decision: Decision,
    /// It is an include itself, or a link on the way to one: no rule counts for it.
    pub is_root: bool,
}

/// Finds out what becomes of `path`, which is absolute and without `.` and `..`.
///
/// Errors: a directory on the way that cannot be looked at. A path that does not exist is no error.
pub fn explain(matcher: &Matcher, path: &Path) -> Result<Explanation> {
    let mut folder = open_root().context("open", "/")?;
    let top = Stat::of(&folder).context("look at", "/")?;
    let monitor = Monitor::new();
    let mut context = {
        let mut read = |name: &std::ffi::CStr, limit| read_start(&folder, name, limit);
        matcher.top(&top, &mut read, &monitor)
    };
    let mut explanation = Explanation {
        verdict: match context.include() {
            Some(include) => Verdict::Included { include },
            None => Verdict::DirectoryOnly(Reason::NotIncluded),
        },
        steps: Vec::new(),
        exists: true,
    };
    let mut walked = Vec::new();
    let mut names = path_bytes(path)
        .split(|b| *b == b'/')
        .filter(|name| !name.is_empty())
        .peekable();
    while let Some(name) = names.next() {
        walked.push(b'/');
        walked.extend_from_slice(name);
        let at = PathBuf::from(OsString::from_vec(walked.clone()));
        let c_name = CString::new(name).map_err(|_| {
            Error::invalid("explain", "it contains a NUL byte, which no path has").at(path)
        })?;
        let is_last = names.peek().is_none();
        let stat = if explanation.exists {
            look(&folder, &c_name, &at)?
        } else {
            None
        };
        explanation.exists &= stat.is_some();
        let stat = stat.unwrap_or_else(|| imagined(&context, is_last));

        let candidate = Candidate {
            path: &walked,
            name,
            stat: &stat,
        };
        let is_root = matcher.is_root(&context, name);
        let mut decision = matcher.decide(&context, &candidate);
        if decision == Decision::Include
            && !is_root
            && stat.file_type == FileType::Symlink
            && matcher.skips_broken_links()
            && is_broken_link(&folder, &c_name)
        {
            decision = Decision::Exclude(Reason::BrokenLink);
        }
        // Where the walk only passes through, the rule that made it so is the answer.
        let reason = match (decision.reason(), &explanation.verdict) {
            (Some(Reason::NotIncluded), Verdict::DirectoryOnly(above)) => Some(above.clone()),
            (reason, _) => reason.cloned(),
        };
        explanation.steps.push(Step {
            path: at.clone(),
            decision: decision.clone(),
            is_root,
        });

        let is_settled = match (&decision, reason) {
            (Decision::Exclude(_), Some(reason)) => {
                explanation.verdict = Verdict::Excluded(reason);
                true
            }
            // What is below a hollow directory is left out.
            (Decision::Hollow(_), Some(reason)) if !is_last => {
                explanation.verdict = Verdict::Excluded(reason);
                true
            }
            (_, Some(reason)) => {
                explanation.verdict = Verdict::DirectoryOnly(reason);
                false
            }
            (_, None) => false,
        };
        if is_settled {
            return Ok(explanation);
        }
        if stat.is_directory() {
            if explanation.exists && decision.enters() {
                folder = open_folder_to_pass(&folder, &c_name).context("open", &at)?;
            }
            let exists = explanation.exists;
            let mut read = |name: &std::ffi::CStr, limit| match exists {
                true => read_start(&folder, name, limit),
                false => Ok(None),
            };
            context = matcher.enter(&context, &candidate, &decision, &mut read, &monitor);
            match (context.leaves_out_all(), context.include()) {
                (Some(reason), _) => explanation.verdict = Verdict::DirectoryOnly(reason),
                (None, Some(include)) => explanation.verdict = Verdict::Included { include },
                (None, None) => {}
            }
        } else {
            let include = matcher.include_of(&context, name).or(context.include());
            if let Some(include) = include {
                explanation.verdict = Verdict::Included { include };
            }
            if !is_last {
                explanation.behind(&folder, &c_name, &stat, at)?;
                return Ok(explanation);
            }
        }
    }
    Ok(explanation)
}

impl Explanation {
    /// The path goes on below something that is no directory.
    fn behind(&mut self, folder: &OwnedFd, name: &CString, stat: &Stat, at: PathBuf) -> Result<()> {
        if stat.file_type == FileType::Symlink {
            let target = link_target(folder, name).context("read the link", &at)?;
            let target = PathBuf::from(OsString::from_vec(target));
            self.verdict = Verdict::BehindLink { link: at, target };
        } else {
            self.exists = false;
        }
        Ok(())
    }
}

fn look(folder: &OwnedFd, name: &CString, at: &Path) -> Result<Option<Stat>> {
    match Stat::at(folder, name) {
        Ok(stat) => Ok(Some(stat)),
        Err(e)
            if matches!(
                e.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(e) => Err(Error::io("look at", &e).at(at)),
    }
}

/// What something that is not there would be: a directory if the path goes on below it, else a file.
fn imagined(context: &DirectoryContext, is_last: bool) -> Stat {
    let epoch = Timestamp {
        seconds: 0,
        nanoseconds: 0,
    };
    Stat {
        file_type: if is_last {
            FileType::RegularFile
        } else {
            FileType::Directory
        },
        mode: 0,
        uid: 0,
        gid: 0,
        size: 0,
        allocated_bytes: 0,
        modified: epoch,
        changed: epoch,
        id: FileId {
            device: context.device(),
            inode: 0,
        },
        links: 1,
        device_number: (0, 0),
        is_nodump: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::specification::Specification;
    use std::fs;
    use std::os::unix::fs::symlink;

    struct Tree {
        _folder: tempfile::TempDir,
        base: PathBuf,
        specification: Specification,
    }

    fn tree() -> Tree {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        for path in [
            "home/docs/skip/keep",
            "home/docs/skip/x",
            "home/cache",
            "home/git",
            "other",
        ] {
            fs::create_dir_all(base.join(path)).unwrap();
        }
        for path in [
            "home/docs/a.txt",
            "home/docs/b.o",
            "home/docs/skip/keep/c",
            "home/cache/d",
        ] {
            fs::write(base.join(path), "x").unwrap();
        }
        let tag = "Signature: 8a477f597d28d172789f06886806bc55";
        fs::write(base.join("home/cache/CACHEDIR.TAG"), tag).unwrap();
        fs::write(base.join("home/git/.gitignore"), "\n*.log\n").unwrap();
        symlink("docs", base.join("home/link")).unwrap();
        symlink("nowhere", base.join("home/broken")).unwrap();
        let mut specification =
            Specification::of(vec![base.join("home"), base.join("home/docs/skip/keep")]);
        specification.exclude_dirs = vec!["skip".into()];
        specification.exclude_files = vec!["*.o".into()];
        specification.exclude_caches = true;
        specification.ignore_files = true;
        Tree {
            _folder: folder,
            base,
            specification,
        }
    }

    impl Tree {
        fn explain(&self, path: &str) -> Explanation {
            let matcher = Matcher::new(&self.specification, &[]).unwrap();
            explain(&matcher, &self.base.join(path)).unwrap()
        }

        fn verdict(&self, path: &str) -> Verdict {
            let explanation = self.explain(path);
            assert!(explanation.exists, "{path}");
            explanation.verdict
        }
    }

    #[test]
    fn what_an_include_covers_is_included_by_the_innermost_one() {
        let tree = tree();
        assert_eq!(tree.verdict("home"), Verdict::Included { include: 0 });
        assert_eq!(
            tree.verdict("home/docs/a.txt"),
            Verdict::Included { include: 0 }
        );
        assert_eq!(
            tree.verdict("home/docs/skip/keep/c"),
            Verdict::Included { include: 1 }
        );
        assert_eq!(tree.verdict("home/link"), Verdict::Included { include: 0 });
        let tag = tree.verdict("home/cache/CACHEDIR.TAG");
        assert_eq!(tag, Verdict::Included { include: 0 });
    }

    #[test]
    fn the_deciding_rule_and_the_step_where_it_strikes_are_named() {
        let tree = tree();
        let explanation = tree.explain("home/docs/skip/x/y");
        assert_eq!(
            explanation.steps.last().unwrap().path,
            tree.base.join("home/docs/skip/x")
        );

        for (path, expected) in [
            ("home/docs/skip/x", "'skip'"),
            ("home/docs/b.o", "'*.o'"),
            ("home/cache/d", "CACHEDIR.TAG"),
            ("home/broken", "leads nowhere"),
            ("other", "no include"),
        ] {
            let Verdict::Excluded(reason) = tree.verdict(path) else {
                panic!("{path}");
            };
            assert!(reason.to_string().contains(expected), "{reason}");
        }
    }

    #[test]
    fn of_some_directories_only_the_directory_is_kept() {
        let tree = tree();
        let Verdict::DirectoryOnly(reason) = tree.verdict("home/docs/skip") else {
            panic!();
        };
        assert!(reason.to_string().contains("'skip'"));
        assert_eq!(
            tree.verdict(""),
            Verdict::DirectoryOnly(Reason::NotIncluded)
        );
        let cache = tree.verdict("home/cache");
        assert_eq!(cache, Verdict::DirectoryOnly(Reason::CacheDirectory));
    }

    #[test]
    fn a_path_that_is_gone_is_judged_by_its_name() {
        let tree = tree();
        for (path, is_included) in [
            ("home/gone/a.txt", true),
            ("home/gone/a.o", false),
            ("home/gone/skip/a.txt", false),
            ("home/git/gone/x.log", false),
            ("home/git/gone/x.txt", true),
            ("gone", false),
        ] {
            let explanation = tree.explain(path);
            assert!(!explanation.exists);
            let included = matches!(explanation.verdict, Verdict::Included { .. });
            assert_eq!(included, is_included, "{path}: {explanation:?}");
        }
    }

    #[test]
    fn behind_a_link_nothing_is_looked_for() {
        let tree = tree();
        let expected = Verdict::BehindLink {
            link: tree.base.join("home/link"),
            target: "docs".into(),
        };
        assert_eq!(tree.verdict("home/link/a.txt"), expected);
        assert!(!tree.explain("home/docs/a.txt/below").exists);
    }

    #[test]
    fn with_everything_included_the_root_is_too() {
        let mut tree = tree();
        tree.specification.includes = vec!["/".into()];
        let matcher = Matcher::new(&tree.specification, &[]).unwrap();
        let explanation = explain(&matcher, Path::new("/")).unwrap();
        assert_eq!(explanation.verdict, Verdict::Included { include: 0 });
        assert!(explanation.steps.is_empty());
        assert_eq!(tree.verdict("other"), Verdict::Included { include: 0 });
    }
}
